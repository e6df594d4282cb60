from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.metrics
from scipy.stats import wasserstein_distance

from pix2pix.evaluation.metrics import (
    METRICS,
    colorfulness,
    histogram_distance,
    histogram_emd,
    histograms,
    image_metrics,
    l1,
    l2,
    psnr,
)
from pix2pix.pictures.images import RgbImage, grayscale, read_image, to_square

PICTURES_COMPARED = 50


def flat(value: int) -> RgbImage:
    return np.full((64, 64, 3), value, dtype=np.uint8)


def noisy(image: RgbImage, seed: int = 0) -> RgbImage:
    noise = np.random.default_rng(seed).normal(8, 20, image.shape)
    return (image + noise).clip(0, 255).astype(np.uint8)


def reference_ssim(output: RgbImage, target: RgbImage) -> float:
    return float(
        skimage.metrics.structural_similarity(
            target / 255,
            output / 255,
            channel_axis=2,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=1.0,
        )
    )


def reference_histogram_distance(output: RgbImage, target: RgbImage) -> float:
    counts = [
        [cv2.calcHist([image], [channel], None, [64], [0, 256]) for image in (output, target)]
        for channel in range(3)
    ]
    return float(np.mean([cv2.compareHist(o, t, cv2.HISTCMP_BHATTACHARYYA) for o, t in counts]))


def of_histograms(measure: Callable[..., float], output: RgbImage, target: RgbImage) -> float:
    return measure(histograms(output), histograms(target))


def test_l1_and_l2_are_in_the_unit_range(photo: RgbImage) -> None:
    assert l1(flat(0), flat(255)) == l2(flat(0), flat(255)) == 1
    assert l1(flat(10), flat(61)) == pytest.approx(0.2) and l2(flat(10), flat(61)) == pytest.approx(0.04)
    difference = noisy(photo).astype(float) / 255 - photo / 255
    assert l1(noisy(photo), photo) == pytest.approx(np.abs(difference).mean(), rel=1e-12)
    assert l2(noisy(photo), photo) == pytest.approx((difference**2).mean(), rel=1e-12)


def test_psnr_and_ssim_are_those_of_scikit_image(photo: RgbImage) -> None:
    output = noisy(photo)
    metrics = image_metrics(output, photo)
    expected = skimage.metrics.peak_signal_noise_ratio(photo, output)
    assert metrics["psnr"] == pytest.approx(expected, rel=1e-9)
    assert metrics["ssim"] == pytest.approx(reference_ssim(output, photo), abs=1e-6)
    assert psnr(0) == psnr(1e-12) == 100


def test_histogram_distance_is_that_of_opencv(photo: RgbImage) -> None:
    output = noisy(photo)
    expected = reference_histogram_distance(output, photo)
    assert of_histograms(histogram_distance, output, photo) == pytest.approx(expected, abs=1e-5)


def test_histogram_distance_is_0_for_equal_1_for_disjoint_and_between_the_closed_form() -> None:
    half = flat(0)
    half[:32] = 255
    assert of_histograms(histogram_distance, flat(5), flat(5)) == 0
    assert of_histograms(histogram_distance, flat(0), flat(255)) == 1
    expected = np.sqrt(1 - np.sqrt(0.5))
    assert of_histograms(histogram_distance, half, flat(0)) == pytest.approx(expected)


def test_earth_movers_distance_is_that_of_scipy_in_intensities(photo: RgbImage) -> None:
    output = noisy(photo)
    expected = [wasserstein_distance(output[..., i].ravel(), photo[..., i].ravel()) for i in range(3)]
    assert of_histograms(histogram_emd, output, photo) == pytest.approx(np.mean(expected), rel=1e-9)
    assert of_histograms(histogram_emd, flat(10), flat(61)) == pytest.approx(51)


def test_colorfulness_is_the_closed_form() -> None:
    assert colorfulness(flat(90)) == 0
    red_and_blue = flat(0)
    red_and_blue[:32, :, 0], red_and_blue[32:, :, 2] = 255, 255
    # red - green: 255 and 0; (red + green) / 2 - blue: 127.5 and -255
    spread, mean = np.hypot(127.5, 191.25), np.hypot(127.5, -63.75)
    assert colorfulness(red_and_blue) == pytest.approx(spread + 0.3 * mean)


def test_copy_of_the_target_scores_0_and_100_db_and_1(photo: RgbImage) -> None:
    metrics = image_metrics(photo, photo)
    assert tuple(metrics) == METRICS
    assert metrics.pop("colorfulness") == colorfulness(photo)
    expected = {"l1": 0, "l2": 0, "psnr": 100, "ssim": 1, "histogram_distance": 0, "histogram_emd": 0}
    assert metrics == expected


def test_real_pictures_measure_as_by_scikit_image_and_opencv(datasets: Path) -> None:
    paths = sorted((datasets / "facades").rglob("*.jpg")) or sorted((datasets / "facades").rglob("*.png"))
    assert len(paths) >= PICTURES_COMPARED
    for seed, path in enumerate(paths[:PICTURES_COMPARED]):
        target = to_square(read_image(path), 256, "crop")
        for output in (noisy(target, seed), grayscale(target)):
            metrics = image_metrics(output, target)
            assert metrics["ssim"] == pytest.approx(reference_ssim(output, target), abs=1e-5)
            expected = skimage.metrics.peak_signal_noise_ratio(target, output)
            assert metrics["psnr"] == pytest.approx(expected, abs=1e-6)
            expected = reference_histogram_distance(output, target)
            assert metrics["histogram_distance"] == pytest.approx(expected, abs=1e-5)
