"""OpenCV, imported in one place so that a missing system library is explained once."""

import os

# A damaged video is listed in the manifest; FFmpeg's own lines about it would only confuse.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")

try:
    import cv2
except ImportError as error:
    if "libGL" not in str(error):
        raise
    raise ImportError(
        f"OpenCV cannot be loaded: {error}. Either install the library (apt-get install libgl1), or use "
        "OpenCV without windows: pip uninstall opencv-python, then pip install opencv-python-headless."
    ) from None

__all__ = ["cv2"]
