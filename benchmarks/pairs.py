"""Pictures to A|B pairs of 256 px: ``build_pairs`` against a Pillow loop in one process.

Both read the pictures of FOLDER (photos, or A|B pairs), make the same pixels, and write them as PNG. Ours
also hashes the pictures for duplicates, and splits them. The start of processes is not counted.

``speedup_over_pillow_loop``: pictures per second, ours over the loop's. ``size_over_pillow``: bytes of the
PNG files, ours over the loop's.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageOps

from benchmarks.timing import as_text, data_folder, folder_of, print_result, report, seconds_of, speedup
from pix2pix.core.choices import PairTask
from pix2pix.download.raw import download_folder
from pix2pix.items.manifest import KEPT
from pix2pix.items.parallel import Workers
from pix2pix.pairs.building import PairRow, build_pairs
from pix2pix.pairs.sources import PairSource, list_sources
from pix2pix.pictures.options import PairOptions

SIZE_PX: Final = 256


def main() -> None:
    """Measure, and print the figures."""
    with tempfile.TemporaryDirectory() as scratch:
        raw = Path(scratch, "raw")
        outputs = Path(scratch, "outputs")
        rows = [row for row in download_folder(data_folder(), raw, "auto", Workers()) if row.status == KEPT]
        task: PairTask = "none" if rows[0].kind == "pairs" else "grayscale"
        sources = list_sources(raw, map(as_text, rows), Path(), [], task)
        pair_rows: list[PairRow] = []

        def build(out: Path) -> None:
            pair_rows[:] = _build(sources, out, task)

        def loop(out: Path) -> None:
            for index, source in enumerate(sources):
                _pillow_pair(Path(source.path), task).save(out / f"{index}.png")

        ways = {"build_pairs": build, "Pillow loop, 1 process": loop}
        seconds = seconds_of(ways, outputs)
        report(seconds, len(sources), "pictures")
        size = _compare(pair_rows, *(folder_of(outputs, name) for name in ways))
        print_result(speedup_over_pillow_loop=speedup(seconds, *ways), size_over_pillow=size)


def _build(sources: Sequence[PairSource], out: Path, task: PairTask) -> list[PairRow]:
    options = PairOptions(pair_task=task, image_size=SIZE_PX)
    rows, _ = build_pairs(
        sources,
        out,
        options,
        max_images=0,
        val_fraction=0.1,
        test_fraction=0.1,
        seed=0,
        workers=Workers(os.cpu_count() or 1, stay=True),
    )
    return rows


def _pillow_pair(path: Path, task: PairTask) -> Image.Image:
    with Image.open(path) as file:
        picture = ImageOps.exif_transpose(file).convert("RGB")
    if task == "none":
        half = picture.width // 2
        a, b = (_square(picture.crop((left, 0, left + half, picture.height))) for left in (0, half))
    else:
        b = _square(picture)
        a = b.convert("L").convert("RGB")
    pair = Image.new("RGB", (2 * SIZE_PX, SIZE_PX))
    pair.paste(a, (0, 0))
    pair.paste(b, (SIZE_PX, 0))
    return pair


def _square(picture: Image.Image) -> Image.Image:
    side = min(picture.size)
    left = (picture.width - side) / 2
    top = (picture.height - side) / 2
    box = (left, top, left + side, top + side)
    return picture.resize((SIZE_PX, SIZE_PX), Image.Resampling.BICUBIC, box=box)


def _compare(rows: Sequence[PairRow], ours: Path, plain: Path) -> float:
    """Check that the pixels are equal, and return the size of our files as a share of the loop's."""
    sizes = np.zeros(2)
    for index, row in enumerate(rows):
        if not row.path:
            continue
        files = ours / row.path, plain / f"{index}.png"
        left, right = (np.asarray(Image.open(file)) for file in files)
        if not np.array_equal(left, right):
            raise SystemExit(f"the pixels of {row.source} differ from the loop's")
        sizes += [file.stat().st_size for file in files]
    return round(float(sizes[0] / sizes[1]), 3)


if __name__ == "__main__":
    main()
