from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pix2pix.core.choices import Fit
from pix2pix.pairs.making import edges
from pix2pix.pictures.images import RgbImage
from pix2pix.translation.tiling import fitted, tile_starts

SIZE, MULTIPLE = 32, 8


def noise(height: int, width: int) -> RgbImage:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)


def through(image: RgbImage, fit: Fit, network: Callable[[RgbImage], RgbImage]) -> RgbImage:
    item = fitted(image, fit, SIZE, MULTIPLE, lambda picture: picture)
    pieces = list(item.pieces())
    assert item.remaining == len(pieces)
    for piece in pieces:
        item.add(network(piece))
    assert item.remaining == 0
    return item.result()


@pytest.mark.parametrize("fit", ["tile", "full"])
@pytest.mark.parametrize("size", [(32, 32), (33, 32), (100, 75), (16, 200), (20, 20), (1, 1), (64, 31)])
def test_network_that_changes_nothing_gives_the_picture_back(fit: Fit, size: tuple[int, int]) -> None:
    image = noise(*size)
    assert np.array_equal(through(image, fit, lambda piece: piece), image)


@pytest.mark.parametrize("size", [(32, 32), (100, 75), (16, 200), (1, 1), (3000, 40)])
def test_resized_picture_comes_back_at_its_size(size: tuple[int, int]) -> None:
    image = np.full((*size, 3), 77, np.uint8)
    assert np.array_equal(through(image, "resize", lambda piece: piece), image)


@pytest.mark.parametrize("fit", ["tile", "full", "resize"])
def test_picture_of_the_models_size_goes_through_as_it_is(fit: Fit) -> None:
    image, seen = noise(SIZE, SIZE), []
    output = through(image, fit, lambda piece: (seen.append(piece), 255 - piece)[1])
    assert len(seen) == 1 and np.array_equal(seen[0], image) and np.array_equal(output, 255 - image)


def test_tiles_have_the_models_size_and_cover_all() -> None:
    shapes = {piece.shape for piece in fitted(noise(100, 75), "tile", SIZE, MULTIPLE, np.copy).pieces()}
    assert shapes == {(SIZE, SIZE, 3)}
    for length in range(SIZE, 200):
        starts = tile_starts(length, SIZE)
        steps = np.diff(starts)
        assert starts[0] == 0 and length <= starts[-1] + SIZE < length + SIZE * 3 // 4
        assert set(steps) <= {SIZE * 3 // 4}


def test_full_is_filled_up_by_reflection_to_the_multiple() -> None:
    image = noise(33, 20)
    (piece,) = fitted(image, "full", SIZE, MULTIPLE, np.copy).pieces()
    tensor = torch.from_numpy(image).permute(2, 0, 1).float()
    expected = F.pad(tensor, (0, 4, 0, 7), mode="reflect").permute(1, 2, 0).numpy()
    assert np.array_equal(piece, expected.astype(np.uint8))


def test_resized_keeps_proportions() -> None:
    image = np.zeros((40, 80, 3), np.uint8)
    image[:, 40:] = 255
    (piece,) = fitted(image, "resize", SIZE, MULTIPLE, np.copy).pieces()
    assert piece.shape == (SIZE, SIZE, 3)
    assert (piece[:, :12] == 0).all() and (piece[:, 20:] == 255).all()


def test_drawings_are_made_at_the_size_that_the_network_sees(photo: RgbImage) -> None:
    def draw(image: RgbImage) -> RgbImage:
        return edges(image, 1, 0.5, 1)

    (resized,) = fitted(photo, "resize", SIZE, MULTIPLE, draw).pieces()
    (full,) = fitted(photo, "full", SIZE, 1, draw).pieces()
    assert set(np.unique(resized)) == {0, 255} and np.array_equal(full, draw(photo))


def test_tiles_that_differ_in_brightness_leave_no_step() -> None:
    """Each tile comes back with another brightness: the worst that a norm per tile can do."""
    rng = np.random.default_rng(1)
    image = np.full((200, 200, 3), 128, np.uint8)
    output = through(
        image, "tile", lambda piece: piece + rng.integers(-40, 40, dtype=np.int16).astype(np.uint8)
    )
    steps = [np.abs(np.diff(output.astype(int), axis=axis)).max() for axis in (0, 1)]
    assert output.std() > 5
    # 80 of 255 over the 8 px of the blend, in a squared sine, whose slope is pi / 2 at most.
    assert max(steps) <= 80 / 8 * np.pi / 2 + 1
