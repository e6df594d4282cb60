from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from pix2pix.evaluation.artefacts import ARTEFACTS, Traces, artefacts, border_and_inside, periodic_energy
from pix2pix.pictures.images import RgbImage, read_image, to_square

SIDE_PX = 128
AMPLITUDE = 4  # intensities
REAL_PICTURES = 20


@pytest.fixture
def crops(face_photo: RgbImage) -> list[RgbImage]:
    """A photo in 16 parts, (128, 128, 3)."""
    starts = range(0, len(face_photo), SIDE_PX)
    return [
        face_photo[top : top + SIDE_PX, left : left + SIDE_PX].copy() for top in starts for left in starts
    ]


def together(outputs: Sequence[RgbImage], targets: Sequence[RgbImage]) -> dict[str, float]:
    return artefacts(
        [
            Traces(periodic_energy(output), periodic_energy(target), border_and_inside(output, target))
            for output, target in zip(outputs, targets, strict=True)
        ]
    )


def checkerboard(outputs: Sequence[RgbImage], targets: Sequence[RgbImage]) -> float:
    return together(outputs, targets)["checkerboard"]


def saved(image: npt.NDArray[np.floating]) -> RgbImage:
    return np.rint(image).clip(0, 255).astype(np.uint8)


def board(period_px: int, side: int) -> npt.NDArray[np.float64]:
    """A checkerboard of -4 and 4, (side, side, 1)."""
    y, x = np.mgrid[:side, :side] // (period_px // 2) % 2
    return AMPLITUDE * np.where(x == y, 1.0, -1.0)[:, :, None]


def blurred(image: RgbImage, sigma_px: float = 1) -> RgbImage:
    return cv2.GaussianBlur(image, (0, 0), sigma_px)


def sharpened(image: RgbImage) -> RgbImage:
    return saved(1.8 * image - 0.8 * blurred(image))


def noisy(image: RgbImage) -> RgbImage:
    return saved(image + np.random.default_rng(0).normal(0, 10, image.shape))


def twice_as_large(image: RgbImage, kernel: Tensor) -> RgbImage:
    """Halve a picture and double it by a transposed convolution of stride 2."""
    side = len(image)
    half = torch.from_numpy(cv2.resize(image, (side // 2, side // 2), interpolation=cv2.INTER_AREA))
    channels = half.permute(2, 0, 1)[:, None].double()
    doubled = F.conv_transpose2d(channels, kernel[None, None].double(), stride=2)[:, 0]
    return saved(doubled[:, 1 : 1 + side, 1 : 1 + side].permute(1, 2, 0).numpy())


def test_energies_are_those_of_the_fourier_transform(photo: RgbImage) -> None:
    luma = photo @ np.array([0.299, 0.587, 0.114])
    window = np.outer(np.hanning(65)[:-1], np.hanning(65)[:-1])
    spectra = [
        np.abs(np.fft.fft2(window * luma[top : top + 64, left : left + 64])) ** 2 / (window**2).sum()
        for top in (0, 32)
        for left in (0, 32, 64)
    ]
    spectrum = np.mean(spectra, axis=0)
    for row, beside in enumerate((-2, 0, 2)):
        for column, period in enumerate((2, 4, 8)):
            k = 64 // period + beside
            expected = [spectrum[0, k], spectrum[k, 0], spectrum[k, k], spectrum[-k, k]]
            assert periodic_energy(photo)[row, column] == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_energy_of_noise_is_its_variance() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (1024, 1024, 1), dtype=np.uint8)
    energy = periodic_energy(np.repeat(grey, 3, axis=2))
    assert energy.mean() == pytest.approx((256**2 - 1) / 12, rel=0.02)


@pytest.mark.parametrize("level", [None, 0, 255])
def test_copies_of_the_targets_score_1(face_photo: RgbImage, level: int | None) -> None:
    picture = face_photo if level is None else np.full((64, 64, 3), level, np.uint8)
    assert together([picture] * 2, [picture] * 2) == dict.fromkeys(ARTEFACTS, 1)


@pytest.mark.parametrize("change", [blurred, sharpened, noisy])
def test_blur_detail_and_noise_are_no_checkerboard(
    crops: list[RgbImage], change: Callable[[RgbImage], RgbImage]
) -> None:
    assert 0.8 < checkerboard([change(crop) for crop in crops], crops) < 1.05


@pytest.mark.parametrize(("period_px", "least"), [(2, 3), (4, 2), (8, 1.4)])
def test_faint_pattern_is_found_in_sharp_and_in_blurred_outputs(
    crops: list[RgbImage], period_px: int, least: float
) -> None:
    pattern = board(period_px, SIDE_PX)
    assert checkerboard([saved(crop + pattern) for crop in crops], crops) > least
    assert checkerboard([saved(blurred(crop) + pattern) for crop in crops], crops) > least


def test_transposed_convolution_whose_kernel_overlaps_unevenly_is_found(crops: list[RgbImage]) -> None:
    """A kernel of 3 px at stride 2 adds up once, twice and four times; one of 4 px can be even."""
    even, nearly_even = (torch.tensor([0.25, 0.75, 0.75, last]) for last in (0.25, 0.27))
    for kernel, least, most in (
        (torch.full((3, 3), 4 / 9), 4, 6),
        (torch.outer(nearly_even, nearly_even), 2, 3),
        (torch.outer(even, even), 0.8, 1),
    ):
        assert least < checkerboard([twice_as_large(crop, kernel) for crop in crops], crops) < most


def test_border_error_is_that_of_the_outer_8_px_over_that_of_the_rest() -> None:
    target = np.full((64, 96, 3), 100, np.uint8)
    output = target.copy()
    output[8:-8, 8:-8] += 10
    output[:8] -= 51
    border_px, top_px = 64 * 96 - 48 * 80, 8 * 96
    border, inside = border_and_inside(output, target)
    assert (border, inside) == pytest.approx((top_px * 51 / border_px / 255, 10 / 255))
    assert together([output], [target])["border_error"] == pytest.approx(border / inside, rel=1e-4)
    output[:8, :8], output[8:-8, 8:-8] = 0, target[8:-8, 8:-8]
    assert together([output], [target])["border_error"] > 1000


def test_pictures_together_have_the_ratio_of_their_means(face_photo: RgbImage) -> None:
    target = to_square(face_photo, 64, "crop")
    outputs, targets = [blurred(target), noisy(target)], [target, target[::-1]]
    pairs = list(zip(outputs, targets, strict=True))
    errors = np.mean([border_and_inside(*pair) for pair in pairs], axis=0)
    means = Traces(
        np.mean([periodic_energy(output) for output in outputs], axis=0),
        np.mean([periodic_energy(target) for target in targets], axis=0),
        errors,
    )
    assert together(outputs, targets) == pytest.approx(artefacts([means]))
    assert together(outputs, targets)["border_error"] == pytest.approx(errors[0] / errors[1], rel=1e-4)


def test_pattern_is_told_from_blur_in_real_pictures(datasets: Path) -> None:
    """Photos of facades: full of lines, and decoded from JPEG, whose blocks are 8 px."""
    paths = sorted((datasets / "facades" / "test").iterdir())[:REAL_PICTURES]
    targets = [to_square(read_image(path)[:, :256], 256, "crop") for path in paths]

    for sigma_px in (1, 2):
        assert 0.8 < checkerboard([blurred(target, sigma_px) for target in targets], targets) < 1.05
    for period_px in (2, 4):
        patterned = [saved(target + board(period_px, 256)) for target in targets]
        assert checkerboard(patterned, targets) > 2
