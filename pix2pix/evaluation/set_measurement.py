"""The measurements of outputs that have no targets of their own: beside a set of real pictures."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from pix2pix.core.progress import with_progress
from pix2pix.evaluation.measurement import (
    AHEAD,
    ERROR_MAP_PX,
    ErrorMap,
    ImageRow,
    class_of,
    error_map_of,
)
from pix2pix.evaluation.metrics import (
    LEVELS,
    Histograms,
    colorfulness,
    histogram_distance,
    histogram_emd,
    histograms,
    l1,
)
from pix2pix.evaluation.options import CYCLE
from pix2pix.evaluation.summary import rounded, spread
from pix2pix.machine.prefetch import ahead
from pix2pix.pictures.images import read_image
from pix2pix.realism.options import BASELINE_INPUT

CHANGE = "change_l1"  # of an output from its input
SHOWN = ("kid_lite0", "histogram_distance", "histogram_emd", "colorfulness", CHANGE, CYCLE)
TITLES = {"": "model", f"{BASELINE_INPUT}_": "output = input", "target_": "real pictures"}


@dataclass(frozen=True)
class SetFolders:
    """Where the pictures of a direction are, each set below a folder of its name.

    Attributes:
        of: the name of the inputs' set, A or B.
        to: that of the set that outputs should belong to.
        pictures: holds the real pictures of both sets.
        results: holds the outputs, under their inputs' names.
        returned: holds those that went there and back, likewise; None: the model has no way back.
    """

    of: str
    to: str
    pictures: Path
    results: Path
    returned: Path | None

    def names(self, of: str) -> list[Path]:
        """The real pictures of a set, relative to ``pictures``, in order."""
        return [path.relative_to(self.pictures) for path in sorted((self.pictures / of).rglob("*.png"))]


@dataclass(frozen=True)
class MeasuredSet:
    """The measurements of a set of translated pictures.

    Attributes:
        folders: where the pictures are.
        per_image: a row per output: its path, its class, ``change_l1``, the mean absolute difference from its
            input, ``cycle_l1``, that of the input from its way there and back, where there is one, and the
            colourfulness of output and input (``baseline_input_colorfulness``).
        output_colors, input_colors, target_colors: pixels of each intensity, (3, 256) int64, of all outputs,
            inputs and real pictures of the other set.
        target_colorfulness: of each real picture of the other set.
        error: mean at each place, (64, 64) in [0, 1], of ``cycle_l1``, or without it of ``change_l1``.
    """

    folders: SetFolders
    per_image: pd.DataFrame
    output_colors: Histograms
    input_colors: Histograms
    target_colors: Histograms
    target_colorfulness: Sequence[float]
    error: ErrorMap

    @property
    def kind(self) -> str:
        """What ``error`` is the mean of."""
        return CYCLE if CYCLE in self.per_image else CHANGE


class _OfPicture(NamedTuple):
    row: ImageRow
    output_colors: Histograms
    input_colors: Histograms
    error: ErrorMap


def measure_set(folders: SetFolders) -> MeasuredSet:
    """Measure translated pictures, as they were saved, and the real pictures that they should be like."""
    names = folders.names(folders.of)
    rows: list[ImageRow] = []
    output_colors, input_colors = np.zeros((2, 3, LEVELS), np.int64)
    error = np.zeros((ERROR_MAP_PX, ERROR_MAP_PX))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        measured = ahead(lambda name: _measure_one(folders, name), names, pool, AHEAD)
        for one in with_progress(measured, len(names), "evaluate: measure", "picture"):
            rows.append(one.row)
            output_colors += one.output_colors
            input_colors += one.input_colors
            error += one.error / len(names)
    return MeasuredSet(
        folders, pd.DataFrame(rows), output_colors, input_colors, *_measure_real(folders), error
    )


def summarize_set(measured: MeasuredSet) -> dict[str, float]:
    """Average every measurement over the pictures, and compare the colours of the sets.

    Returns:
        flat figures: ``n_images`` and ``n_images_b``, how many outputs and real pictures there are; the mean
        of each column of the rows by its name; ``target_colorfulness``; ``histogram_distance`` and
        ``histogram_emd`` of all outputs' pixels together from all real pictures', and of the inputs' as
        ``baseline_input_*``; and of the rows' metrics of outputs the spread.
    """
    values = measured.per_image.drop(columns=["path", "class_name"])
    figures = values.mean().to_dict()
    figures["target_colorfulness"] = float(np.mean(measured.target_colorfulness))
    for prefix, colors in (("", measured.output_colors), (f"{BASELINE_INPUT}_", measured.input_colors)):
        figures[f"{prefix}histogram_distance"] = histogram_distance(colors, measured.target_colors)
        figures[f"{prefix}histogram_emd"] = histogram_emd(colors, measured.target_colors)
    counts = {"n_images": len(values), "n_images_b": len(measured.target_colorfulness)}
    return counts | rounded(figures | spread(values, [name for name in SHOWN if name in values]))


def classes_of_set(measured: MeasuredSet) -> pd.DataFrame:
    """Average every measurement over the pictures of each class.

    Returns:
        a row per class, with the columns ``class`` and ``n_images`` before those of the measurements.
    """
    groups = measured.per_image.drop(columns="path").groupby("class_name")
    table = groups.mean().round(6)
    table.insert(0, "n_images", groups.size())
    return table.rename_axis("class").reset_index()


def set_lines(figures: Mapping[str, float], folders: SetFolders) -> list[str]:
    """Lay out the figures of a direction beside those of its inputs, as lines to print."""
    head = f"{figures['n_images']:.0f} of {folders.of}, {figures['n_images_b']:.0f} of {folders.to}"
    lines = [f"{head:18}" + "".join(f"{title:>22}" for title in TITLES.values())]
    for metric in SHOWN:
        values = [figures.get(f"{prefix}{metric}") for prefix in TITLES]
        if values[0] is not None:
            cells = "".join(" " * 22 if value is None else f"{value:22.4f}" for value in values)
            lines.append(f"{metric:18}{cells}".rstrip())
    return lines


def _measure_one(folders: SetFolders, name: Path) -> _OfPicture:
    real, output = read_image(folders.pictures / name), read_image(folders.results / name)
    row: ImageRow = {
        "path": name.as_posix(),
        "class_name": class_of(name.relative_to(folders.of)),
        CHANGE: l1(output, real),
    }
    error = error_map_of(output, real)
    if folders.returned is not None:
        returned = read_image(folders.returned / name)
        row[CYCLE] = l1(returned, real)
        error = error_map_of(returned, real)
    row["colorfulness"] = colorfulness(output)
    row[f"{BASELINE_INPUT}_colorfulness"] = colorfulness(real)
    return _OfPicture(row, histograms(output), histograms(real), error)


def _measure_real(folders: SetFolders) -> tuple[Histograms, list[float]]:
    """Return the colours of all real pictures of the other set, and the colourfulness of each."""
    names = folders.names(folders.to)
    colors = np.zeros((3, LEVELS), np.int64)

    def measure_one(name: Path) -> tuple[Histograms, float]:
        image = read_image(folders.pictures / name)
        return histograms(image), colorfulness(image)

    colourful = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        measured = ahead(measure_one, names, pool, AHEAD)
        for of_picture, colourfulness in with_progress(measured, len(names), "evaluate: real", "picture"):
            colors += of_picture
            colourful.append(colourfulness)
    return colors, colourful
