from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from pix2pix.device import open_fabric
from pix2pix.evaluation import best_median_worst, measure, read_result, summarize, translate_folder
from pix2pix.generators import GeneratorOptions, build_generator
from pix2pix.images import write_png
from pix2pix.metrics import image_metrics
from pix2pix.pair_data import PairFolder
from pix2pix.translation import translating

CPU = open_fabric("cpu")


@pytest.fixture
def pairs(tmp_path: Path) -> PairFolder:
    rng = np.random.default_rng(0)
    for i in range(4):
        write_png(
            tmp_path / "test" / f"class_{i % 2}" / f"{i}.png",
            rng.integers(0, 255, (64, 128, 3), dtype=np.uint8),
        )
    return PairFolder(tmp_path / "test")


def small(**options: Any) -> Any:
    torch.manual_seed(0)
    return build_generator(GeneratorOptions(64, ngf=4, **options))


@pytest.mark.parametrize("test_mode", ["eval", "train"])
def test_metrics_are_those_of_the_saved_pictures(pairs: PairFolder, tmp_path: Path, test_mode: Any) -> None:
    generator = small()
    translate_folder(generator, pairs, tmp_path / "out", CPU, test_mode)
    per_image = measure(pairs, tmp_path / "out")
    assert per_image["path"].tolist() == [f"class_{i % 2}/{i}.png" for i in (0, 2, 1, 3)]
    assert per_image["class_name"].tolist() == ["class_0", "class_0", "class_1", "class_1"]
    for row, index in zip(per_image.to_dict("records"), range(4), strict=True):
        a, b = pairs[index]
        with translating(generator, CPU, test_mode) as translate:
            output = translate(a[None])[0]
        assert torch.equal(read_result(tmp_path / "out" / row["path"]), output)
        assert row["l1"] == image_metrics(output, b)["l1"] and row["baseline_l1"] == image_metrics(a, b)["l1"]
    summary = summarize(per_image)
    assert summary["n_images"] == 4 and summary["psnr"] == pytest.approx(per_image["psnr"].mean(), abs=1e-6)
    assert {
        f"{prefix}{name}"
        for prefix in ("", "baseline_")
        for name in ("l1", "psnr", "ssim", "histogram_distance")
    } < set(summary)


@pytest.mark.parametrize("test_mode", ["eval", "train"])
def test_translated_pictures_repeat_to_the_byte(pairs: PairFolder, tmp_path: Path, test_mode: Any) -> None:
    generator = small(dropout=0.5)
    for name in ("first", "again"):
        translate_folder(generator, pairs, tmp_path / name, CPU, test_mode)
    for index in range(4):
        path = pairs.name(index)
        assert (tmp_path / "first" / path).read_bytes() == (tmp_path / "again" / path).read_bytes()


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
