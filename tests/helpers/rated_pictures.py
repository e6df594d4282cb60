"""Translated pictures to rate: their folders, a survey of them, and a rating server in its own process."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from conftest import PROJECT

from pix2pix.pages.rating.questions import Survey, make_survey
from pix2pix.pictures.images import write_png

SIDE = 32


class Folders(NamedTuple):
    results: Path
    pairs: Path
    model: Path
    ratings: Path

    def survey(self, protocol: Any = "scores", n: int | None = None, seed: int = 1) -> Survey:
        return make_survey(self.results, self.pairs, self.model, protocol, n, seed)

    def arguments(self) -> list[str]:
        return [f"--{name}={path}" for name, path in self._asdict().items()]


def picture_folders(folder: Path, count: int) -> Folders:
    """``count`` pictures: inputs grey, targets blue, outputs red, each of its own brightness."""
    folders = Folders(folder / "results", folder / "pairs", folder / "model.safetensors", folder / "ratings")
    for i in range(count):
        tone = 100 + i
        pair = np.full((SIDE, 2 * SIDE, 3), tone, np.uint8)
        pair[:, SIDE:] = (0, 0, tone)
        write_png(folders.pairs / f"class_{i % 2}" / f"{i}.png", pair)
        output = np.full((SIDE, SIDE, 3), (tone, 0, 0), np.uint8)
        write_png(folders.results / f"class_{i % 2}" / f"{i}.png", output)
    folders.model.write_bytes(b"weights")
    return folders


@contextmanager
def rating_server(folders: Folders, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process of a server and its address; it ends with the block."""
    command = [sys.executable, "-m", "pix2pix", "rate", "--no-browser", *folders.arguments(), *options]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = re.search(r"http://127\.0\.0\.1:\d+/", line)
        assert url, line
        yield process, url[0]
    finally:
        process.kill()
        process.wait()
