"""The ``sample`` dataset: crops of photos that installed packages carry, and clips made from two of them.

The photos: scikit-image's astronaut (NASA, public domain), chelsea (CC0), coffee (CC0), rocket (SpaceX,
CC0), and matplotlib's grace_hopper (US Navy, public domain).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import matplotlib.cbook
import numpy as np
import skimage.data

from pix2pix.pictures.images import RgbImage, read_image, write_png
from pix2pix.pictures.opencv import cv2
from pix2pix.videos.video_files import write_video

CROP_ROWS = 3
CROP_COLUMNS = 4
CLIPS_PER_PERSON = 8
CLIP_SIZE_PX = (320, 240)
CLIP_FPS = 12.0
CLIP_FRAMES = 36
CONTAINERS = ((".mp4", "mp4v"), (".avi", "MJPG"))


@dataclass(frozen=True)
class Person:
    """A photo's face: its middle (x, y) and its height in px."""

    photo: str
    face_center: tuple[float, float]
    face_px: float


PEOPLE = {
    "face_astronaut": Person("astronaut", (223.0, 115.0), 130.0),
    "face_grace_hopper": Person("grace_hopper", (258.0, 175.0), 190.0),
}


def make_sample(images: Path, videos: Path) -> None:
    """Write the photo crops to ``images/<photo>/`` and the clips to ``videos/<person>/``."""
    photos = _photos()
    for name, photo in photos.items():
        for index, crop in enumerate(_crops(photo)):
            write_png(images / name / f"{name}_{index:02}.png", crop)
    for number, (name, person) in enumerate(PEOPLE.items()):
        (videos / name).mkdir(parents=True)
        for clip in range(CLIPS_PER_PERSON):
            suffix, codec = CONTAINERS[clip % len(CONTAINERS)]
            frames = _clip_frames(photos[person.photo], person, seed=(number, clip))
            write_video(videos / name / f"clip_{clip:02}{suffix}", frames, CLIP_FPS, codec)


def _photos() -> dict[str, RgbImage]:
    grace_hopper = matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    return {
        "astronaut": skimage.data.astronaut(),
        "chelsea": skimage.data.chelsea(),
        "coffee": skimage.data.coffee(),
        "grace_hopper": read_image(Path(str(grace_hopper))),
        "rocket": skimage.data.rocket(),
    }


def _crops(photo: RgbImage) -> Iterator[RgbImage]:
    """Yield the squares in the middle of each cell of a grid, so that no two overlap."""
    height = photo.shape[0] // CROP_ROWS
    width = photo.shape[1] // CROP_COLUMNS
    side = min(height, width)
    for row in range(CROP_ROWS):
        for column in range(CROP_COLUMNS):
            top = row * height + (height - side) // 2
            left = column * width + (width - side) // 2
            yield photo[top : top + side, left : left + side]


def _clip_frames(photo: RgbImage, person: Person, seed: tuple[int, int]) -> Iterator[RgbImage]:
    """Yield the frames of a camera that moves over the photo, with a path and a light of its own."""
    rng = np.random.default_rng(seed)
    width, height = CLIP_SIZE_PX
    pan_px = rng.uniform(-0.15, 0.15, size=(2, 2)) * person.face_px  # from, to
    scale = rng.uniform(0.35, 0.5, size=2) * height / person.face_px
    angle_deg = rng.uniform(-8, 8, size=2)
    gain = rng.uniform(0.75, 1.2, size=2)
    for t in np.linspace(0, 1, CLIP_FRAMES):
        ease = (1 - math.cos(math.pi * t)) / 2
        x, y = np.add(person.face_center, (1 - ease) * pan_px[0] + ease * pan_px[1])
        view = cv2.getRotationMatrix2D(
            (float(x), float(y)),
            float(np.interp(ease, [0, 1], angle_deg)),
            float(np.interp(ease, [0, 1], scale)),
        )
        view[:, 2] += (width / 2 - x, height / 2 - y)
        frame = cv2.warpAffine(
            photo, view, CLIP_SIZE_PX, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT_101
        )
        lit = cv2.convertScaleAbs(frame, alpha=float(np.interp(ease, [0, 1], gain)))
        yield lit.astype(np.uint8, copy=False)
