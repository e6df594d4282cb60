import doctest

import cv2
import numpy as np
import pytest
from PIL import Image

import pix2pix.pairs.making
from pix2pix.core.errors import UnreadableError
from pix2pix.pairs.making import edges, make_pair, sketch
from pix2pix.pictures.images import grayscale, to_square
from pix2pix.pictures.options import PairOptions

GREY = PairOptions(pair_task="grayscale", image_size=64)


def test_grayscale_pair_has_the_luma_left_and_the_photo_right(photo: np.ndarray) -> None:
    pair = make_pair(photo, GREY)
    target = to_square(photo, 64, "crop")
    assert pair.shape == (64, 128, 3)
    assert np.array_equal(pair[:, 64:], target) and np.array_equal(pair[:, :64], grayscale(target))


def test_edges_pair_has_the_edges_left(photo: np.ndarray) -> None:
    options = PairOptions(pair_task="edges", image_size=64, edge_blur=0, edge_low=0.5, edge_high=1.0)
    pair = make_pair(photo, options)
    assert np.array_equal(pair[:, :64], edges(to_square(photo, 64, "crop"), 0, 0.5, 1.0))


def test_sketch_pair_has_the_lines_left(photo: np.ndarray) -> None:
    options = PairOptions(pair_task="sketch", image_size=64, sketch_line_px=0.8, sketch_strength=30)
    pair = make_pair(photo, options)
    assert np.array_equal(pair[:, :64], sketch(to_square(photo, 64, "crop"), 0.8, 30))


def test_example_of_the_docstring_runs() -> None:
    result = doctest.testmod(pix2pix.pairs.making)
    assert result.attempted > 0 and result.failed == 0


def test_resize_is_that_of_the_options(photo: np.ndarray) -> None:
    for resize in ("crop", "pad", "stretch"):
        pair = make_pair(photo, PairOptions(pair_task="grayscale", image_size=64, resize=resize))
        assert np.array_equal(pair[:, 64:], to_square(photo, 64, resize))


def test_direction_swaps_the_halves(photo: np.ndarray) -> None:
    source = np.hstack([photo[:, :96], 255 - photo[:, :96]])
    forward = make_pair(source, PairOptions(pair_task="none", image_size=64))
    back = make_pair(source, PairOptions(pair_task="none", direction="BtoA", image_size=64))
    assert np.array_equal(forward[:, :64], back[:, 64:]) and np.array_equal(forward[:, 64:], back[:, :64])
    assert np.array_equal(forward[:, :64], to_square(photo[:, :96], 64, "crop"))


@pytest.mark.parametrize(("height", "width"), [(96, 256), (128, 96), (64, 128)])
@pytest.mark.parametrize("resize", ["crop", "pad", "stretch"])
def test_pair_of_any_height_is_cut_in_the_middle(height: int, width: int, resize: str) -> None:
    a, b = (
        np.random.default_rng(seed).integers(0, 256, (height, width // 2, 3), np.uint8) for seed in (0, 1)
    )
    pair = make_pair(np.hstack([a, b]), PairOptions(pair_task="none", image_size=64, resize=resize))
    assert np.array_equal(pair, np.hstack([to_square(half, 64, resize) for half in (a, b)]))


@pytest.mark.parametrize(
    ("width", "reason"),
    [(97, "no A|B pair, its width is odd: 97x64"), (30, "each half is smaller than 16 px: 15x64")],
)
def test_picture_without_a_middle_is_no_pair(width: int, reason: str) -> None:
    with pytest.raises(UnreadableError) as error:
        make_pair(np.zeros((64, width, 3), np.uint8), PairOptions(pair_task="none", image_size=64))
    assert str(error.value) == reason


def test_edges_are_black_lines_on_white_where_the_picture_steps() -> None:
    step = np.zeros((64, 64, 3), dtype=np.uint8)
    step[:, 32:] = 200
    lines = edges(step, blur_px=0, low=0.5, high=1.0)
    assert set(np.unique(lines)) == {0, 255}
    assert (lines[:, [31, 32]] == 0).any(axis=(1, 2)).all()
    assert (lines[:, :28] == 255).all() and (lines[:, 36:] == 255).all()


def test_sketch_leaves_flat_regions_white_and_darkens_the_dark_side_of_a_step() -> None:
    step = np.full((64, 64, 3), 60, dtype=np.uint8)
    step[:, 32:] = 200
    lines = sketch(step, line_px=1.0, strength=40)
    assert (lines[:, :24] == 255).all() and (lines[:, 33:] == 255).all()
    assert (lines[:, 30:32].min(axis=1) < 100).all()


def test_stronger_sketch_is_darker(photo: np.ndarray) -> None:
    assert sketch(photo, 1.0, 80).mean() < sketch(photo, 1.0, 20).mean() < 255


def test_edges_are_those_of_opencv_at_otsus_threshold(photo: np.ndarray) -> None:
    luma = np.asarray(Image.fromarray(photo).convert("L"))
    otsu, _ = cv2.threshold(luma, 0, 255, cv2.THRESH_OTSU)
    expected = cv2.Canny(luma, 0.5 * otsu, otsu, L2gradient=True)
    assert np.array_equal(edges(photo, 0, 0.5, 1.0)[:, :, 0], 255 - expected)
