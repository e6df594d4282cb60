"""Translated pictures to look at: input, output, target, and where the output is wrong."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from pix2pix.core.hashes import uniform_hash
from pix2pix.evaluation.metrics import pixel_errors
from pix2pix.pictures.contact_sheet import contact_sheet
from pix2pix.pictures.images import RgbImage, read_image
from pix2pix.pictures.opencv import cv2
from pix2pix.pictures.pairs import read_pair

FULL_ERROR = 0.5  # drawn as the brightest colour
TITLES = ("input", "output", "target", f"error, 0 to {FULL_ERROR}")
RANDOM_SHOWN = 8
DPI = 100


def best_median_worst(per_image: pd.DataFrame, pairs: Path, results: Path) -> RgbImage:
    """Draw the pictures with the lowest, the middle and the highest L1.

    Args:
        per_image: with the columns ``path`` and ``l1``.
        pairs: the folder of the A|B pairs.
        results: the folder of the translated pictures.
    """
    ordered = per_image.sort_values("l1", kind="stable")
    return _sheet(ordered.iloc[[0, len(ordered) // 2, -1]], ("best: ", "median: ", "worst: "), pairs, results)


def random_examples(per_image: pd.DataFrame, pairs: Path, results: Path) -> RgbImage:
    """Draw eight of the pictures, the same ones for every model.

    Args:
        per_image: with the columns ``path`` and ``l1``.
        pairs: the folder of the A|B pairs.
        results: the folder of the translated pictures.
    """
    order = per_image["path"].map(uniform_hash).sort_values(kind="stable").index
    shown = per_image.loc[order[:RANDOM_SHOWN]]
    return _sheet(shown, ("",) * len(shown), pairs, results)


def error_picture(output: RgbImage, target: RgbImage) -> RgbImage:
    """Colour each pixel by its mean absolute error over the channels, from black over red to light yellow.

    Args:
        output: (H, W, 3) uint8.
        target: (H, W, 3) uint8.
    """
    scaled = np.rint((pixel_errors(output, target) / FULL_ERROR).clip(max=1) * 255).astype(np.uint8)
    return np.ascontiguousarray(cv2.applyColorMap(scaled, cv2.COLORMAP_INFERNO)[:, :, ::-1])


def error_map(error: npt.NDArray[np.float64]) -> bytes:
    """Draw, as a PNG file, how wrong the outputs are at each place of the picture, with its scale.

    Args:
        error: mean absolute error, (H, W) in [0, 1].
    """
    figure = Figure(figsize=(5.2, 4.2), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    drawn = axes.imshow(error, cmap="inferno", vmin=0, extent=(0, 100, 100, 0))
    axes.set(title="Where the outputs are wrong", xlabel="% of the width", ylabel="% of the height")
    figure.colorbar(drawn, label="mean absolute error of all test pictures, in [0, 1]")
    png = io.BytesIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def _sheet(rows: pd.DataFrame, captions: Sequence[str], pairs: Path, results: Path) -> RgbImage:
    """Draw a line of pictures per row of the table, under its caption, name and L1."""
    examples = []
    for caption, path, l1 in zip(captions, rows["path"], rows["l1"], strict=True):
        real_a, real_b = read_pair(pairs / path)
        output = read_image(results / path)
        name = Path(path).with_suffix("").as_posix()
        examples.append(
            (f"{caption}{name}, L1 {l1:.3f}", [real_a, output, real_b, error_picture(output, real_b)])
        )
    return contact_sheet(examples, TITLES)
