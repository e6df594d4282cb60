"""Photos as phones and programs write them: each is read as it is shown there."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import ExifTags, Image

from pix2pix.core.errors import UnreadableError
from pix2pix.pictures.file_formats import PICTURES_NOT_READ, VIDEOS_NOT_READ, register_heif
from pix2pix.pictures.images import IMAGE_SUFFIXES, RgbImage, image_size, read_image
from pix2pix.videos.video_files import VIDEO_SUFFIXES

FORMATS = {".apng": "PNG", ".hif": "HEIF", ".j2k": "JPEG2000", ".jfif": "JPEG"}
TURNS = {1: 0, 3: 2, 6: 3, 8: 1}  # EXIF's orientation, and the quarter turns to the left that show it upright


@pytest.mark.parametrize("suffix", sorted(IMAGE_SUFFIXES))
def test_every_format_is_read(tmp_path: Path, photo: RgbImage, suffix: str) -> None:
    register_heif()
    path = tmp_path / f"a{suffix.upper()}"
    Image.fromarray(photo).save(path, FORMATS.get(suffix))
    assert np.abs(read_image(path).astype(int) - photo).mean() < 6
    assert image_size(path) == (photo.shape[1], photo.shape[0])


@pytest.mark.parametrize("turned", TURNS)
@pytest.mark.parametrize("suffix", [".heic", ".avif"])
def test_orientation_is_applied_once(tmp_path: Path, photo: RgbImage, suffix: str, turned: int) -> None:
    register_heif()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = turned
    Image.fromarray(photo).save(tmp_path / f"a{suffix}", exif=exif.tobytes(), quality=95)
    upright = np.rot90(photo, TURNS[turned])
    read = read_image(tmp_path / f"a{suffix}")
    assert read.shape == upright.shape and np.abs(read.astype(int) - upright).mean() < 4


def test_heic_by_another_name_is_read(tmp_path: Path, photo: RgbImage) -> None:
    register_heif()
    Image.fromarray(photo).save(tmp_path / "a.heic")
    (tmp_path / "a.heic").rename(tmp_path / "a.jpg")
    assert read_image(tmp_path / "a.jpg").shape == photo.shape


def write_heic(path: Path, values: np.ndarray) -> None:
    height, width, _ = values.shape
    pillow_heif.from_bytes("RGB;16", (width, height), (values << 6).tobytes()).save(path, quality=-1)


def write_avif(path: Path, values: np.ndarray) -> None:
    cv2.imwrite(str(path), values, [cv2.IMWRITE_AVIF_DEPTH, 10, cv2.IMWRITE_AVIF_QUALITY, 100])


@pytest.mark.parametrize(("suffix", "write"), [(".heic", write_heic), (".avif", write_avif)])
def test_ten_bits_become_eight(
    tmp_path: Path, suffix: str, write: Callable[[Path, np.ndarray], None]
) -> None:
    ramp = np.linspace(0, 1023, 96 * 128).reshape(96, 128, 1).repeat(3, axis=2).astype(np.uint16)
    write(tmp_path / f"a{suffix}", ramp)
    assert np.abs(read_image(tmp_path / f"a{suffix}") - ramp * (255 / 1023)).max() < 2


@pytest.mark.parametrize("suffix", [".apng", ".avif", ".gif", ".png", ".webp"])
def test_of_several_frames_the_first_is_taken(tmp_path: Path, suffix: str) -> None:
    first, second = (Image.new("RGB", (32, 32), (value, value, value)) for value in (10, 200))
    first.save(tmp_path / f"a{suffix}", FORMATS.get(suffix), save_all=True, append_images=[second])
    with Image.open(tmp_path / f"a{suffix}") as file:
        assert getattr(file, "n_frames", 1) == 2
    assert np.abs(read_image(tmp_path / f"a{suffix}").astype(int) - 10).max() <= 2


def test_of_a_heic_of_several_pictures_the_one_is_taken_that_phones_show(tmp_path: Path) -> None:
    register_heif()
    first, second = (Image.new("RGB", (32, 32), (value, value, value)) for value in (10, 200))
    first.save(tmp_path / "a.heic", save_all=True, append_images=[second], primary_index=1)
    assert np.abs(read_image(tmp_path / "a.heic").astype(int) - 200).max() <= 2


@pytest.mark.parametrize("share", [0.05, 0.4, 0.9])
@pytest.mark.parametrize("suffix", [".heic", ".avif", ".jp2"])
def test_file_that_was_cut_off_is_refused(tmp_path: Path, photo: RgbImage, suffix: str, share: float) -> None:
    register_heif()
    path = tmp_path / f"a{suffix}"
    Image.fromarray(photo).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(UnreadableError, match="unreadable picture: ") as error:
        read_image(path)
    assert "not read" not in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("suffix", [".heic", ".avif"])
def test_file_whose_pixels_were_overwritten_is_refused(tmp_path: Path, photo: RgbImage, suffix: str) -> None:
    register_heif()
    path = tmp_path / f"a{suffix}"
    Image.fromarray(photo).save(path)
    header, mark, pixels = path.read_bytes().partition(b"mdat")
    path.write_bytes(header + mark + bytes(len(pixels)))
    with pytest.raises(UnreadableError, match="unreadable picture: "):
        read_image(path)


def test_the_reader_of_heic_is_loaded_with_the_first_such_file(tmp_path: Path, photo: RgbImage) -> None:
    register_heif()
    Image.fromarray(photo).save(tmp_path / "a.heic")
    Image.fromarray(photo).save(tmp_path / "a.png")
    program = (
        "import sys; from pathlib import Path; from pix2pix.pictures.images import read_image\n"
        "for name in ('a.png', 'a.heic'):\n"
        f"    shape = read_image(Path({str(tmp_path)!r}) / name).shape\n"
        "    print(shape, 'pillow_heif' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert printed.stdout.splitlines() == [f"{photo.shape} False", f"{photo.shape} True"]


def test_no_format_is_both_read_and_not() -> None:
    assert not (IMAGE_SUFFIXES | VIDEO_SUFFIXES) & (PICTURES_NOT_READ.keys() | VIDEOS_NOT_READ.keys())
    assert not PICTURES_NOT_READ.keys() & VIDEOS_NOT_READ.keys()


@pytest.mark.parametrize("format", ["MPO", "HEIF"])
def test_picture_with_a_gain_map_is_its_base_picture(tmp_path: Path, photo: RgbImage, format: str) -> None:
    """A phone's HDR photo is a picture of the usual brightness, and one of how much brighter to show it."""
    register_heif()
    path = tmp_path / ("a.jpg" if format == "MPO" else "a.heic")
    gains = Image.fromarray(np.full_like(photo[::2, ::2], 90))
    Image.fromarray(photo).save(path, format, save_all=True, append_images=[gains], quality=95)
    with Image.open(path) as file:
        assert file.n_frames == 2
    assert np.abs(read_image(path).astype(int) - photo).mean() < 6
