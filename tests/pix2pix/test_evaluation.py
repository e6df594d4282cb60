from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from pix2pix.evaluation import best_median_worst, measure, read_result, summarize, translate_folder
from pix2pix.images import write_png
from pix2pix.metrics import image_metrics
from pix2pix.networks import UnetGenerator
from pix2pix.pair_data import PairFolder
from pix2pix.translation import translate


@pytest.fixture
def pairs(tmp_path: Path) -> PairFolder:
    rng = np.random.default_rng(0)
    for i in range(4):
        write_png(
            tmp_path / "test" / f"class_{i % 2}" / f"{i}.png",
            rng.integers(0, 255, (64, 128, 3), dtype=np.uint8),
        )
    return PairFolder(tmp_path / "test")


def test_metrics_are_those_of_the_saved_pictures(pairs: PairFolder, tmp_path: Path) -> None:
    torch.manual_seed(0)
    generator = UnetGenerator(64, 4).eval()
    translate_folder(generator, pairs, tmp_path / "out", torch.device("cpu"))
    per_image = measure(pairs, tmp_path / "out")
    assert per_image["path"].tolist() == [f"class_{i % 2}/{i}.png" for i in (0, 2, 1, 3)]
    for row, index in zip(per_image.to_dict("records"), range(4), strict=True):
        a, b = pairs[index]
        output = translate(generator, a, torch.device("cpu"))
        assert torch.equal(read_result(tmp_path / "out" / row["path"]), output)
        assert row["l1"] == image_metrics(output, b)["l1"] and row["baseline_l1"] == image_metrics(a, b)["l1"]
    summary = summarize(per_image)
    assert summary["n_images"] == 4 and summary["psnr"] == pytest.approx(per_image["psnr"].mean(), abs=1e-6)
    assert {
        f"{prefix}{name}"
        for prefix in ("", "baseline_")
        for name in ("l1", "psnr", "ssim", "histogram_distance")
    } < set(summary)


def test_output_does_not_depend_on_chance(pairs: PairFolder) -> None:
    generator = UnetGenerator(64, 4, dropout=0.5).eval()
    first, again = (translate(generator, pairs[0][0], torch.device("cpu")) for _ in range(2))
    assert torch.equal(first, again)


def test_examples_show_best_median_and_worst(pairs: PairFolder, tmp_path: Path) -> None:
    for i in range(4):
        shade = np.full((64, 64, 3), 60 * i, dtype=np.uint8)
        write_png(tmp_path / "out" / pairs.name(i), shade)
    per_image = pd.DataFrame({"l1": [0.3, 0.1, 0.2, 0.4]})
    sheet = best_median_worst(per_image, pairs, tmp_path / "out")
    shades = [
        sheet[row, sheet.shape[1] // 2, 0]
        for row in np.arange(3) * (sheet.shape[0] // 3) + sheet.shape[0] // 4
    ]
    assert shades == [60, 0, 180]  # pictures 1, 0 and 3
