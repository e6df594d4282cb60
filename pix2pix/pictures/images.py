"""Pictures as arrays: (H, W, 3) uint8 RGB. Reading, writing, squaring, and the inputs made from them."""

import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from pix2pix.core.choices import Resize
from pix2pix.core.errors import UnreadableError, first_line
from pix2pix.pictures.colour_profiles import to_srgb
from pix2pix.pictures.file_formats import open_image, what_it_is
from pix2pix.pictures.opencv import cv2

RgbImage = npt.NDArray[np.uint8]

IMAGE_SUFFIXES = frozenset(
    {
        ".apng",
        ".avif",
        ".bmp",
        ".gif",
        ".heic",
        ".heif",
        ".hif",
        ".j2k",
        ".jfif",
        ".jp2",
        ".jpeg",
        ".jpg",
        ".png",
        ".tif",
        ".tiff",
        ".webp",
    }
)
MIN_SIDE_PX = 16
JPEG_QUALITY = 95
LUMA = (0.299, 0.587, 0.114)  # of red, green and blue in the brightness, by ITU-R BT.601
LARGEST_FLOAT = float(np.finfo(np.float32).max)
PNG_LEVEL = 2  # three times as fast as the default of 6, for files 3 to 15% larger
WHITE = (255, 255, 255)
READ_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    RuntimeError,  # of AVIF's decoder
    struct.error,
    Image.DecompressionBombError,
)


def read_image(path: Path) -> RgbImage:
    """Read a picture, the first of several, upright, as 8-bit sRGB, with transparency laid over white.

    Raises:
        UnreadableError: the file is missing, truncated or no picture, or its shorter side is under 16 px.
    """
    try:
        with open_image(path) as image:
            rgb = to_rgb(image)
    except READ_ERRORS as error:
        raise UnreadableError(f"unreadable picture: {why_unreadable(error, path)}") from error
    height, width = rgb.shape[:2]
    if min(height, width) < MIN_SIDE_PX:
        raise UnreadableError(f"smaller than {MIN_SIDE_PX} px: {width}x{height}")
    return rgb


def to_rgb(image: Image.Image) -> RgbImage:
    """Turn a Pillow picture of any mode into an array: upright, 8-bit sRGB, transparency laid over white.

    Raises:
        ValueError: it is of floating-point grey, and none of its pixels is a finite number.
    """
    upright = ImageOps.exif_transpose(image)
    return np.asarray(to_srgb(upright, _over_white(upright)))


def why_unreadable(error: Exception, path: Path) -> str:
    """Why a picture cannot be read, without its path, which differs between copies of a project."""
    if isinstance(error, UnidentifiedImageError):
        return what_it_is(path)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return first_line(error).replace(repr(str(path)), "the file").replace(str(path), "the file")


def image_size(path: Path) -> tuple[int, int] | None:
    """Return (width, height) in px from a picture's header, or None when it cannot be read."""
    try:
        with open_image(path) as image:
            return image.size
    except READ_ERRORS:
        return None


def write_png(path: Path, image: RgbImage) -> None:
    """Write a picture without loss, making its folder where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, format="PNG", compress_level=PNG_LEVEL)


def write_jpeg(path: Path, image: RgbImage, quality: int = JPEG_QUALITY) -> None:
    """Write a picture as JPEG (``quality`` 1 to 100)."""
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    # Not imwrite, which says nothing when the disk is full.
    path.write_bytes(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].data)


def to_square(image: RgbImage, size: int, resize: Resize) -> RgbImage:
    """Scale a picture, antialiased, to (size, size, 3).

    Args:
        image: (H, W, 3) uint8.
        size: side in px.
        resize: ``crop`` takes the largest square from the middle; ``pad`` takes all and fills up with white;
            ``stretch`` takes all and changes its proportions.
    """
    height, width = image.shape[:2]
    picture = Image.fromarray(image)
    if resize == "pad":
        inner = (
            max(1, round(size * width / max(height, width))),
            max(1, round(size * height / max(height, width))),
        )
        sheet = Image.new("RGB", (size, size), WHITE)
        offset = ((size - inner[0]) // 2, (size - inner[1]) // 2)
        sheet.paste(picture.resize(inner, Image.Resampling.BICUBIC), offset)
        return np.asarray(sheet)
    box = (0.0, 0.0, float(width), float(height))
    if resize == "crop":
        side = min(height, width)
        left, top = (width - side) / 2, (height - side) / 2
        box = (left, top, left + side, top + side)
    return np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC, box=box))


def resized(image: npt.NDArray[np.uint8], height: int, width: int) -> npt.NDArray[np.uint8]:
    """Scale a picture, (H, W) or (H, W, 3) uint8, bicubically; one that has the size is returned itself."""
    if image.shape[:2] == (height, width):
        return image
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))


def grayscale(image: RgbImage) -> RgbImage:
    """Return the ITU-R 601 luma (Pillow's ``L``) in all three channels."""
    luma = np.asarray(Image.fromarray(image).convert("L"))
    return np.repeat(luma[:, :, None], 3, axis=2)


def _over_white(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):  # 16-bit and floating-point grey
        image = _to_8_bit(image)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, (*WHITE, 255)), rgba)
    return image.convert("RGB")


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Scale grey numbers to 8 bits: from 0, or the lowest below it, to full scale, or the highest above it.

    What is no number becomes black, as does what the makers of maps write for "no data", the lowest float.
    """
    values = np.asarray(image, dtype=np.float64)
    numbers = values[np.abs(values) < LARGEST_FLOAT]
    if numbers.size == 0:
        raise ValueError("none of its pixels is a finite number")
    low = min(float(numbers.min()), 0.0)
    high = max(float(numbers.max()), 65535.0 if image.mode.startswith("I") else 1.0)
    scaled = np.clip(np.rint((values - low) * (255 / (high - low))), 0, 255)
    return Image.fromarray(np.nan_to_num(scaled).astype(np.uint8))
