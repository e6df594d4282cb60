"""Uncompressed frames with their times as a Matroska stream, the simplest that ffmpeg reads from a pipe.

ffmpeg's ``rawvideo`` has no times, so that films of variable frame rate would lose theirs. The format:
RFC 8794 (EBML) and RFC 9559 (Matroska).
"""

from pix2pix.pictures.images import RgbImage

TICK_NS = 1000
UNKNOWN_SIZE = b"\x01\xff\xff\xff\xff\xff\xff\xff"
RGB24 = b"RGB\x18"
TRACK = b"\x81"
NO_OFFSET = b"\x00\x00"
KEYFRAME = b"\x80"


def stream_header(width: int, height: int) -> bytes:
    """What the stream starts with, before the frames of ``width`` x ``height`` px."""
    video = (
        _uint("B0", width)  # PixelWidth
        + _uint("BA", height)  # PixelHeight
        + _element("2EB524", RGB24)  # UncompressedFourCC
    )
    track = (
        _uint("D7", 1)  # TrackNumber
        + _uint("73C5", 1)  # TrackUID
        + _uint("83", 1)  # TrackType: video
        + _element("86", b"V_UNCOMPRESSED")  # CodecID
        + _element("E0", video)
    )
    return (
        _element("1A45DFA3", _element("4282", b"matroska") + _uint("4287", 4) + _uint("4285", 2))
        + bytes.fromhex("18538067")  # Segment
        + UNKNOWN_SIZE
        + _element("1549A966", _uint("2AD7B1", TICK_NS))  # Info: TimestampScale
        + _element("1654AE6B", _element("AE", track))  # Tracks
    )


def stream_frame(image: RgbImage, time_ms: float) -> bytes:
    """A frame, (H, W, 3) uint8, and its time, as a cluster of its own."""
    block = _element("A3", TRACK + NO_OFFSET + KEYFRAME + image.tobytes())  # SimpleBlock
    return _element("1F43B675", _uint("E7", round(time_ms * 1e6 / TICK_NS)) + block)


def _uint(identifier: str, value: int) -> bytes:
    return _element(identifier, value.to_bytes(8, "big"))


def _element(identifier: str, content: bytes) -> bytes:
    size = (len(content) | 1 << 56).to_bytes(8, "big")
    return bytes.fromhex(identifier) + size + content
