import cv2
import numpy as np
import pytest
import skimage.metrics
import torch
from torch import Tensor

from pix2pix.metrics import histogram_distance, image_metrics, l1, psnr, ssim


@pytest.fixture
def pictures(photo: np.ndarray) -> tuple[Tensor, Tensor]:
    noise = np.random.default_rng(0).normal(0, 20, photo.shape)
    noisy = (photo + noise + 8).clip(0, 255).astype(np.uint8)
    return torch.from_numpy(noisy).permute(2, 0, 1), torch.from_numpy(photo).permute(2, 0, 1)


def arrays(pictures: tuple[Tensor, Tensor]) -> tuple[np.ndarray, np.ndarray]:
    return pictures[0].permute(1, 2, 0).numpy(), pictures[1].permute(1, 2, 0).numpy()


def flat(value: int) -> Tensor:
    return torch.full((3, 64, 64), value, dtype=torch.uint8)


def test_l1_is_in_the_unit_range() -> None:
    assert (
        l1(flat(0), flat(255)) == 1
        and l1(flat(10), flat(61)) == pytest.approx(0.2)
        and l1(flat(7), flat(7)) == 0
    )


def test_psnr_is_that_of_scikit_image(pictures: tuple[Tensor, Tensor]) -> None:
    output, target = arrays(pictures)
    assert psnr(*pictures) == pytest.approx(skimage.metrics.peak_signal_noise_ratio(target, output), rel=1e-9)
    assert psnr(flat(3), flat(3)) == 100


def test_ssim_is_that_of_scikit_image(pictures: tuple[Tensor, Tensor]) -> None:
    output, target = arrays(pictures)
    reference = skimage.metrics.structural_similarity(
        target / 255,
        output / 255,
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=1.0,
    )
    assert ssim(*pictures) == pytest.approx(reference, abs=0.005)
    assert ssim(flat(9), flat(9)) == pytest.approx(1, abs=1e-5)  # single precision


def test_histogram_distance_is_that_of_opencv(pictures: tuple[Tensor, Tensor]) -> None:
    output, target = (np.ascontiguousarray(array) for array in arrays(pictures))
    reference = [
        cv2.compareHist(
            cv2.calcHist([output], [channel], None, [64], [0, 256]),
            cv2.calcHist([target], [channel], None, [64], [0, 256]),
            cv2.HISTCMP_BHATTACHARYYA,
        )
        for channel in range(3)
    ]
    assert histogram_distance(*pictures) == pytest.approx(np.mean(reference), abs=1e-5)


def test_histogram_distance_is_0_for_equal_and_1_for_disjoint() -> None:
    assert histogram_distance(flat(5), flat(5)) == 0 and histogram_distance(flat(0), flat(255)) == 1


def test_histogram_distance_of_half_overlap_is_the_closed_form() -> None:
    half = flat(0)
    half[:, :32] = 255
    assert histogram_distance(half, flat(0)) == pytest.approx(np.sqrt(1 - np.sqrt(0.5)))


def test_all_metrics_of_a_picture(pictures: tuple[Tensor, Tensor]) -> None:
    assert list(image_metrics(*pictures)) == ["l1", "psnr", "ssim", "histogram_distance"]
