"""Folders of any kind through ``download`` and ``build_pairs``: nothing breaks, vanishes or changes.

The folders are drawn from seeds, so that one that fails can be made again.
"""

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from odd_folders import entries, make_folder

from pix2pix.core.errors import InputError
from pix2pix.download.raw import RawRow, download_folder, write_manifests
from pix2pix.items.manifest import KEPT, kept_rows, read_rows, write_manifest
from pix2pix.items.parallel import Workers
from pix2pix.pairs.building import PairRow, build_pairs
from pix2pix.pairs.making import make_pair
from pix2pix.pairs.sides import are_sides, list_sides
from pix2pix.pairs.sources import list_sources
from pix2pix.pictures.file_formats import register_heif
from pix2pix.pictures.images import read_image, to_square
from pix2pix.pictures.options import PairOptions

SEEDS = range(60)
LEAST_BUILT = 20  # of the folders; the others hold too little, which is told
LEAST_OF_SIDES = 3  # of these, with two sides that are no pairs
SHARES = {"max_images": 0, "val_fraction": 0.2, "test_fraction": 0.2, "seed": 0, "workers": Workers()}


def check_raw(source: Path, raw: Path, rows: Sequence[RawRow]) -> None:
    """Every file is listed once, and what is kept has the bytes, or the two halves, that it had."""
    write_manifests(raw, rows)
    listed = list(read_rows(raw / "manifest.csv"))
    joined = [
        row["reason"].removeprefix("joined with ") for row in listed if row["reason"].startswith("joined")
    ]
    counts = Counter([row["source"] for row in listed] + joined)
    assert set(counts) == entries(source) and set(counts.values()) == {1}
    assert all(row["reason"] for row in listed if row["status"] != KEPT)
    assert len({row["path"] for row in kept_rows(raw / "manifest.csv")}) == sum(
        row.status == KEPT for row in rows
    )
    for row in rows:
        if row.reason.startswith("joined with"):
            halves = [
                read_image(source / name) for name in (row.source, row.reason.removeprefix("joined with "))
            ]
            assert np.array_equal(read_image(raw / row.path), np.hstack(halves))
        elif row.status == KEPT:
            assert (raw / row.path).read_bytes() == (source / row.source).read_bytes()


def check_pairs(sources: Sequence[str], raw_paths: dict[str, Path], out: Path, options: PairOptions) -> None:
    """Every picture is listed once, and what is kept is the pair of that picture."""
    rows = list(read_rows(out / "manifest.csv"))
    assert sorted(row["source"] for row in rows) == sorted(sources)
    assert len({row["path"] for row in rows if row["path"]}) == sum(row["status"] == KEPT for row in rows)
    for row in rows:
        if row["status"] == KEPT:
            picture = read_image(raw_paths[row["source"]])
            alone = to_square(picture, options.image_size, options.resize)
            expected = alone if row["side"] else make_pair(picture, options)
            assert row["path"].isprintable() and np.array_equal(read_image(out / row["path"]), expected)
        else:
            assert row["reason"]


def test_odd_folders_end_in_pairs_or_in_plain_words(tmp_path: Path) -> None:
    register_heif()
    built, built_of_sides = 0, 0
    for seed in SEEDS:
        draw = random.Random(seed)
        folder = tmp_path / str(seed)
        folder.mkdir()
        make_folder(folder / "in", draw)
        layout = draw.choice(["auto", "auto", "photos", "pairs", "unpaired"])
        try:
            rows = download_folder(folder / "in", folder / "raw", layout, Workers())
        except InputError as error:
            assert "source: no" in str(error) or "layout: unpaired needs both" in str(error), seed
            continue
        check_raw(folder / "in", folder / "raw", rows)
        kept = list(kept_rows(folder / "raw/manifest.csv"))
        task = "none" if kept[0]["kind"] == "pairs" or kept[0]["side"] else "grayscale"
        options = PairOptions(pair_task=task, image_size=64)
        listed = list_sides if are_sides(kept) else list_sources
        sources = listed(folder / "raw", kept, folder, [], task)
        try:
            pair_rows, _ = build_pairs(sources, folder / "out", options, **SHARES)
        except InputError as error:
            assert "3 or more are needed" in str(error) or "no picture gave a pair" in str(error), seed
            continue
        write_manifest(folder / "out/manifest.csv", pair_rows, PairRow)
        paths = {row["source"]: folder / "raw" / row["path"] for row in kept}
        check_pairs([source.name for source in sources], paths, folder / "out", options)
        built += 1
        built_of_sides += are_sides(kept)
    assert built >= LEAST_BUILT and built_of_sides >= LEAST_OF_SIDES
