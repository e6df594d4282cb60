from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from pix2pix.core.errors import UnreadableError
from pix2pix.pictures.images import RgbImage, read_image, write_png
from pix2pix.translation.photo_file import FORMATS, Photo, read_photo, write_photo


def test_opaque_picture_is_what_the_pipeline_reads(tmp_path: Path, photo: RgbImage) -> None:
    Image.fromarray(photo).save(tmp_path / "a.jpg")
    read = read_photo(tmp_path / "a.jpg")
    assert np.array_equal(read.image, read_image(tmp_path / "a.jpg"))
    assert read.alpha is None and read.exif is None


def test_file_without_more_than_colours_has_the_pipelines_bytes(tmp_path: Path, photo: RgbImage) -> None:
    write_png(tmp_path / "a.png", photo)
    write_photo(tmp_path / "new" / "b.png", Photo(photo))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "new" / "b.png").read_bytes()


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_is_written_and_read_back(tmp_path: Path, photo: RgbImage, suffix: str) -> None:
    write_photo(tmp_path / f"a{suffix}", Photo(photo))
    back = read_photo(tmp_path / f"a{suffix}").image
    assert np.abs(back.astype(int) - photo).mean() < 3
    with Image.open(tmp_path / f"a{suffix}") as file:
        assert file.format == FORMATS[suffix]


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_transparency_is_kept(tmp_path: Path, photo: RgbImage, suffix: str) -> None:
    alpha = np.tile(np.arange(photo.shape[1], dtype=np.uint8), (photo.shape[0], 1))
    write_photo(tmp_path / f"a{suffix}", Photo(photo, alpha))
    back = read_photo(tmp_path / f"a{suffix}").alpha
    assert back is not None and np.array_equal(back, alpha)


def test_transparency_of_a_palette_is_found(tmp_path: Path, photo: RgbImage) -> None:
    picture = Image.fromarray(photo).quantize(8)
    picture.save(tmp_path / "p.png", transparency=0)
    alpha = read_photo(tmp_path / "p.png").alpha
    assert alpha is not None and np.array_equal(alpha == 0, np.asarray(picture) == 0)


def test_format_without_transparency_shows_white_where_it_was(tmp_path: Path, photo: RgbImage) -> None:
    rgba = np.dstack([photo, np.zeros(photo.shape[:2], np.uint8)])
    Image.fromarray(rgba).save(tmp_path / "a.png")
    write_photo(tmp_path / "a.jpg", read_photo(tmp_path / "a.png"))
    assert (read_image(tmp_path / "a.jpg") > 250).all()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_what_the_camera_noted_is_kept_but_not_the_rotation(
    tmp_path: Path, photo: RgbImage, suffix: str
) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation], exif[ExifTags.Base.Model] = 6, "a camera"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2020:01:02 03:04:05"
    Image.fromarray(photo).save(tmp_path / "in.jpg", exif=exif)
    read = read_photo(tmp_path / "in.jpg")
    assert read.image.shape == (photo.shape[1], photo.shape[0], 3)
    write_photo(tmp_path / f"out{suffix}", read)
    with Image.open(tmp_path / f"out{suffix}") as file:
        kept = file.getexif()
        assert file.size == (photo.shape[0], photo.shape[1])
        assert kept.get(ExifTags.Base.Orientation, 1) == 1 and kept[ExifTags.Base.Model] == "a camera"
        taken = kept.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal]
        assert taken == "2020:01:02 03:04:05"


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    Image.fromarray(ramp).save(tmp_path / "a.png")
    assert np.array_equal(read_photo(tmp_path / "a.png").image[:, :, 0], np.rint(ramp / 257).astype(np.uint8))


def test_missing_and_damaged_files_say_so(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("no picture")
    for name in ("a.jpg", "none.jpg"):
        with pytest.raises(UnreadableError, match="unreadable picture"):
            read_photo(tmp_path / name)
