"""From a picture to an A|B pair: its input (grey, edges or a sketch) and the picture, side by side."""

import numpy as np
from PIL import Image

from pix2pix.core.errors import UnreadableError
from pix2pix.pictures.images import MIN_SIDE_PX, RgbImage, grayscale, to_square
from pix2pix.pictures.opencv import cv2
from pix2pix.pictures.options import PairOptions

XDOG_K = 1.6
XDOG_TAU = 0.98


def edges(image: RgbImage, blur_px: float, low: float, high: float) -> RgbImage:
    """Draw the Canny edges of a picture, black on white.

    The thresholds follow the picture: they are multiples of Otsu's threshold of its luma.

    Args:
        image: (H, W, 3) uint8.
        blur_px: standard deviation of the Gaussian blur before the detector; 0 for none.
        low: lower hysteresis threshold, as a multiple of Otsu's.
        high: upper hysteresis threshold, as a multiple of Otsu's.
    """
    luma = np.ascontiguousarray(grayscale(image)[:, :, 0])
    if blur_px > 0:
        luma = cv2.GaussianBlur(luma, (0, 0), blur_px).astype(np.uint8)
    otsu, _ = cv2.threshold(luma, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    lines = cv2.Canny(luma, low * otsu, high * otsu, L2gradient=True).astype(np.uint8)
    return np.repeat(255 - lines[:, :, None], 3, axis=2)


def sketch(image: RgbImage, line_px: float, strength: float) -> RgbImage:
    """Draw a picture as soft pencil lines, dark on white, by the extended difference of Gaussians (XDoG).

    Source: Winnemoeller, Kyprianidis and Olsen 2012 (Computers & Graphics 36), with k = 1.6, tau = 0.98 and
    epsilon = 0, which leaves flat regions white.

    Args:
        image: (H, W, 3) uint8.
        line_px: standard deviation of the narrower Gaussian; lines grow wider with it.
        strength: phi, how dark a difference of tones is drawn.
    """
    luma = np.asarray(Image.fromarray(image).convert("L"), dtype=np.float32) / 255
    narrow, wide = (cv2.GaussianBlur(luma, (0, 0), scale * line_px) for scale in (1.0, XDOG_K))
    ink = 1 + np.tanh(strength * np.minimum(narrow - XDOG_TAU * wide, 0))
    return np.repeat(np.rint(255 * ink).astype(np.uint8)[:, :, None], 3, axis=2)


def make_pair(image: RgbImage, options: PairOptions) -> RgbImage:
    """Make an A|B pair, (size, 2 size, 3) uint8, of a photo, or of an A|B picture where the task is ``none``.

    Args:
        image: (H, W, 3) uint8.
        options: the task, the side of each half in px, and the direction.

    Raises:
        UnreadableError: the task is ``none`` and the picture cannot be cut in the middle.

    Example:
        >>> photo = np.full((90, 120, 3), 200, np.uint8)
        >>> options = PairOptions(pair_task="edges", direction="AtoB", image_size=64)
        >>> make_pair(photo, options).shape
        (64, 128, 3)
    """
    if options.pair_task == "none":
        a, b = (to_square(half, options.image_size, options.resize) for half in _halves(image))
    else:
        b = to_square(image, options.image_size, options.resize)
        a = input_of(b, options)
    return np.hstack([b, a] if options.direction == "BtoA" else [a, b])


def _halves(pair: RgbImage) -> tuple[RgbImage, RgbImage]:
    """Cut an A|B picture, (H, 2 W, 3), in the middle: A and B, each (H, W, 3).

    Raises:
        UnreadableError: its width is odd, or half of it is below 16 px.
    """
    height, width = pair.shape[:2]
    if width % 2:
        raise UnreadableError(f"no A|B pair, its width is odd: {width}x{height}")
    if width // 2 < MIN_SIDE_PX:
        raise UnreadableError(f"each half is smaller than {MIN_SIDE_PX} px: {width // 2}x{height}")
    return pair[:, : width // 2], pair[:, width // 2 :]


def input_of(target: RgbImage, options: PairOptions) -> RgbImage:
    """Make the input, grey, edges or a sketch, of a picture of any size, (H, W, 3) uint8."""
    if options.pair_task == "edges":
        return edges(target, options.edge_blur, options.edge_low, options.edge_high)
    if options.pair_task == "sketch":
        return sketch(target, options.sketch_line_px, options.sketch_strength)
    return grayscale(target)
