"""Comparisons made small for the tests: a dataset of few pictures, tiny networks and one epoch."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import PROJECT

from benchmarks.comparisons import ABLATION, COMPARISONS, FULL, SMALL, Comparison
from pix2pix.pictures.images import write_png

RECIPE = "best_labels"
TINY = {"image_size": 64, "ngf": 2, "ndf": 2}
SMALL_COMPARISON: dict[str, Any] = {
    "task": "label map to photo",
    "recipe": RECIPE,
    "direction": "BtoA",
    "folders": ("train", "test"),
    "epochs": 1,
}


def only_compare(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Let ``facades`` be the only comparison, by tiny networks."""
    for name in reversed(COMPARISONS.copy()):  # so that what is put back has its order
        monkeypatch.delitem(COMPARISONS, name)
        monkeypatch.delitem(ABLATION, name, raising=False)
    monkeypatch.setitem(COMPARISONS, "facades", Comparison(**(SMALL_COMPARISON | changes)))
    for sizes in (FULL, SMALL):
        for name, value in TINY.items():
            monkeypatch.setitem(sizes, name, value)


def write_recipe(folder: Path, **changes: str) -> None:
    """Write plain's recipe into a folder of recipes, and ours, which has ``changes`` of it."""
    folder.mkdir(exist_ok=True)
    plain = PROJECT / "recipes" / "isola_facades.yaml"
    shutil.copy(plain, folder)
    lines = plain.read_text().splitlines()
    for name, value in changes.items():
        (number,) = (i for i, line in enumerate(lines) if line.startswith(f"{name}:"))
        lines[number] = f"{name}: {value}"
    (folder / f"{RECIPE}.yaml").write_text("\n".join(lines))


def write_dataset(folder: Path, train: int = 4, test: int = 3) -> None:
    """Write A|B pictures: on the left blocks in orange, on the right in grey."""
    rng = np.random.default_rng(0)
    for split, count in (("train", train), ("test", test)):
        for number in range(count):
            grey = np.kron(rng.integers(0, 255, (4, 4, 1)), np.ones((16, 16, 1))).repeat(3, 2)
            pair = np.hstack([grey * np.array([1.0, 0.6, 0.1]), grey]).astype(np.uint8)
            write_png(folder / split / f"{number:02}.png", pair)
