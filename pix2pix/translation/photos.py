"""Picture files through a translator: read ahead, translated in batches, written behind."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pix2pix.core.errors import InputError, UnreadableError
from pix2pix.core.progress import Progress
from pix2pix.items.manifest import KEPT, SKIPPED, Row
from pix2pix.machine.prefetch import ahead
from pix2pix.pictures.images import RgbImage
from pix2pix.translation.photo_file import Photo, read_photo, write_photo
from pix2pix.translation.translator import TranslateOptions, Translator
from pix2pix.translation.work_list import WorkItem

THREADS = 2  # beside the network; each reads, or writes
READ_AHEAD = 8
WRITE_BEHIND = 8
MOST_TINT = 8.0  # mean difference of the channels, in 255ths, up to which a picture counts as grey
COLOURED = "taken as it is: it has colours, and the model was trained on grey pictures"


@dataclass(frozen=True, slots=True)
class TranslatedRow(Row):
    """A file that was translated, or why not.

    Attributes:
        frames: of a video.
        difference_input: mean absolute difference of a video's consecutive frames, in 255ths.
        difference_output: that of the translated frames, before they are smoothed.
        difference_smoothed: that of the smoothed frames, where they were smoothed.
    """

    frames: int | str = ""
    difference_input: float | str = ""
    difference_output: float | str = ""
    difference_smoothed: float | str = ""


def translate_files(
    translator: Translator, items: Sequence[WorkItem], options: TranslateOptions
) -> list[TranslatedRow]:
    """Translate picture files, and return a row for each, in their order; one that cannot be read is skipped.

    Raises:
        InputError: the model cannot do what is asked for, or a result cannot be written.
    """
    rows: dict[WorkItem, TranslatedRow] = {}
    waiting: deque[tuple[WorkItem, Photo]] = deque()
    progress = Progress(len(items), "translate", "picture")
    wants_grey = translator.is_colorizer and not options.prepare
    with ThreadPoolExecutor(THREADS) as pool:

        def tiles_left(count: int) -> None:
            progress.advance(0, f"tiles left of it: {count}" if count else "")

        def images() -> Iterator[RgbImage]:
            for item, photo in zip(items, ahead(_read, items, pool, READ_AHEAD), strict=True):
                if isinstance(photo, Photo):
                    waiting.append((item, photo))
                    yield photo.image
                else:
                    rows[item] = skipped(item, photo)
                    progress.advance()

        def results() -> Iterator[tuple[WorkItem, Photo]]:
            for output in translator.stream(images(), options, tiles_left):
                item, photo = waiting.popleft()
                rows[item] = translated(item, COLOURED if wants_grey and has_colours(photo.image) else "")
                alpha = photo.alpha if translator.keeps_alpha(options) else None
                yield item, replace(photo, image=output, alpha=alpha)
                progress.advance()

        for _ in ahead(_write, results(), pool, WRITE_BEHIND):
            pass
    progress.close()
    return [rows[item] for item in items]


def translated(item: WorkItem, reason: str = "", **figures: Any) -> TranslatedRow:
    """The row of a file whose result is there."""
    return TranslatedRow(item.path, item.name, KEPT, reason, **figures)


def skipped(item: WorkItem, reason: str) -> TranslatedRow:
    """The row of a file without result."""
    return TranslatedRow("", item.name, SKIPPED, reason)


def has_colours(image: RgbImage) -> bool:
    """Whether a picture is more than grey, or grey with a slight tint."""
    small = image[:: max(1, image.shape[0] // 64), :: max(1, image.shape[1] // 64)].astype(np.int16)
    return float((small.max(axis=2) - small.min(axis=2)).mean()) > MOST_TINT


def _read(item: WorkItem) -> Photo | str:
    """Read a picture, or return why it cannot be read."""
    try:
        return read_photo(item.source)
    except UnreadableError as error:
        return str(error)


def _write(result: tuple[WorkItem, Photo]) -> None:
    item, photo = result
    try:
        write_photo(item.target, photo)
    except OSError as error:
        raise InputError(f"{item.target} cannot be written: {error.strerror or error}") from error
