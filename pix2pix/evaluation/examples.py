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
from pix2pix.evaluation.options import CYCLE
from pix2pix.evaluation.set_measurement import CHANGE, MeasuredSet
from pix2pix.pictures.contact_sheet import contact_sheet
from pix2pix.pictures.images import RgbImage, read_image
from pix2pix.pictures.opencv import cv2
from pix2pix.pictures.pairs import read_pair

FULL_ERROR = 0.5  # drawn as the brightest colour
MAP_TITLES = {
    "l1": ("Where the outputs are wrong", "mean absolute error of all test pictures, in [0, 1]"),
    CYCLE: (
        "Where pictures change there and back",
        "mean absolute difference, in [0, 1]",
    ),
    CHANGE: ("Where outputs differ from inputs", "mean absolute difference, in [0, 1]"),
}
SAID = {CYCLE: "there and back L1", CHANGE: "changed by"}  # in captions
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
    shown = _random(per_image)
    return _sheet(shown, ("",) * len(shown), pairs, results)


def random_of_set(measured: MeasuredSet) -> RgbImage:
    """Draw eight of the inputs, the same ones for every model, their outputs, and these on their way back."""
    folders = measured.folders
    places = [folders.pictures, folders.results, *([folders.returned] if folders.returned else [])]
    way = [folders.of, folders.to, folders.of]
    titles = [" to ".join(way[: count + 1]) for count in range(len(places))]
    shown = _random(measured.per_image)
    examples = [
        (
            f"{_name(path)}, {SAID[measured.kind]} {value:.3f}",
            [read_image(place / path) for place in places],
        )
        for path, value in zip(shown["path"], shown[measured.kind], strict=True)
    ]
    return contact_sheet(examples, titles)


def outputs_and_real(measured: MeasuredSet) -> RgbImage:
    """Draw eight of the outputs, the same ones for every model, each beside a real picture of their set."""
    folders = measured.folders
    outputs = _random(measured.per_image)["path"]
    real = sorted(folders.names(folders.to), key=lambda name: uniform_hash(name.as_posix()))
    examples = [
        (_name(output), [read_image(folders.results / output), read_image(folders.pictures / beside)])
        for output, beside in zip(outputs, real, strict=False)
    ]
    return contact_sheet(examples, (f"{folders.of} to {folders.to}", f"some real {folders.to}"))


def error_picture(output: RgbImage, target: RgbImage) -> RgbImage:
    """Colour each pixel by its mean absolute error over the channels, from black over red to light yellow.

    Args:
        output: (H, W, 3) uint8.
        target: (H, W, 3) uint8.
    """
    scaled = np.rint((pixel_errors(output, target) / FULL_ERROR).clip(max=1) * 255).astype(np.uint8)
    return np.ascontiguousarray(cv2.applyColorMap(scaled, cv2.COLORMAP_INFERNO)[:, :, ::-1])


def error_map(error: npt.NDArray[np.float64], title: str, label: str) -> bytes:
    """Draw, as a PNG file, how wrong the outputs are at each place of the picture, with its scale.

    Args:
        error: mean absolute error, (H, W) in [0, 1].
        title: what is drawn.
        label: of the scale.
    """
    figure = Figure(figsize=(5.2, 4.2), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    drawn = axes.imshow(error, cmap="inferno", vmin=0, extent=(0, 100, 100, 0))
    axes.set(title=title, xlabel="% of the width", ylabel="% of the height")
    figure.colorbar(drawn, label=label)
    png = io.BytesIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def _random(per_image: pd.DataFrame) -> pd.DataFrame:
    """Eight of the rows, chosen by their paths."""
    order = per_image["path"].map(uniform_hash).sort_values(kind="stable").index
    return per_image.loc[order[:RANDOM_SHOWN]]


def _name(path: str) -> str:
    """A picture's path as captions have it."""
    return Path(path).with_suffix("").as_posix()


def _sheet(rows: pd.DataFrame, captions: Sequence[str], pairs: Path, results: Path) -> RgbImage:
    """Draw a line of pictures per row of the table, under its caption, name and L1."""
    examples = []
    for caption, path, l1 in zip(captions, rows["path"], rows["l1"], strict=True):
        real_a, real_b = read_pair(pairs / path)
        output = read_image(results / path)
        examples.append(
            (f"{caption}{_name(path)}, L1 {l1:.3f}", [real_a, output, real_b, error_picture(output, real_b)])
        )
    return contact_sheet(examples, TITLES)
