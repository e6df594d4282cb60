from itertools import pairwise

import numpy as np
import pytest

from pix2pix.pictures.images import RgbImage
from pix2pix.translation.smoothing import Smoothing, TemporalDifference


def frames(count: int, seed: int = 0) -> list[RgbImage]:
    """Grey with noise, as a network's flicker."""
    rng = np.random.default_rng(seed)
    return [(128 + rng.normal(0, 10, (40, 40, 3))).clip(0, 255).astype(np.uint8) for _ in range(count)]


def difference(images: list[RgbImage]) -> float:
    measure = TemporalDifference()
    for image in images:
        measure.add(image)
    return measure.value


def test_difference_is_the_mean_absolute_one_of_neighbours() -> None:
    images = frames(5)
    expected = np.mean([np.abs(a.astype(int) - b).mean() for a, b in pairwise(images)])
    assert difference(images) == pytest.approx(expected, abs=1e-3)
    assert difference(images[:1]) == difference([]) == 0


def test_flicker_of_a_still_shrinks_as_that_of_a_running_mean() -> None:
    still, outputs = np.zeros((40, 40, 3), np.uint8), frames(200)
    smoothing = Smoothing(5)
    smoothed = [smoothing.add(still, output) for output in outputs]
    mean = outputs[0].astype(float)
    for output, ours in zip(outputs[1:], smoothed[1:], strict=True):
        mean += (output - mean) / 3  # 2 / (5 + 1)
        assert np.abs(ours - mean).max() <= 0.51
    assert difference(smoothed) < difference(outputs) / 2


def test_what_moves_leaves_no_trail_and_the_rest_is_averaged() -> None:
    first, second = np.zeros((2, 40, 40, 3), np.uint8)
    second[:, 20:] = 200
    smoothing, (a, b) = Smoothing(5), frames(2)
    smoothing.add(first, a)
    result = smoothing.add(second, b)
    assert np.array_equal(result[:, 25:], b[:, 25:])
    assert not np.array_equal(result[:, :15], b[:, :15])


def test_one_frame_changes_nothing() -> None:
    smoothing, images = Smoothing(1), frames(4)
    assert all(np.array_equal(smoothing.add(images[0], image), image) for image in images)


def test_equal_frames_stay_equal() -> None:
    smoothing, (image, output) = Smoothing(5), frames(2)
    assert all(np.array_equal(smoothing.add(image, output), output) for _ in range(9))
