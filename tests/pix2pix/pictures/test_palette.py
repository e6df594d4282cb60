from collections.abc import Callable

import cv2
import numpy as np
import pytest

from pix2pix.pictures.images import RgbImage
from pix2pix.pictures.palette import MOST_CLASSES, find_palette

CITYSCAPES = (  # some are 20 apart
    (128, 64, 128), (244, 35, 232), (70, 70, 70), (102, 102, 156), (190, 153, 153), (153, 153, 153),
    (0, 0, 142), (0, 0, 70), (0, 0, 90), (0, 60, 100), (0, 80, 100),
)  # fmt: skip
rng = np.random.default_rng


def label_maps(colours: tuple[tuple[int, int, int], ...], count: int = 12, size: int = 128) -> list[RgbImage]:
    """Blocks of 16 px, each of one of the colours."""
    side = size // 16
    maps = []
    for seed in range(count):
        classes = rng(seed).integers(0, len(colours), (side, side))
        maps.append(np.kron(np.array(colours, np.uint8)[classes], np.ones((16, 16, 1), np.uint8)))
    return maps


def as_jpeg(quality: int) -> Callable[[RgbImage], RgbImage]:
    def change(picture: RgbImage) -> RgbImage:
        data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])

    return change


def scaled(picture: RgbImage) -> RgbImage:
    return np.asarray(cv2.resize(picture, (100, 100), interpolation=cv2.INTER_AREA))


def clouds(channels: int, seed: int) -> RgbImage:
    """Smooth areas of every brightness, as in a photo of the sky."""
    coarse = rng(seed).integers(0, 255, (6, 6, channels)).astype(np.uint8)
    picture = cv2.resize(coarse, (128, 128), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(np.broadcast_to(picture.reshape(128, 128, channels), (128, 128, 3)))


def near(found: tuple[int, int, int], colour: tuple[int, int, int]) -> bool:
    return max(abs(one - other) for one, other in zip(found, colour, strict=True)) <= 3


def test_colours_of_label_maps_are_found_exactly() -> None:
    palette, are_labels = find_palette(label_maps(CITYSCAPES))
    assert are_labels and set(palette) == set(CITYSCAPES)


def test_commonest_colour_comes_first() -> None:
    maps = [*label_maps(CITYSCAPES[:3]), np.full((128, 128, 3), CITYSCAPES[2], np.uint8)]
    assert find_palette(maps)[0][0] == CITYSCAPES[2]


@pytest.mark.parametrize(
    "change", [as_jpeg(95), as_jpeg(75), as_jpeg(50), scaled], ids=["95", "75", "50", "scaled"]
)
def test_what_edges_mix_is_no_class(change: Callable[[RgbImage], RgbImage]) -> None:
    colours = ((0, 0, 222), (255, 80, 0), (192, 255, 63), (174, 0, 1))
    palette, are_labels = find_palette(map(change, label_maps(colours)))
    assert are_labels and len(palette) == len(colours)
    assert all(any(near(found, colour) for found in palette) for colour in colours)


@pytest.mark.parametrize("channels", [1, 3], ids=["grey", "colour"])
def test_photos_are_no_label_maps(channels: int) -> None:
    assert not find_palette(clouds(channels, seed) for seed in range(12))[1]


def test_things_before_white_are_no_label_maps() -> None:
    pictures = []
    for seed in range(12):
        picture = np.full((128, 128, 3), 255, np.uint8)
        picture[32:96, 32:96] = clouds(3, seed)[:64, :64]
        pictures.append(picture)
    assert not find_palette(pictures)[1]


def test_two_colours_are_lines_on_paper() -> None:
    palette, are_labels = find_palette(label_maps(((0, 0, 0), (255, 255, 255))))
    assert len(palette) == 2 and not are_labels


def test_too_many_colours_are_no_label_maps() -> None:
    levels = (10, 60, 110, 160, 210)
    colours = tuple((red, green, blue) for red in levels for green in levels for blue in levels)
    palette, are_labels = find_palette(label_maps(colours, count=40))
    assert len(palette) == MOST_CLASSES and not are_labels


def test_pictures_without_areas_have_no_palette() -> None:
    noise = rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    assert find_palette([noise]) == ((), False)
    assert find_palette([]) == ((), False)
