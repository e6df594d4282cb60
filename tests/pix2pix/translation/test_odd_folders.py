"""Folders of any kind through ``pix2pix translate``: nothing breaks, vanishes or changes."""

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from odd_folders import NAMES, entries, make_folder
from small_model import write_model

from pix2pix.__main__ import main
from pix2pix.items.manifest import KEPT, SKIPPED, read_rows
from pix2pix.items.walk import is_hidden
from pix2pix.pictures.file_formats import register_heif
from pix2pix.pictures.images import RgbImage, read_image
from pix2pix.translation.translator import Translator
from pix2pix.videos.video_files import write_video

SEEDS = range(25)
LEAST_TRANSLATED = 15  # of the folders
FORMATS = ["png", "png", "webp", "tiff"]  # of these all but webp keep the pixels


def add_videos(root: Path, photo: RgbImage, draw: random.Random) -> None:
    """Put a film, or what is none under a film's name, beside the pictures."""
    folder = draw.choice(
        [root, *(path for path in sorted(root.iterdir()) if path.is_dir() and not path.is_symlink())]
    )
    name = f"{draw.choice(NAMES)[:60]}{draw.choice(['.avi', '.mp4'])}"
    if draw.random() < 0.5 or not name.isprintable():
        (folder / name).write_bytes(b"no film")
    else:
        codec = "MJPG" if name.endswith(".avi") else "mp4v"
        write_video(root.parent / f"film{name[-4:]}", [photo, photo[::-1]], fps=2, codec=codec)
        (root.parent / f"film{name[-4:]}").rename(folder / name)


def check_results(source: Path, out: Path, translator: Translator, keeps_pixels: bool) -> None:
    """Every file that is not hidden is listed once, and what is kept is the translation of that picture."""
    rows = list(read_rows(out / "manifest.csv"))
    expected = {name for name in entries(source) if not is_hidden(Path(name))}
    counts = Counter(row["source"] for row in rows)
    assert set(counts) == expected and set(counts.values()) == {1}
    assert {row["status"] for row in rows} <= {KEPT, SKIPPED}
    kept = [row for row in rows if row["status"] == KEPT]
    assert len({row["path"] for row in kept}) == len(kept)
    assert all(row["reason"] for row in rows if row["status"] == SKIPPED)
    for row in kept:
        assert (out / row["path"]).is_file()
        if keeps_pixels and not row["frames"]:
            translated = translator.translate(read_image(source / row["source"]))
            assert np.array_equal(read_image(out / row["path"]), translated), row["source"]
    assert entries(out) == {row["path"] for row in kept} | {"manifest.csv"}


def test_odd_folders_are_translated_or_end_in_plain_words(
    tmp_path: Path, photo: RgbImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_heif()
    model = write_model(tmp_path / "model.safetensors")
    translator = Translator.load(model, "cpu")
    translated = 0
    for seed in SEEDS:
        draw = random.Random(seed)
        folder, out = tmp_path / str(seed) / "in", tmp_path / str(seed) / "out"
        folder.parent.mkdir()
        make_folder(folder, draw)
        if seed % 5 == 0:
            add_videos(folder, photo, draw)
        kind = draw.choice(FORMATS)
        words = ["translate", folder, "-o", out, "--model", model, "--accelerator", "cpu", "--format", kind]
        monkeypatch.setattr("sys.argv", ["pix2pix", *map(str, words)])
        try:
            main()
            translated += 1
        except SystemExit as ended:
            assert str(ended.code).startswith("error: nothing could be translated"), seed
        check_results(folder, out, translator, keeps_pixels=kind != "webp")
    assert translated >= LEAST_TRANSLATED
