import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pix2pix.core.errors import UnreadableError
from pix2pix.pictures.images import grayscale, read_image, resized, to_square, write_jpeg, write_png


def test_png_comes_back_unchanged(tmp_path: Path, photo: np.ndarray) -> None:
    write_png(tmp_path / "new" / "a.png", photo)
    assert np.array_equal(read_image(tmp_path / "new" / "a.png"), photo)


def test_jpeg_keeps_the_colours_in_order(tmp_path: Path) -> None:
    red = np.full((32, 32, 3), (200, 30, 10), dtype=np.uint8)
    write_jpeg(tmp_path / "red.jpg", red)
    assert np.abs(read_image(tmp_path / "red.jpg").astype(int) - red).max() <= 3


def test_exif_orientation_is_applied(tmp_path: Path, photo: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate 90 degrees clockwise to show
    Image.fromarray(photo).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "a.png"), np.rot90(photo, -1))


def test_transparency_is_laid_over_white(tmp_path: Path) -> None:
    Image.new("RGBA", (20, 20), (255, 0, 0, 0)).save(tmp_path / "a.png")
    assert (read_image(tmp_path / "a.png") == 255).all()


def test_16_bit_grey_is_scaled_not_cut(tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    expected = np.rint(values / 257).astype(np.uint8)
    assert np.array_equal(read_image(tmp_path / "a.png"), np.repeat(expected[:, :, None], 3, axis=2))


@pytest.mark.parametrize(
    "hole", [np.nan, np.inf, -np.inf, np.finfo(np.float32).min, np.finfo(np.float32).max]
)
def test_pixel_that_is_no_number_changes_no_other(tmp_path: Path, hole: float) -> None:
    values = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64)
    expected = np.rint(values * 255)
    values[5, 7] = hole
    Image.fromarray(values).save(tmp_path / "a.tif")
    read = read_image(tmp_path / "a.tif")[:, :, 0].copy()
    assert read[5, 7] == (255 if hole > 0 else 0)
    read[5, 7] = expected[5, 7]
    assert np.array_equal(read, expected)


@pytest.mark.parametrize(
    ("low", "high"),
    [(-1.0, 1.0), (-40.0, 215.0), (0.0, 70000.0), (-0.25, 0.5)],
)
def test_float_grey_is_scaled_by_its_range(tmp_path: Path, low: float, high: float) -> None:
    values = np.linspace(low, high, 64 * 64, dtype=np.float32).reshape(64, 64)
    Image.fromarray(values).save(tmp_path / "a.tif")
    expected = np.rint((values.astype(np.float64) - low) * (255 / (max(high, 1) - low)))
    assert np.array_equal(read_image(tmp_path / "a.tif")[:, :, 1], expected)


@pytest.mark.parametrize(("low", "high"), [(0, 1_000_000), (-32768, 32767), (-500, 2_000_000_000)])
def test_whole_numbers_beyond_16_bits_are_scaled_by_their_range(tmp_path: Path, low: int, high: int) -> None:
    values = np.linspace(low, high, 64 * 64).astype(np.int32).reshape(64, 64)
    Image.fromarray(values).save(tmp_path / "a.tif")
    expected = np.rint((values.astype(np.float64) - low) * (255 / (max(high, 65535) - low)))
    assert np.array_equal(read_image(tmp_path / "a.tif")[:, :, 1], expected)


def test_picture_without_any_number_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.full((32, 32), np.nan, dtype=np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(UnreadableError, match="unreadable picture: none of its pixels is a finite number"):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("mode", ["L", "CMYK", "P", "1"])
def test_other_modes_become_rgb(tmp_path: Path, photo: np.ndarray, mode: str) -> None:
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    Image.fromarray(photo).convert(mode).save(path)
    assert read_image(path).shape == photo.shape


def test_truncated_jpeg_is_refused_with_the_reason(tmp_path: Path, photo: np.ndarray) -> None:
    data = io.BytesIO()
    Image.fromarray(photo).save(data, "JPEG", quality=95)
    (tmp_path / "cut.jpg").write_bytes(data.getvalue()[: len(data.getvalue()) // 2])
    with pytest.raises(UnreadableError, match="truncated"):
        read_image(tmp_path / "cut.jpg")


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 99)])
def test_no_picture_is_refused_without_naming_the_folder(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(UnreadableError, match="unreadable picture") as error:
        read_image(tmp_path / "a.png")
    assert str(tmp_path) not in str(error.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"not a picture", "it is no picture of a known format"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "it is HEIC, damaged or cut off"),
        (b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1avif", "it is AVIF, damaged or cut off"),
        (b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 99), "it is PNG, damaged or cut off"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00", "it is a video, which is not read"),
        (b"%PDF-1.7 ...", "it is PDF, which is not read"),
        (b"\n<!DOCTYPE html><html>404</html>", "it is a web page, which is not read"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "it is SVG, which is not read"),
        (b"\xff\x0a\xfa\x1f\x00", "it is JPEG XL, which is not read"),
        (b"8BPS\x00\x01", "it is Photoshop, which is not read"),
    ],
)
def test_what_is_no_picture_is_named(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(UnreadableError) as error:
        read_image(tmp_path / "a.jpg")
    assert str(error.value) == f"unreadable picture: {reason}"


def test_what_the_system_says_is_the_reason(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").mkdir()
    for name, reason in (("a.jpg", "is a directory"), ("none.jpg", "no such file or directory")):
        with pytest.raises(UnreadableError) as error:
            read_image(tmp_path / name)
        assert str(error.value) == f"unreadable picture: {reason}"


def test_tiny_picture_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1)).save(tmp_path / "a.png")
    with pytest.raises(UnreadableError, match="smaller than 16 px: 1x1"):
        read_image(tmp_path / "a.png")


def test_crop_takes_the_middle_and_does_not_squash(photo: np.ndarray) -> None:
    assert np.array_equal(to_square(photo, 96, "crop"), photo[:, 16:112])
    assert to_square(photo, 64, "crop").shape == (64, 64, 3)


def test_pad_keeps_all_of_the_picture_on_white(photo: np.ndarray) -> None:
    padded = to_square(photo, 128, "pad")
    assert np.array_equal(padded[16:112], photo)
    assert (padded[:16] == 255).all() and (padded[112:] == 255).all()


def test_stretch_keeps_all_of_the_picture_out_of_proportion(photo: np.ndarray) -> None:
    expected = Image.fromarray(photo).resize((64, 64), Image.Resampling.BICUBIC)
    assert np.array_equal(to_square(photo, 64, "stretch"), np.asarray(expected))


def test_resized_picture_has_the_size_and_one_that_fits_stays_as_it_is(photo: np.ndarray) -> None:
    height, width = photo.shape[:2]
    assert resized(photo, height, width) is photo
    smaller = resized(photo, 40, 30)
    assert np.array_equal(smaller, Image.fromarray(photo).resize((30, 40), Image.Resampling.BICUBIC))


def test_grayscale_is_itu_r_601(photo: np.ndarray) -> None:
    exact = photo @ np.array([0.299, 0.587, 0.114])
    grey = grayscale(photo)
    assert np.abs(grey[:, :, 0] - exact).max() <= 1
    assert (grey[:, :, 0] == grey[:, :, 1]).all() and (grey[:, :, 0] == grey[:, :, 2]).all()


def test_real_odd_files_are_read_or_refused_with_a_reason(datasets: Path) -> None:
    outcome = {}
    for path in sorted((datasets / "photos").rglob("*.*")):
        try:
            image = read_image(path)
            outcome[f"{path.parent.name}/{path.name}"] = image.shape
            assert image.dtype == np.uint8 and image.std() > 5, f"{path} came out flat"
        except UnreadableError as error:
            outcome[f"{path.parent.name}/{path.name}"] = str(error)
    refused = {name for name, found in outcome.items() if isinstance(found, str)}
    assert {name for name in outcome if name.startswith("corrupt/")} - refused <= {
        "corrupt/pillow_broken_exif_dpi.jpg"  # its pixels are whole
    }
    assert {name for name in refused if not name.startswith("corrupt/")} == {"modes/one_pixel.png"}
    landscapes = {found for name, found in outcome.items() if name.startswith("exif_rotated/")}
    assert all(width > height for height, width, _ in landscapes)
