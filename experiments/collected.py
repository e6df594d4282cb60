"""What is kept of an experiment of a study: figures, curves by epoch, and some pictures."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from io import StringIO
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pandas as pd
from dvc.api import DVCFileSystem
from dvc.exceptions import DvcException
from PIL import Image

from experiments.dvc_runs import Experiment
from experiments.studies import Run
from pix2pix.core.errors import InputError, first_line
from pix2pix.pages.study.results import PICTURES, Curve, Result
from pix2pix.pages.study.study_file import RESULTS
from pix2pix.pages.study.table import ANSWERS, FIGURES
from pix2pix.pictures.images import RgbImage, grayscale, to_rgb, write_jpeg

METRICS = Path("metrics")
CURVES = METRICS / "plots/train/plots/metrics"
OUTPUTS, PAIRS = "data/results", "data/pairs/test"
SHOWN = 8  # test pictures that are kept to look at, of the first seed
DIGITS = 6  # of a value that is kept


def collected(run: Run, experiment: Experiment, seconds: float | None = None) -> Result:
    """Gather what is kept of the experiment of a run.

    Args:
        run: the run.
        experiment: that has done it.
        seconds: that it took, where it is known.

    Raises:
        InputError: DVC's cache has lost its pictures.
    """
    data, train, test = (_metrics(experiment, name) for name in ("data", "train", "evaluate"))
    curves = {
        "val_l1": curve(experiment, "val/l1", train["epochs"]),
        "train_l1": curve(experiment, "train/l1", train["epochs"]),
    }
    gan = curve(experiment, "train/generator_gan", train["epochs"])
    facts = {
        "pairs": {split: data[split] for split in ("train", "val", "test")},
        "batch_size": run.settings["batch_size"],
        "image_size": run.settings["image_size"],
        "epochs": train["epochs"],
        "steps": train["steps"],
    } | ({"seconds": round(seconds)} if seconds else {})
    pictures = tested_pictures(experiment)
    figures = _figures(train, test, curves["val_l1"], gan) | {"sharpness": _sharpness(pictures)}
    kept = keep_pictures(pictures) if run.seed == 1 else {}
    return Result(run.way, run.seed, run.digest, experiment.name, facts, _rounded(figures), curves, kept)


def _metrics(experiment: Experiment, name: str) -> dict[str, Any]:
    return dict(json.loads(experiment.read(METRICS / f"{name}.json")))


def curve(experiment: Experiment, name: str, epochs: int) -> Curve:
    """A curve of an experiment as the means of its epochs; empty where it has none.

    An epoch without a point, of a training that logs seldom, has the value of the epoch before it.
    """
    try:
        text = experiment.read(CURVES / f"{name}.tsv")
    except FileNotFoundError:
        return []
    table = pd.read_csv(StringIO(text), sep="\t")
    steps, values = table["step"].to_numpy(), table.iloc[:, 1]
    if not len(steps):
        return []
    epoch = np.ceil(steps * epochs / steps[-1]).clip(1, epochs).astype(int)
    means = values.groupby(epoch).mean().reindex(range(1, epochs + 1)).ffill().bfill()
    return [float(f"{value:.4g}") for value in means]


def _figures(
    train: Mapping[str, Any], test: Mapping[str, Any], val_l1: Curve, gan_loss: Curve
) -> dict[str, float]:
    """The figures that a table may show, those of the trivial answers among them."""
    prefixes = ("", *(f"{prefix}_" for prefix in ANSWERS))
    names = [prefix + name for prefix in prefixes for name in FIGURES]
    figures = {name: test[name] for name in names if name in test}
    figures |= {"val_l1": train["val_l1"], "overfitting": train["val_l1"] - train["best_val_l1"]}
    figures |= {"train_l1": train["l1"]} if "l1" in train else {}
    figures |= {"mean_val_l1": mean(val_l1)} if val_l1 else {}
    if len(gan_loss) > 1:
        steps = [abs(after - before) for before, after in pairwise(gan_loss)]
        figures |= {"gan_loss": gan_loss[-1], "gan_roughness": mean(steps) / mean(gan_loss)}
    return figures


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, DIGITS) for name, value in figures.items()}


def tested_pictures(experiment: Experiment) -> list[tuple[RgbImage, RgbImage, RgbImage]]:
    """The input, the output and the target of every test pair of an experiment, in the order of their names.

    Raises:
        InputError: DVC's cache no longer has them.
    """
    try:
        files = DVCFileSystem(".", rev=experiment.commit)
        names = sorted(name for name in files.find(OUTPUTS) if name.endswith(".png"))
        return [_triptych(files, Path(name)) for name in names]
    except (FileNotFoundError, DvcException) as error:
        raise InputError(
            f"experiment {experiment.name}: its test pictures are not in DVC's cache: {first_line(error)}; "
            f"`dvc exp remove {experiment.name}` lets it be run again"
        ) from error


def _triptych(files: DVCFileSystem, name: Path) -> tuple[RgbImage, RgbImage, RgbImage]:
    own = name.relative_to(OUTPUTS)
    output, pair = (_read(files, path) for path in (name, PAIRS / own))
    middle = pair.shape[1] // 2
    return pair[:, :middle], output, pair[:, middle:]


def _read(files: DVCFileSystem, path: Path) -> RgbImage:
    with files.open(str(path), "rb") as file, Image.open(file) as image:
        return to_rgb(image)


def _sharpness(pictures: Sequence[tuple[RgbImage, RgbImage, RgbImage]]) -> float:
    """How much the brightness of neighbouring pixels differs in outputs, over the same of targets."""
    outputs, targets = (mean(map(_contrast, of)) for of in list(zip(*pictures, strict=True))[1:])
    return outputs / targets if targets else 1.0


def _contrast(image: RgbImage) -> float:
    """The mean absolute difference of the brightness of neighbouring pixels, in intensities of 0 to 255."""
    grey = grayscale(image).astype(np.float64).mean(axis=-1) if image.ndim == 3 else image
    return float(np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean()) / 2


def keep_pictures(pictures: Sequence[tuple[RgbImage, RgbImage, RgbImage]]) -> dict[str, str]:
    """Keep some pictures from all over the test pairs, in a file each of inputs, outputs and targets.

    Files are named by what is in them, so that runs share those of inputs and targets.
    """
    places = sorted({round(place) for place in np.linspace(0, len(pictures) - 1, SHOWN)})
    kinds = zip(("input", "output", "target"), zip(*(pictures[i] for i in places), strict=True), strict=True)
    folder = RESULTS / PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    kept = {}
    for kind, images in kinds:
        strip = np.concatenate(images, axis=1)
        kept[kind] = f"{hashlib.sha256(strip.tobytes()).hexdigest()[:16]}.jpg"
        write_jpeg(folder / kept[kind], strip)
    return kept
