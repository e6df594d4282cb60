"""Folders of any kind, drawn from seeds, so that one that fails can be made again."""

import os
import random
import unicodedata
from pathlib import Path

import numpy as np
from PIL import Image

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
KINDS = ["broken", "empty", "other", "pipe", "dangling", "self", "up", "link", "twin"]
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
    kind = draw.choice(KINDS)
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
