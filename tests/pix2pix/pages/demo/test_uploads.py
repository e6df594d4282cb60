import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_model import small_translator

from pix2pix.core.errors import InputError
from pix2pix.pages.demo.uploads import example_photos, is_inside, read_upload, translate_photo
from pix2pix.pictures.file_formats import register_heif
from pix2pix.pictures.images import RgbImage, read_image, write_png
from pix2pix.translation.photo_file import Photo
from pix2pix.translation.translator import TranslateOptions


def bomb(width: int, height: int) -> bytes:
    """A PNG of white pixels, a few kilobytes."""
    packer = zlib.compressobj(9)
    row = b"\0" + b"\xff" * (width // 8)
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [30_000, 10_400])  # what Pillow refuses too, and what it does not
def test_a_decompression_bomb_is_refused_by_its_header(tmp_path: Path, side: int) -> None:
    (tmp_path / "bomb.png").write_bytes(bomb(side, side))
    with pytest.raises(InputError, match="up to 100 megapixels"):
        read_upload(str(tmp_path / "bomb.png"), tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"some text\n", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"]
)
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "text.jpg").write_bytes(content)
    with pytest.raises(InputError, match="no picture that can be read"):
        read_upload(str(tmp_path / "text.jpg"), tmp_path)


def test_a_photo_of_a_phone_is_taken(tmp_path: Path, photo: RgbImage) -> None:
    register_heif()
    Image.fromarray(photo).save(tmp_path / "a.heic", quality=95)
    assert np.abs(read_upload(str(tmp_path / "a.heic"), tmp_path).image.astype(int) - photo).mean() < 4


def test_a_truncated_picture_is_refused(tmp_path: Path, photo: RgbImage) -> None:
    write_png(tmp_path / "whole.png", photo)
    content = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "half.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="cannot be used"):
        read_upload(str(tmp_path / "half.png"), tmp_path)


def test_only_uploads_are_read(tmp_path: Path, photo: RgbImage) -> None:
    uploads = tmp_path / "uploads"
    write_png(uploads / "in.png", photo)
    write_png(tmp_path / "out.png", photo)
    (uploads / "link.png").symlink_to(tmp_path / "out.png")
    assert np.array_equal(read_upload(str(uploads / "in.png"), uploads).image, photo)
    for path in (tmp_path / "out.png", uploads / ".." / "out.png", uploads / "link.png", "in.png", "a\0b"):
        assert not is_inside(str(path), uploads)
        with pytest.raises(InputError, match="no uploaded picture"):
            read_upload(str(path), uploads)


def test_an_upload_that_was_deleted_is_asked_for_again(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="upload it again"):
        read_upload(str(tmp_path / "gone.png"), tmp_path)


def test_the_download_is_what_the_translator_makes(tmp_path: Path, photo: RgbImage) -> None:
    translator = small_translator(tmp_path, pair_task="grayscale")
    options = TranslateOptions(prepare=True, keep_luminance=True)
    result = translate_photo(translator, Photo(photo), options, tmp_path, "flower")
    expected = translator.translate(photo, prepare=True, keep_luminance=True)
    assert result.download.name == "flower.png"
    assert np.array_equal(read_image(result.download), expected)
    assert "128 x 96 px" in result.line


def test_before_and_after_are_shown_in_equal_sizes_that_a_browser_likes(tmp_path: Path) -> None:
    translator = small_translator(tmp_path, pair_task="edges")
    for shape, shown in (((20, 40, 3), (512, 256)), ((1000, 3200, 3), (1600, 500))):
        options = TranslateOptions(fit="resize", prepare=True)
        result = translate_photo(translator, Photo(np.full(shape, 90, np.uint8)), options, tmp_path, "x")
        for path in (result.before, result.after):
            with Image.open(path) as picture:
                assert picture.size == shown


def test_transparency_is_kept_and_shown_on_white(tmp_path: Path, photo: RgbImage) -> None:
    translator = small_translator(tmp_path, pair_task="grayscale")
    alpha = np.zeros(photo.shape[:2], np.uint8)
    result = translate_photo(translator, Photo(photo, alpha), TranslateOptions(), tmp_path, "clear")
    with Image.open(result.download) as picture:
        assert picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (0, 0)
    assert read_image(result.after).min() == 255


def test_large_pictures_are_refused_at_once_but_not_otherwise(tmp_path: Path) -> None:
    translator = small_translator(tmp_path, pair_task="grayscale", ngf=2)
    large = Photo(np.zeros((2001, 2001, 3), np.uint8))
    with pytest.raises(InputError, match=r"4 megapixels.*this one has 4\.0"):
        translate_photo(translator, large, TranslateOptions(fit="full"), tmp_path, "x")
    assert translate_photo(translator, large, TranslateOptions(fit="resize"), tmp_path, "x").download.exists()


@pytest.mark.parametrize(("half", "value"), [("A", 10), ("B", 200)])
def test_examples_are_halves_of_pairs(tmp_path: Path, half: str, value: int) -> None:
    pair = np.hstack([np.full((32, 32, 3), 10, np.uint8), np.full((32, 32, 3), 200, np.uint8)])
    for name in "abcdefghij":
        write_png(tmp_path / "pairs" / "class" / f"{name}.png", pair)
    files = example_photos(tmp_path / "pairs", half, tmp_path / "examples")
    assert len(files) == 4
    for file in files:
        assert read_image(file).shape == (32, 32, 3) and np.all(read_image(file) == value)


def test_examples_of_installed_packages_are_written_once(tmp_path: Path) -> None:
    files = example_photos(None, "A", tmp_path)
    times = [file.stat().st_mtime_ns for file in files]
    assert [file.stem for file in files] == ["chelsea", "coffee", "rocket", "astronaut"]
    assert example_photos(None, "A", tmp_path) == files
    assert [file.stat().st_mtime_ns for file in files] == times
