"""The colours of label maps: pictures in which each colour stands for a class."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from pix2pix.pictures.images import RgbImage
from pix2pix.pictures.opencv import cv2

Palette = tuple[tuple[int, int, int], ...]

MOST_CLASSES = 64
LEAST_SHARE = 5e-4  # of the pixels within areas: what is rarer is noise
APART = 16  # colours of classes differ by more than this in a channel, of 255
NEAR = 5  # pixels of a class differ by at most this from its colour, in each channel
FLAT = 8  # and as much from their neighbours
BIN = 8
MOST_PIXELS = 2000  # of a picture
# Of the pixels within areas, without those of the commonest colour, which may be a white background: so many
# are of the palette. Label maps have 0.99 or more, those kept as JPEG of quality 50 still 0.79; photos, grey
# pictures, and products before white have 0.55 or less.
LEAST_OF_THE_REST = 0.7

Pixels = npt.NDArray[np.int64]  # (pixels, 3)
Colour = npt.NDArray[np.float64]  # (3,)


def find_palette(pictures: Iterable[RgbImage]) -> tuple[Palette, bool]:
    """Find the colours of the areas in pictures, and tell whether the pictures are label maps.

    Only pixels like all their neighbours count, because edges that were scaled or kept as JPEG have colours
    of no class.

    Args:
        pictures: all of one kind, each (H, W, 3) uint8.

    Returns:
        at most ``MOST_CLASSES`` colours, the commonest first, and whether there are 3 or more and nearly all
        areas have one of them.
    """
    pixels = np.concatenate([np.zeros((0, 3), np.int64), *map(_within_areas, pictures)])
    colours = _peaks(pixels)
    if not colours:
        return (), False
    rest = pixels[_distance(pixels, colours[0]) > APART]
    are_near = np.logical_or.reduce([_distance(rest, colour) <= NEAR for colour in colours])
    share = are_near.mean() if len(rest) else 0.0
    are_labels = 3 <= len(colours) <= MOST_CLASSES and share >= LEAST_OF_THE_REST
    palette = tuple((int(red), int(green), int(blue)) for red, green, blue in colours[:MOST_CLASSES])
    return palette, bool(are_labels)


def _within_areas(picture: RgbImage) -> Pixels:
    square = np.ones((3, 3), np.uint8)
    spread = cv2.subtract(cv2.dilate(picture, square), cv2.erode(picture, square))
    pixels: Pixels = picture[spread.max(axis=2) <= FLAT].astype(np.int64)
    return pixels[:: math.ceil(len(pixels) / MOST_PIXELS) or 1]


def _peaks(pixels: Pixels) -> list[Colour]:
    """Return the colours round which pixels gather, the commonest first, at most one more than allowed."""
    bins = pixels // BIN @ (1, 256 // BIN, (256 // BIN) ** 2)
    _, bin_of, counts = np.unique(bins, return_inverse=True, return_counts=True)
    colours: list[Colour] = []
    for index in np.argsort(-counts, kind="stable"):
        if counts[index] < LEAST_SHARE * len(pixels) or len(colours) > MOST_CLASSES:
            break
        middle = np.median(pixels[bin_of == index], axis=0)
        if _is_new(middle, colours):
            # Again with what a bin's edge cut off.
            colour = np.median(pixels[_distance(pixels, middle) <= BIN], axis=0)
            colours += [colour] if _is_new(colour, colours) else []
    return colours


def _is_new(colour: Colour, colours: Sequence[Colour]) -> bool:
    return all(_distance(colour, other) > APART for other in colours)


def _distance(colours: Pixels | Colour, colour: Colour) -> npt.NDArray[np.float64]:
    """How far each is away, in the channel in which it is farthest."""
    distance: npt.NDArray[np.float64] = np.abs(colours - colour).max(axis=-1)
    return distance
