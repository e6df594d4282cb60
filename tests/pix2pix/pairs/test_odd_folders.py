"""Folders of any kind through ``download`` and ``build_pairs``: nothing breaks, vanishes or changes.

The folders are drawn from seeds, so that one that fails can be made again.
"""

import os
import random
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

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
NAMES = [
    "a",
    "b c",
    "NA",
    "null",
    ".hidden",
    "x" * 200,
    "字" * 70,
    'quote"comma,',
    "line\nbreak",
    "\r\x1b[31m",
    r"back\x0aslash",
    "50%",
    "[1]*?",
    "-o",
    "~",
    "gpj.\u202e",
    os.fsdecode(b"caf\xe9"),
    unicodedata.normalize("NFC", "café"),
    unicodedata.normalize("NFD", "café"),
]
FOLDERS = ["train", "Test", "val", "A", "b", "trainA", "TestB", "rose", "tulip", *NAMES]
SIDES_AND_SPLITS = ["A/train", "A/test", "B/train", "B/test"]
PUBLISHED_SIDES = ["trainA", "trainB", "testA", "testB"]
TREES = [["train", "test"], ["A", "B"], SIDES_AND_SPLITS, PUBLISHED_SIDES, ["rose", "tulip"], [""]]
SUFFIXES = [".png", ".PNG", ".jpg", ".bmp", ".tif", ".webp", ".gif", ".avif", ".HEIC"]
SIZES = [(20, 20), (20, 20), (40, 20), (40, 20), (64, 24), (33, 20), (20, 48), (8, 30)]
OTHERS = ["notes.txt", "no suffix", "film.mp4x", ".DS_Store", "manifest.csv"]


def make_folder(root: Path, draw: random.Random) -> None:
    """Make a folder of pictures, mostly in a usual tree, with odd names, files and links among them."""
    root.mkdir()
    tree = draw.choice(TREES)
    sizes = draw.choice([SIZES, SIZES[:2], SIZES[2:4]])
    names = draw.sample(NAMES, draw.randint(1, 6))
    for name in names:
        size = draw.choice(sizes)
        for folder in tree:
            write_picture(root / folder / f"{name}{draw.choice(SUFFIXES)}", size, draw)
    for _ in range(draw.randint(0, 5)):
        folder = root.joinpath(*draw.choices(FOLDERS, k=draw.randint(0, 3)))
        write_picture(folder / f"{draw.choice(NAMES)}{draw.choice(SUFFIXES)}", draw.choice(SIZES), draw)
    for _ in range(draw.randint(0, 6)):
        add_odd(draw.choice(sorted(path for path in [root, *root.rglob("*")] if is_folder(path))), root, draw)


def is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def write_picture(path: Path, size: tuple[int, int], draw: random.Random) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(draw.randrange(40)).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels).save(path)


def add_odd(folder: Path, root: Path, draw: random.Random) -> None:
    """Put a broken picture, another file, a pipe or a link into a folder."""
    path = folder / f"{draw.choice(NAMES)}{draw.randrange(1000)}{draw.choice(SUFFIXES)}"
    kind = draw.choice(["broken", "empty", "other", "pipe", "dangling", "self", "up", "link", "twin"])
    files = sorted(file for file in root.rglob("*") if file.is_file() and not file.is_symlink())
    if kind == "broken":
        path.write_bytes(draw.choice(files).read_bytes()[:60])
    elif kind == "empty":
        path.touch()
    elif kind == "other":
        (folder / draw.choice(OTHERS)).touch()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind in ("dangling", "self"):
        path.symlink_to(path.name if kind == "self" else "nothing.png")
    elif kind == "up":
        path.symlink_to(draw.choice([root, folder, folder.parent if folder != root else root]))
    else:
        target = draw.choice(files)
        if len(target.suffix) < 5:
            path = path.with_suffix(target.suffix)
        path.symlink_to(target) if kind == "link" else path.write_bytes(target.read_bytes())


def entries(root: Path) -> set[str]:
    """Every file and every link below a folder."""
    found = set()
    for parent, folders, files in os.walk(root):
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        found |= {str((Path(parent) / name).relative_to(root)) for name in (*files, *links)}
    return found


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
