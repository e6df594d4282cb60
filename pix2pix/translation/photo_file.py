"""Picture files of users: what a picture shows, and what else its file holds that the result should keep."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageOps

from pix2pix.core.errors import UnreadableError
from pix2pix.core.outputs import whole_file
from pix2pix.pictures.file_formats import open_image
from pix2pix.pictures.images import (
    JPEG_QUALITY,
    PNG_LEVEL,
    READ_ERRORS,
    RgbImage,
    read_image,
    why_unreadable,
)

Alpha = npt.NDArray[np.uint8]

FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
}
WITH_ALPHA = frozenset({"PNG", "WEBP", "TIFF"})
WITH_EXIF = frozenset({"PNG", "WEBP", "JPEG"})
OPTIONS: dict[str, dict[str, Any]] = {
    "PNG": {"compress_level": PNG_LEVEL},
    "JPEG": {"quality": JPEG_QUALITY, "subsampling": 0},
    "WEBP": {"quality": JPEG_QUALITY},
    "TIFF": {"compression": "tiff_lzw"},
}


@dataclass(frozen=True)
class Photo:
    """A picture from a file.

    Attributes:
        image: (H, W, 3) uint8 RGB, upright, in sRGB, transparency laid over white.
        alpha: its opacity, (H, W) uint8, or None where it is opaque.
        exif: what the camera noted, without orientation and thumbnail, or None.
    """

    image: RgbImage
    alpha: Alpha | None = None
    exif: bytes | None = None


def read_photo(path: Path) -> Photo:
    """Read a picture, its transparency, and its EXIF.

    Raises:
        UnreadableError: the file is missing, truncated or no picture, or its shorter side is under 16 px.
    """
    rgb = read_image(path)
    try:
        with open_image(path) as file:
            exif = _exif(file)
            return Photo(rgb, alpha_of(file), exif)  # decoded again only where it is transparent
    except READ_ERRORS as error:  # the file has changed since
        raise UnreadableError(f"unreadable picture: {why_unreadable(error, path)}") from error


def alpha_of(picture: Image.Image) -> Alpha | None:
    """The opacity of a picture, upright, (H, W) uint8, or None where it has none."""
    if not picture.has_transparency_data:
        return None
    return np.asarray(ImageOps.exif_transpose(picture).convert("RGBA").getchannel("A"))


def write_photo(path: Path, photo: Photo) -> None:
    """Write a picture in the format of its suffix; what the format cannot hold is left out.

    Raises:
        OSError: it cannot be written.
    """
    kind = FORMATS[path.suffix.lower()]
    picture = Image.fromarray(photo.image)
    if photo.alpha is not None and kind in WITH_ALPHA:
        picture.putalpha(Image.fromarray(photo.alpha))
    options = dict(OPTIONS.get(kind, {}))
    if photo.exif is not None and kind in WITH_EXIF:
        options["exif"] = photo.exif
    encoded = BytesIO()  # because libtiff takes no path that is not UTF-8
    picture.save(encoded, format=kind, **options)
    with whole_file(path) as partial:
        partial.write_bytes(encoded.getbuffer())


def _exif(file: Image.Image) -> bytes | None:
    """The EXIF block without the orientation, or None where there is none or it is damaged."""
    if file.format == "TIFF":  # whose block also tells where the file's pixels lie
        return None
    try:
        exif = file.getexif()
        for tag in (ExifTags.Base.Orientation, ExifTags.Base.ImageWidth, ExifTags.Base.ImageLength):
            exif.pop(tag, None)
        return exif.tobytes() if len(exif) else None
    except (*READ_ERRORS, KeyError, TypeError, AttributeError):
        return None
