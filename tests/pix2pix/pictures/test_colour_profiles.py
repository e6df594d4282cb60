from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from pix2pix.pictures.file_formats import register_heif
from pix2pix.pictures.images import RgbImage, read_image, to_rgb

# Display P3's red, green and blue in the connection space, as its published profile has them; and the matrix
# from its linear light to that of sRGB.
P3_COLORANTS = {
    b"rXYZ": (0.51512, 0.2412, -0.00105),
    b"gXYZ": (0.29198, 0.69225, 0.04189),
    b"bXYZ": (0.1571, 0.06657, 0.78407),
}
P3_TO_SRGB = np.array([[1.2249, -0.2247, 0], [-0.0421, 1.0421, 0], [-0.0196, -0.0786, 1.0979]])


def srgb_with(name: str, tags: dict[bytes, bytes]) -> bytes:
    """The profile of sRGB under another name of four letters, with other content of some tags."""
    icc = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for i in range(int.from_bytes(icc[128:132], "big")):
        entry = 132 + 12 * i
        tag = bytes(icc[entry : entry + 4])
        offset, size = (int.from_bytes(icc[entry + at : entry + at + 4], "big") for at in (4, 8))
        if tag in tags:
            icc[offset : offset + len(tags[tag])] = tags[tag]
            icc[entry + 8 : entry + 12] = len(tags[tag]).to_bytes(4, "big")
        if tag == b"desc":
            text = bytes(icc[offset : offset + size])
            utf_16 = ("sRGB".encode("utf-16-be"), name.encode("utf-16-be"))
            icc[offset : offset + size] = text.replace(*utf_16).replace(b"sRGB", name.encode())
    return bytes(icc)


def linear_profile() -> bytes:
    """The primaries of sRGB with a straight tone curve."""
    straight = b"curv" + bytes(8)  # no entries: the identity
    return srgb_with("line", dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), straight))


def display_p3() -> bytes:
    """What iPhones write into their photos: the tone curve of sRGB with wider primaries."""
    numbers = {
        tag: b"XYZ " + bytes(4) + b"".join(round(65536 * x).to_bytes(4, "big", signed=True) for x in xyz)
        for tag, xyz in P3_COLORANTS.items()
    }
    return srgb_with("DiP3", numbers)


def p3_to_srgb(image: RgbImage) -> np.ndarray:
    """The closed form: to linear light, through the matrix, and back."""
    encoded = image / 255
    light = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    light = (light @ P3_TO_SRGB.T).clip(0, 1)
    return 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("suffix", [".heic", ".avif", ".jpg", ".png", ".webp", ".tif"])
def test_display_p3_becomes_srgb(tmp_path: Path, suffix: str) -> None:
    register_heif()
    colours = np.array([[[200, 60, 50], [60, 180, 70]], [[70, 80, 190], [230, 200, 60]]], np.uint8)
    patches = colours.repeat(32, axis=0).repeat(32, axis=1)
    Image.fromarray(patches).save(tmp_path / f"a{suffix}", quality=100, icc_profile=display_p3())
    read = read_image(tmp_path / f"a{suffix}").astype(float)
    expected = p3_to_srgb(colours)
    assert np.abs(read[16::32, 16::32] - expected).max() <= 4
    assert np.abs(expected - colours).max() >= 12  # what a reader that ignores the profile would be off


def test_colours_of_another_profile_are_brought_to_srgb(tmp_path: Path, photo: RgbImage) -> None:
    icc = linear_profile()
    Image.fromarray(photo).save(tmp_path / "a.png", icc_profile=icc)
    expected = ImageCms.profileToProfile(
        Image.fromarray(photo),
        ImageCms.ImageCmsProfile(BytesIO(icc)),
        ImageCms.createProfile("sRGB"),
        outputMode="RGB",
    )
    read = read_image(tmp_path / "a.png")
    assert np.array_equal(read, np.asarray(expected)) and read.mean() > photo.mean() + 20


def test_profile_and_orientation_go_together(tmp_path: Path, photo: RgbImage) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for name, options in (("plain.png", {}), ("turned.png", {"exif": exif})):
        Image.fromarray(photo).save(tmp_path / name, icc_profile=linear_profile(), **options)
    assert np.array_equal(
        read_image(tmp_path / "turned.png"), np.rot90(read_image(tmp_path / "plain.png"), -1)
    )


def test_transparency_of_another_profile_stays_white(tmp_path: Path) -> None:
    Image.new("RGBA", (20, 20), (255, 0, 0, 0)).save(tmp_path / "a.png", icc_profile=linear_profile())
    assert (read_image(tmp_path / "a.png") == 255).all()


def test_profile_of_a_picture_in_memory_counts_too(photo: RgbImage) -> None:
    picture = Image.fromarray(photo)
    picture.info["icc_profile"] = linear_profile()
    assert to_rgb(picture).mean() > photo.mean() + 20


@pytest.mark.parametrize("kind", ["srgb", "damaged", "lab"])
def test_profile_that_changes_nothing_or_does_not_fit_is_left_aside(
    tmp_path: Path, photo: RgbImage, kind: str
) -> None:
    space = "LAB" if kind == "lab" else "sRGB"
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile(space)).tobytes()
    icc = icc[:40] if kind == "damaged" else icc
    Image.fromarray(photo).save(tmp_path / "a.png", icc_profile=icc)
    assert np.array_equal(read_image(tmp_path / "a.png"), photo)
