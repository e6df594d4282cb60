"""Formats of files: how pictures of those that are read are opened, and what the others are called."""

from pathlib import Path

from PIL import Image, UnidentifiedImageError

START_BYTES = 512
PILLOW_START_BYTES = 16
READ = {  # what Pillow calls the formats that are read, and what people do
    "AVIF": "AVIF",
    "BMP": "BMP",
    "GIF": "GIF",
    "HEIF": "HEIC",
    "JPEG": "JPEG",
    "JPEG2000": "JPEG 2000",
    "PNG": "PNG",
    "TIFF": "TIFF",
    "WEBP": "WebP",
}
MARKS = {  # of files that bear a picture's name: how they start, in small letters, and what they are
    b"%pdf": "PDF",
    b"<!doctype html": "a web page",
    b"<html": "a web page",
    b"<svg": "SVG",
    b"<?xml": "XML, perhaps SVG",
    b"8bps": "Photoshop",
    b"pk\x03\x04": "a zip archive",
    b"version https://git-lfs": "a Git LFS pointer in the place of the file",
    b"\xff\x0a": "JPEG XL",
    b"\x00\x00\x00\x0cjxl ": "JPEG XL",
}
PICTURES_NOT_READ = {
    ".ai": "Illustrator",
    ".eps": "EPS",
    ".exr": "OpenEXR",
    ".hdr": "Radiance HDR",
    ".ico": "ICO",
    ".jxl": "JPEG XL",
    ".jxr": "JPEG XR",
    ".kra": "Krita",
    ".pdf": "PDF",
    ".psb": "Photoshop",
    ".psd": "Photoshop",
    ".svg": "SVG",
    ".tga": "Targa",
    ".xcf": "GIMP",
} | {
    suffix: f"camera raw ({suffix})"
    for suffix in (".arw", ".cr2", ".cr3", ".dng", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2", ".srw")
}
VIDEOS_NOT_READ = {
    ".asf": "ASF",
    ".mxf": "MXF",
    ".ogv": "Ogg video",
    ".rm": "RealVideo",
    ".vob": "DVD video",
}


def open_image(path: Path) -> Image.Image:
    """Open a picture as Pillow does, and HEIC, whose reader is loaded where the first such file is met."""
    try:
        return Image.open(path)
    except UnidentifiedImageError:
        if not _is_media(_start(path)):
            raise
    register_heif()
    return Image.open(path)


def register_heif() -> None:
    """Let Pillow open HEIC."""
    from pillow_heif import register_heif_opener  # with its codecs, 27 MB

    register_heif_opener()


def what_it_is(path: Path) -> str:
    """Say what a file holds that cannot be opened as a picture."""
    start = _start(path)
    if not start:
        return "the file is empty"
    damaged = next((name for kind, name in READ.items() if _is_of(kind, start)), None)
    if damaged:
        return f"it is {damaged}, damaged or cut off"
    if _is_media(start):
        return "it is a video, which is not read"
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    name = next((name for mark, name in MARKS.items() if text.startswith(mark)), None)
    return f"it is {name}, which is not read" if name else "it is no picture of a known format"


def why_not_read(suffix: str) -> str:
    """Why a file is not used whose suffix, in small letters, is that of no picture and video that is read."""
    if suffix in PICTURES_NOT_READ:
        return f"{PICTURES_NOT_READ[suffix]} is not read: convert it to JPEG or PNG"
    if suffix in VIDEOS_NOT_READ:
        return f"{VIDEOS_NOT_READ[suffix]} is not read: convert it to MP4"
    return f"neither a picture nor a video: {suffix or 'no suffix'}"


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(START_BYTES)


def _is_media(start: bytes) -> bool:
    """Whether a file is of the ISO base media format, of pictures and videos."""
    return start[4:8] == b"ftyp"


def _is_of(kind: str, start: bytes) -> bool:
    """Whether Pillow takes a file for one of this kind by its start."""
    _, accepts = Image.OPEN.get(kind, (None, None))
    return accepts is not None and accepts(start[:PILLOW_START_BYTES]) is True
