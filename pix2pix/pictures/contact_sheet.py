"""Pictures to look at: examples with their names."""

from collections.abc import Sequence
from math import sqrt
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pix2pix.pictures.images import WHITE, RgbImage, resized, write_jpeg

PAIR = ("input", "target")
TRIPTYCH = ("input", "output", "target")
TILE_PX = 160
GAP_PX = 6
TEXT_PX = 15
INK = (40, 40, 40)
MOST_PX = 1_200_000  # of a sheet that is written
MOST_BYTES = 300_000  # that git gets with each run
QUALITIES = range(90, 10, -5)


def contact_sheet(examples: Sequence[tuple[str, Sequence[RgbImage]]], titles: Sequence[str] = ()) -> RgbImage:
    """Draw the examples below each other, in two columns where there are more than three.

    Args:
        examples: a caption, and pictures, each (H, W, 3) uint8.
        titles: what stands above each picture of an example; empty where nothing does.
    """
    columns = 2 if len(examples) > 3 else 1
    blocks = [_block(caption, images, titles) for caption, images in examples]
    height, width = blocks[0].shape[:2]
    lines = -(-len(blocks) // columns)
    sheet = np.full((lines * height, columns * width + (columns - 1) * 4 * GAP_PX, 3), WHITE, dtype=np.uint8)
    for i, block in enumerate(blocks):
        top, left = (i // columns) * height, (i % columns) * (width + 4 * GAP_PX)
        sheet[top : top + height, left : left + width] = block
    return sheet


def write_sheet(path: Path, sheet: RgbImage) -> None:
    """Write a contact sheet as a JPEG of less than 300 kB: at quality 90, or the best one that fits.

    It is scaled to 1.2 million pixels where it has more.
    """
    height, width = sheet.shape[:2]
    scale = min(1.0, sqrt(MOST_PX / (height * width)))
    sheet = resized(sheet, round(scale * height), round(scale * width))
    for quality in QUALITIES:
        write_jpeg(path, sheet, quality)
        if path.stat().st_size < MOST_BYTES:
            return


def _block(caption: str, images: Sequence[RgbImage], titles: Sequence[str]) -> RgbImage:
    """One example: its caption, the titles over its pictures, if any, and the pictures at one size."""
    tile = max(TILE_PX, images[0].shape[1])
    text = TEXT_PX * tile // TILE_PX
    lines = 2 if titles else 1
    top = lines * (text + GAP_PX) + GAP_PX
    width = len(images) * tile + (len(images) + 1) * GAP_PX
    sheet = Image.new("RGB", (width, top + tile + GAP_PX), WHITE)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(text)
    draw.text((GAP_PX, GAP_PX), caption, fill=INK, font=font)
    for i, (title, image) in enumerate(zip(titles or [""] * len(images), images, strict=True)):
        left = GAP_PX + i * (tile + GAP_PX)
        draw.text((left, text + 2 * GAP_PX), title, fill=INK, font=font)
        picture = Image.fromarray(image)
        sheet.paste(picture.resize((tile, tile), Image.Resampling.BICUBIC), (left, top))
    return np.asarray(sheet)
