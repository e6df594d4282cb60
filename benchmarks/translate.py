"""Pictures of 256 px through the paper's U-Net: ``translate`` against a plain loop; and one large photo.

The plain loop is that of common implementations: a picture at a time, fp32, contiguous, read and written by
Pillow. Ours reads ahead and writes behind. All write PNG. The pictures are the middles of those of FOLDER,
again from the first where there are fewer. Weights are at random: the time does not depend on them.

``speedup_over_plain_loop``: pictures per second, ours in fp32 over the loop's; the rounds have 1,000 pictures
together. ``speedup_auto``: pictures per second, ours in ``precision: auto``, which is bf16 where the
processor has it, over the loop's in fp32.
``tile_over_full``: the time of a picture of 640x480 px in tiles, over that of the same in one piece, by a
network for pictures of 64 px.
``large_photo_peak_mb``: our peak memory for a photo of 4000x3000 px, in tiles of 256 px.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final, cast

import numpy as np
import torch
from PIL import Image

from benchmarks.plain_loop import SkipBlock
from benchmarks.timing import ROUNDS, data_folder, in_process, print_result, report, seconds_of, speedup
from pix2pix.core.choices import Fit, ImageSize, Precision
from pix2pix.machine.memory import keep_freed_memory
from pix2pix.model.model_file import save_generator
from pix2pix.networks.generators import build_generator
from pix2pix.networks.options import GeneratorOptions
from pix2pix.pictures.images import RgbImage, read_image, to_square, write_png
from pix2pix.translation.photos import translate_files
from pix2pix.translation.translator import TranslateOptions, Translator
from pix2pix.translation.work_list import list_work
from stages.shared.running import peak_memory

OURS = "translate, fp32"
OURS_AUTO = "translate, precision: auto"
PLAIN_LOOP = "plain loop, fp32"
SIZE_PX: Final = 256
PICTURES = -(-1000 // ROUNDS)
LARGE_PX = (4000, 3000)
TILE_PX: Final = 64
TILED_PX = (480, 640, 3)


def main() -> None:
    """Measure, and print the figures."""
    keep_freed_memory()
    originals = sorted(path for path in data_folder().rglob("*") if path.suffix in {".jpg", ".png"})
    with tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch, "model")
        pictures = Path(scratch, "pictures")
        large = Path(scratch, "large")
        _write_model(model, SIZE_PX)
        _write_pictures(originals, pictures)
        network = SkipBlock(0).eval()
        ways: dict[str, Callable[[Path], object]] = {
            OURS: lambda out: _translate(model, pictures, out, "fp32"),
            OURS_AUTO: lambda out: _translate(model, pictures, out, "auto"),
            PLAIN_LOOP: lambda out: _plain_loop(network, sorted(pictures.iterdir()), out),
        }
        seconds = seconds_of(ways, Path(scratch, "outputs"))
        report(seconds, PICTURES, "pictures")
        tile_over_full = _tile_over_full(Path(scratch, "small model"))
        photo = Image.fromarray(read_image(originals[0])).resize(LARGE_PX, Image.Resampling.BICUBIC)
        write_png(large / "photo.png", np.asarray(photo))
        start = time.perf_counter()
        peak_mb = in_process(_peak_mb, model, large, Path(scratch, "large outputs"))
    print(f"a photo of 4000x3000 px: {peak_mb:.0f} MB at most, {time.perf_counter() - start:.0f} s")
    print_result(
        speedup_over_plain_loop=speedup(seconds, OURS, PLAIN_LOOP),
        speedup_auto=speedup(seconds, OURS_AUTO, PLAIN_LOOP),
        tile_over_full=tile_over_full,
        large_photo_peak_mb=round(peak_mb),
    )


def _write_model(path: Path, size: ImageSize) -> None:
    options = GeneratorOptions(image_size=size)
    use = {"pair_task": "grayscale", "direction": "AtoB", "test_mode": "eval", "precision": "fp32"}
    save_generator(path, build_generator(options).state_dict(), asdict(options) | use)


def _write_pictures(originals: Sequence[Path], folder: Path) -> None:
    for number in range(PICTURES):
        image = read_image(originals[number % len(originals)])
        write_png(folder / f"{number:05}.png", to_square(image, SIZE_PX, "crop"))


def _translate(model: Path, folder: Path, out: Path, precision: Precision) -> None:
    translator = Translator.load(model, precision=precision)
    translate_files(translator, list_work([str(folder)], out, ".png").items, TranslateOptions())


@torch.inference_mode()
def _plain_loop(network: SkipBlock, paths: Sequence[Path], out: Path) -> None:
    for path in paths:
        with Image.open(path) as file:
            image: RgbImage = np.asarray(file.convert("RGB"))
        real_a = torch.from_numpy(image.transpose(2, 0, 1).copy()).float().div(127.5).sub(1)
        fake_b = network(real_a[None])[0].add(1).mul(127.5).round().clamp(0, 255).byte()
        Image.fromarray(fake_b.permute(1, 2, 0).numpy()).save(out / path.name)


def _tile_over_full(model: Path) -> float:
    _write_model(model, TILE_PX)
    translator = Translator.load(model, precision="fp32")
    picture = np.random.default_rng(0).integers(0, 256, TILED_PX, dtype=np.uint8)
    seconds: dict[str, list[float]] = {fit: [] for fit in ("tile", "full")}
    for _ in range(1 + ROUNDS):
        for fit, values in seconds.items():
            start = time.perf_counter()
            translator.translate(picture, fit=cast(Fit, fit))
            values.append(time.perf_counter() - start)
    return speedup(seconds, "full", over="tile")


def _peak_mb(model: Path, folder: Path, out: Path) -> float:
    """The peak memory of this process, which translates the pictures of a folder, in MB."""
    keep_freed_memory()
    _translate(model, folder, out, "fp32")
    return peak_memory() / 1e6


if __name__ == "__main__":
    main()
