"""Pictures of the page: uploads read within limits, results as files, and what is shown of both."""

import secrets
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image

from pix2pix.core.errors import InputError, UnreadableError
from pix2pix.pictures.file_formats import register_heif
from pix2pix.pictures.images import READ_ERRORS, RgbImage, read_image, resized, write_png
from pix2pix.pictures.pairs import are_unpaired, read_pair
from pix2pix.translation.photo_file import Photo, read_photo, write_photo
from pix2pix.translation.translator import TranslateOptions, Translator

MOST_MEGAPIXELS = 100
MOST_MEGAPIXELS_AT_ONCE = 4  # of ``fit="full"``, whose memory grows with the picture: about 2 GB
# No format that is decoded by another program, or that is not a picture of pixels.
KINDS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF", "JPEG2000", "PPM")
LEAST_SHOWN_PX = 512  # the longer side of what is shown
MOST_SHOWN_PX = 1600
SAMPLE_PHOTOS = ("chelsea", "coffee", "rocket", "astronaut")
EXAMPLES = 4


@dataclass(frozen=True)
class Result:
    """A translated picture.

    Attributes:
        before: JPEG of what the model was given, to be shown.
        after: JPEG of the translation, to be shown in the same size.
        download: PNG of the translation, of the picture's own size.
        line: its size, and how long it took.
    """

    before: Path
    after: Path
    download: Path
    line: str


def read_upload(path: str, folder: Path) -> Photo:
    """Read an uploaded picture, after a look at its header.

    Args:
        path: of the file, which must lie in ``folder``.
        folder: of all uploads.

    Raises:
        InputError: it is no picture, too large, or somewhere else.
    """
    if not is_inside(path, folder):
        raise InputError("That is no uploaded picture.")
    if not Path(path).is_file():
        raise InputError("The picture is no longer here. Please upload it again.")
    register_heif()
    try:
        with Image.open(path, formats=KINDS) as file:
            width, height = file.size
    except Image.DecompressionBombError as error:
        raise _too_large() from error
    except READ_ERRORS as error:
        raise InputError(
            "That is no picture that can be read. JPEG, PNG, HEIC, WebP, AVIF and TIFF can."
        ) from error
    if width * height > MOST_MEGAPIXELS * 1_000_000:
        raise _too_large(f": {width} x {height}")
    try:
        return read_photo(Path(path))
    except UnreadableError as error:
        raise InputError(f"The picture cannot be used: {error}") from error


def is_inside(path: str, folder: Path) -> bool:
    """Whether a path, absolute, lies in a folder, all links followed."""
    try:
        return Path(path).is_absolute() and Path(path).resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError):
        return False


def translate_photo(
    translator: Translator, photo: Photo, options: TranslateOptions, folder: Path, name: str
) -> Result:
    """Translate a picture, and write what is shown and downloaded into a new folder below ``folder``.

    Raises:
        InputError: the model cannot do what is asked for, or not with so large a picture.
    """
    height, width = photo.image.shape[:2]
    if options.fit == "full" and width * height > MOST_MEGAPIXELS_AT_ONCE * 1_000_000:
        raise InputError(
            f"At once, pictures of up to {MOST_MEGAPIXELS_AT_ONCE} megapixels are translated; this one has "
            f"{width * height / 1e6:.1f}. Please choose another size to work in."
        )
    start = time.perf_counter()
    output = next(translator.stream([photo.image], options))
    seconds = time.perf_counter() - start
    result = replace(photo, image=output, alpha=photo.alpha if translator.keeps_alpha(options) else None)
    new = folder / secrets.token_hex(16)
    new.mkdir(parents=True)
    files = Result(
        new / "before.jpg",
        new / "after.jpg",
        new / f"{name}.png",
        f"{width} x {height} px in {seconds:.2f} s",
    )
    size = size_shown(height, width)
    write_photo(files.before, Photo(resized(input_shown(translator, photo.image, options), *size)))
    write_photo(files.after, Photo(_on_white(result, *size)))
    write_photo(files.download, result)
    return files


def input_shown(translator: Translator, image: RgbImage, options: TranslateOptions) -> RgbImage:
    """What the model was given, of the picture's own proportions."""
    if not options.prepare:
        return image
    if options.fit != "resize" or translator.is_colorizer:
        return translator.prepare(image)
    height, width = image.shape[:2]
    return translator.prepare(resized(image, *_fitting(height, width, translator.image_size)))


def size_shown(height: int, width: int) -> tuple[int, int]:
    """The size, height and width in px, that a picture is shown in."""
    return _fitting(height, width, min(max(height, width, LEAST_SHOWN_PX), MOST_SHOWN_PX))


def example_photos(pairs: Path | None, half: str, folder: Path) -> list[Path]:
    """Write pictures to try the model on, and return their files.

    Args:
        pairs: the test folder of what build_pairs wrote, of whose pictures the first and others at even
            distances are taken; None takes photos that installed packages carry, public domain or CC0.
        half: of the pairs, or of the two sets of pictures, ``A`` or ``B``.
        folder: to write to; what is there already is taken.
    """
    if pairs is None:
        return [_written(folder / f"{name}.png", getattr(skimage.data, name)()) for name in SAMPLE_PHOTOS]
    are_sets = are_unpaired(pairs.parent)
    files = sorted((pairs / half if are_sets else pairs).rglob("*.png"))
    chosen = files[:: max(1, len(files) // EXAMPLES)][:EXAMPLES]
    return [
        _written(
            folder / f"{number}_{half}.png", read_image(file) if are_sets else read_pair(file)[half == "B"]
        )
        for number, file in enumerate(chosen)
    ]


def _written(path: Path, image: RgbImage) -> Path:
    if not path.exists():
        write_png(path, image)
    return path


def _too_large(found: str = "") -> InputError:
    return InputError(f"Pictures of up to {MOST_MEGAPIXELS} megapixels are taken; this one is larger{found}.")


def _fitting(height: int, width: int, longer_px: int) -> tuple[int, int]:
    scale = longer_px / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def _on_white(photo: Photo, height: int, width: int) -> RgbImage:
    image = resized(photo.image, height, width)
    if photo.alpha is None:
        return image
    opacity = resized(photo.alpha, height, width)[:, :, None] / np.float32(255)
    return np.rint(image * opacity + 255 * (1 - opacity)).astype(np.uint8)
