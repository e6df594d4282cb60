import numpy as np

from pix2pix.images import edges, grayscale, sketch, to_square
from pix2pix.pairs import Recipe, make_pair

GREY = Recipe("grayscale", "AtoB", 64)


def test_grayscale_pair_has_the_luma_left_and_the_photo_right(photo: np.ndarray) -> None:
    pair = make_pair(photo, GREY)
    target = to_square(photo, 64, "crop")
    assert pair.shape == (64, 128, 3)
    assert np.array_equal(pair[:, 64:], target) and np.array_equal(pair[:, :64], grayscale(target))


def test_edges_pair_has_the_edges_left(photo: np.ndarray) -> None:
    pair = make_pair(photo, Recipe("edges", "AtoB", 64, edge_blur=0, edge_low=0.5, edge_high=1.0))
    assert np.array_equal(pair[:, :64], edges(to_square(photo, 64, "crop"), 0, 0.5, 1.0))


def test_sketch_pair_has_the_lines_left(photo: np.ndarray) -> None:
    pair = make_pair(photo, Recipe("sketch", "AtoB", 64, sketch_line_px=0.8, sketch_strength=30))
    assert np.array_equal(pair[:, :64], sketch(to_square(photo, 64, "crop"), 0.8, 30))


def test_resize_is_that_of_the_recipe(photo: np.ndarray) -> None:
    for resize in ("crop", "pad", "stretch"):
        pair = make_pair(photo, Recipe("grayscale", "AtoB", 64, resize))
        assert np.array_equal(pair[:, 64:], to_square(photo, 64, resize))


def test_direction_swaps_the_halves(photo: np.ndarray) -> None:
    source = np.hstack([photo[:, :96], 255 - photo[:, :96]])
    forward, back = (
        make_pair(source, Recipe("none", "AtoB", 64)),
        make_pair(source, Recipe("none", "BtoA", 64)),
    )
    assert np.array_equal(forward[:, :64], back[:, 64:]) and np.array_equal(forward[:, 64:], back[:, :64])
    assert np.array_equal(forward[:, :64], to_square(photo[:, :96], 64, "crop"))
