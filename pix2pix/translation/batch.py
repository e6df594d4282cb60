"""Translate pictures and videos with a trained model.

A picture, a folder (kept as a tree), a pattern, or a video; what is there already is skipped, and what cannot
be used is listed, while the rest goes on.
"""

from collections.abc import Sequence

from pix2pix.core.errors import InputError, NotWrittenError, UnreadableError
from pix2pix.core.file_names import printable
from pix2pix.items.manifest import SKIPPED
from pix2pix.pictures.file_formats import why_not_read
from pix2pix.translation.ffmpeg import require_ffmpeg
from pix2pix.translation.film import translate_film
from pix2pix.translation.photos import COLOURED, TranslatedRow, skipped, translate_files, translated
from pix2pix.translation.translator import TranslateOptions, Translator
from pix2pix.translation.work_list import WorkItem

DONE = "done already"
LISTED = 20
SMOOTH_FRAMES = 5.0


def translate_all(
    translator: Translator,
    items: Sequence[WorkItem],
    options: TranslateOptions,
    *,
    overwrite: bool = False,
    smooth_frames: float = 0,
) -> list[TranslatedRow]:
    """Translate files, pictures first, and return a row for each, in their order.

    Args:
        translator: the model.
        items: the files, and the places of their results.
        options: how they are translated.
        overwrite: also where the result is there already.
        smooth_frames: over about how many frames of videos outputs are averaged where nothing moves; 0: none.

    Raises:
        InputError: the model cannot do what is asked for, or a result cannot be written.
    """
    rows: dict[WorkItem, TranslatedRow] = {}
    pictures: list[WorkItem] = []
    videos: list[WorkItem] = []
    for item in items:
        if item.kind == "other":
            rows[item] = skipped(item, item.reason or why_not_read(item.source.suffix.lower()))
        elif item.target.exists() and not overwrite:
            rows[item] = translated(item, DONE)
        else:
            (pictures if item.kind == "picture" else videos).append(item)
    rows.update(zip(pictures, translate_files(translator, pictures, options), strict=True))
    for item in videos:
        rows[item] = _film(translator, item, options, smooth_frames)
    return [rows[item] for item in items]


def _film(
    translator: Translator, item: WorkItem, options: TranslateOptions, smooth_frames: float
) -> TranslatedRow:
    try:
        require_ffmpeg()
        film = translate_film(translator, item.source, item.target, options, smooth_frames)
    except NotWrittenError:
        raise
    except (UnreadableError, InputError) as error:
        return skipped(item, str(error))
    notes = [f"{film.failed} damaged frames left out"] if film.failed else []
    notes += [film.note] if film.note else []
    and_smoothed = "" if film.difference_smoothed is None else f", {film.difference_smoothed} smoothed"
    print(
        f"{printable(item.name)}: {film.frames} frames; consecutive ones differ by {film.difference_input} "
        f"of 255 in the input and {film.difference_output} in the output{and_smoothed}"
    )
    for note in notes:
        print(printable(f"{item.name}: {note}"))
    return translated(
        item,
        "; ".join(notes),
        frames=film.frames,
        difference_input=film.difference_input,
        difference_output=film.difference_output,
        difference_smoothed="" if film.difference_smoothed is None else film.difference_smoothed,
    )


def report(rows: Sequence[TranslatedRow]) -> None:
    """Print how many files were translated, and what is to be known of the others."""
    bad = [row for row in rows if row.status == SKIPPED]
    done = sum(row.reason == DONE for row in rows)
    counts = [f"{len(rows) - len(bad) - done} translated"]
    counts += [f"{done} done already (--overwrite does them again)"] if done else []
    counts += [f"{len(bad)} skipped:"] if bad else []
    print(f"translate: {', '.join(counts)}")
    for row in bad[:LISTED]:
        print(printable(f"  {row.source}: {row.reason}"))
    if len(bad) > LISTED:
        print(f"  and {len(bad) - LISTED} more, in manifest.csv")
    if coloured := sum(row.reason == COLOURED for row in rows):
        print(
            f"translate: {coloured} taken as they are, but they have colours, and the model was trained on "
            "grey pictures; --prepare makes such inputs"
        )
