"""Translate pictures and videos with a trained model.

A picture, a folder (kept as a tree), a pattern, or a video; what is there already is skipped, and what cannot
be used is listed, while the rest goes on.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from pix2pix.commands import run_command
from pix2pix.device import Accelerator, TrainingPrecision
from pix2pix.errors import InputError, UnreadableError
from pix2pix.ffmpeg import require_ffmpeg
from pix2pix.film import translate_film
from pix2pix.fit import Fit
from pix2pix.manifest import KEPT, SKIPPED, write_manifest
from pix2pix.memory import keep_freed_memory
from pix2pix.photo_file import FORMATS
from pix2pix.translated_files import COLOURED, TranslatedRow, skipped, translate_files, translated
from pix2pix.translator import Translator, Way
from pix2pix.work_list import Item, list_work

MODEL = Path("models/generator.safetensors")
DONE = "done already"
LISTED = 20
SMOOTH_FRAMES = 5.0


def main() -> None:
    """Translate what the command line names, and say what became of it."""
    args = _arguments()
    if args.smooth and args.smooth < 1:
        raise InputError(f"--smooth: found {args.smooth:g}; a number of frames, 1 or more, is needed")
    work = list_work(args.inputs, args.output, f".{args.format}")
    keep_freed_memory()
    translator = Translator.load(args.model, args.accelerator, args.precision)
    way = Way(args.fit, args.prepare, args.keep_luminance)
    translator.check(way)
    rows = translate_all(translator, work.items, way, overwrite=args.overwrite, smooth_frames=args.smooth)
    if work.folder is not None:
        write_manifest(work.folder / "manifest.csv", rows, TranslatedRow)
    _report(rows)
    if not any(row.status == KEPT for row in rows):
        sys.exit("error: nothing could be translated")


def translate_all(
    translator: Translator,
    items: Sequence[Item],
    way: Way,
    *,
    overwrite: bool = False,
    smooth_frames: float = 0,
) -> list[TranslatedRow]:
    """Translate files, pictures first, and return a row for each, in their order.

    Args:
        translator: the model.
        items: the files, and the places of their results.
        way: how they are translated.
        overwrite: also where the result is there already.
        smooth_frames: of videos, as in ``pix2pix.film.translate_film``.

    Raises:
        InputError: the model cannot do what is asked for, or a result cannot be written.
    """
    rows: dict[Item, TranslatedRow] = {}
    pictures: list[Item] = []
    videos: list[Item] = []
    for item in items:
        if item.kind == "other":
            rows[item] = skipped(item, f"neither a picture nor a video: {item.source.suffix or 'no suffix'}")
        elif item.target.exists() and not overwrite:
            rows[item] = translated(item, DONE)
        else:
            (pictures if item.kind == "picture" else videos).append(item)
    rows.update(zip(pictures, translate_files(translator, pictures, way), strict=True))
    for item in videos:
        rows[item] = _film(translator, item, way, smooth_frames)
    return [rows[item] for item in items]


def _film(translator: Translator, item: Item, way: Way, smooth_frames: float) -> TranslatedRow:
    try:
        require_ffmpeg()
        film = translate_film(translator, item.source, item.target, way, smooth_frames)
    except (UnreadableError, InputError) as error:
        return skipped(item, str(error))
    and_smoothed = "" if film.difference_smoothed is None else f", {film.difference_smoothed} smoothed"
    print(
        f"{item.name}: {film.frames} frames; consecutive ones differ by {film.difference_input} of 255 in "
        f"the input and {film.difference_output} in the output{and_smoothed}"
    )
    return translated(
        item,
        f"{film.failed} damaged frames left out" if film.failed else "",
        frames=film.frames,
        difference_input=film.difference_input,
        difference_output=film.difference_output,
        difference_smoothed="" if film.difference_smoothed is None else film.difference_smoothed,
    )


def _report(rows: Sequence[TranslatedRow]) -> None:
    bad = [row for row in rows if row.status == SKIPPED]
    done = sum(row.reason == DONE for row in rows)
    counts = [f"{len(rows) - len(bad) - done} translated"]
    counts += [f"{done} done already (--overwrite does them again)"] if done else []
    counts += [f"{len(bad)} skipped:"] if bad else []
    print(f"translate: {', '.join(counts)}")
    for row in bad[:LISTED]:
        print(f"  {row.source}: {row.reason}")
    if len(bad) > LISTED:
        print(f"  and {len(bad) - LISTED} more, in manifest.csv")
    if coloured := sum(row.reason == COLOURED for row in rows):
        print(
            f"translate: {coloured} taken as they are, but they have colours, and the model was trained on "
            "grey pictures; --prepare makes such inputs"
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pix2pix.translate", description=__doc__)
    add = parser.add_argument
    add("inputs", nargs="+", metavar="INPUT", help="a picture, a video, a folder, or a pattern")
    add("-o", "--output", type=Path, required=True, help="a file for a single file, else a folder")
    add("--model", type=Path, default=MODEL, help="default: %(default)s")
    add(
        "--fit",
        choices=get_args(Fit),
        default="tile",
        help="of other sizes than the model's: tile (overlapping tiles, blended; the default), full (all at "
        "once), resize (down to the model's size and up again)",
    )
    add("--prepare", action="store_true", help="make the input (grey, edges, sketch) of a colour photo first")
    add(
        "--keep-luminance", action="store_true", help="colorizers: keep the brightness, take the colours only"
    )
    add("--overwrite", action="store_true", help="translate also what is there already")
    add(
        "--smooth",
        type=float,
        nargs="?",
        const=SMOOTH_FRAMES,
        default=0,
        metavar="FRAMES",
        help="videos: average what does not move over about so many frames (5, where no number is given)",
    )
    formats = [suffix.lstrip(".") for suffix in FORMATS]
    add("--format", choices=formats, default="png", help="of pictures in a folder (default: %(default)s)")
    add("--accelerator", choices=get_args(Accelerator), default="auto", help="default: a GPU if there is one")
    add(
        "--precision",
        choices=get_args(TrainingPrecision),
        help="auto is bf16 where the hardware has it, else fp32 (default: that of the training)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    run_command(main)
