"""How good a model is on the test split, against the trivial answer "output = input"."""

from pathlib import Path

import pandas as pd
import torch
from lightning_fabric import Fabric
from torch import Tensor

from pix2pix.generators import Generator
from pix2pix.images import RgbImage, read_image, write_png
from pix2pix.metrics import image_metrics
from pix2pix.pair_data import PairFolder, to_image
from pix2pix.pictures import TRIPTYCH, contact_sheet
from pix2pix.progress import with_progress
from pix2pix.translation import TestMode, translating


def translate_folder(
    generator: Generator, pairs: PairFolder, out: Path, fabric: Fabric, test_mode: TestMode
) -> None:
    """Translate the input of every pair and write it, under the pair's own name, below ``out``."""
    with translating(generator, fabric, test_mode) as translate:
        for index in with_progress(range(len(pairs)), len(pairs), "evaluate: translate", "picture"):
            write_png(out / pairs.name(index), to_image(translate(pairs[index][:1])[0]))


def measure(pairs: PairFolder, results: Path) -> pd.DataFrame:
    """Measure the translated pictures in ``results``, as saved, against their targets.

    Returns:
        a row per picture: its path and class, each metric, and each metric of the input as ``baseline_*``.
    """
    rows = []
    for index in with_progress(range(len(pairs)), len(pairs), "evaluate: measure", "picture"):
        a, b = pairs[index]
        name = pairs.name(index)
        baseline = {f"baseline_{metric}": value for metric, value in image_metrics(a, b).items()}
        metrics = image_metrics(read_result(results / name), b)
        rows.append({"path": name.as_posix(), "class_name": name.parts[0], **metrics, **baseline})
    return pd.DataFrame(rows)


def summarize(per_image: pd.DataFrame) -> dict[str, float]:
    """Average every metric over the pictures, and count these as ``n_images``."""
    means = per_image.drop(columns=["path", "class_name"]).mean()
    return {"n_images": len(per_image)} | {str(name): round(float(value), 6) for name, value in means.items()}


def best_median_worst(per_image: pd.DataFrame, pairs: PairFolder, results: Path) -> RgbImage:
    """Draw the examples with the lowest, the middle and the highest L1."""
    order = per_image["l1"].sort_values(kind="stable").index
    rows = []
    for title, index in (("best", order[0]), ("median", order[len(order) // 2]), ("worst", order[-1])):
        a, b = pairs[index]
        name = pairs.name(index)
        caption = f"{title}: l1 {per_image['l1'][index]:.3f}, {name.with_suffix('').as_posix()}"
        rows.append((caption, [to_image(a), read_image(results / name), to_image(b)]))
    return contact_sheet(rows, TRIPTYCH)


def read_result(path: Path) -> Tensor:
    """Read a translated picture as (3, H, W) uint8."""
    return torch.from_numpy(read_image(path).copy()).permute(2, 0, 1)
