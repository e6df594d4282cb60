"""Colours of another profile, such as the Display P3 of phones, brought to sRGB."""

from io import BytesIO

from PIL import Image, ImageCms

MODE_OF_SPACE = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}


def to_srgb(picture: Image.Image, rgb: Image.Image) -> Image.Image:
    """Bring a picture's colours to sRGB; without a profile, or with one that does not fit, they stay.

    Args:
        picture: as its file has it, upright, with the profile among its ``info``.
        rgb: the same in mode ``RGB``, transparency laid over white.
    """
    profile = _foreign_profile(picture)
    if profile is None:
        return rgb
    mode = MODE_OF_SPACE[profile.profile.xcolor_space.strip()]
    source = rgb if mode == "RGB" else picture
    if source.mode != mode:
        return rgb
    try:
        converted = ImageCms.profileToProfile(
            source, profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except ImageCms.PyCMSError:
        return rgb
    return rgb if converted is None else converted


def _foreign_profile(picture: Image.Image) -> ImageCms.ImageCmsProfile | None:
    """The picture's colour profile where it has one that can be used and is not sRGB's."""
    icc = picture.info.get("icc_profile")
    if not icc:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(icc))
        name = ImageCms.getProfileDescription(profile)
    except (OSError, ImageCms.PyCMSError):
        return None
    known = profile.profile.xcolor_space.strip() in MODE_OF_SPACE
    return profile if known and "sRGB" not in name else None
