"""Evaluation at 256 px with the full generator, against a plain loop.

The loop takes one picture at a time: eager, fp32, contiguous, with the metrics one by one, SSIM and PSNR by
scikit-image. Both read the A|B pairs of FOLDER (at 256 px), write the translated pictures, and measure them
and the two trivial answers. The loop leaves out the artefacts.

``speedup_over_plain_loop``: pictures per second, ours in fp32 over the loop's; ``speedup_bf16``: ours in
bf16 over the loop's. ``memory_2000_over_200``: our peak memory with 2,000 pictures over that with 200, at
64 px.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from PIL import Image
from scipy.stats import wasserstein_distance
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from benchmarks.timing import data_folder, in_process, print_result, report, seconds_of, speedup
from pix2pix.core.choices import ImageSize, Precision
from pix2pix.evaluation.measurement import measure
from pix2pix.evaluation.metrics import colorfulness
from pix2pix.evaluation.results import translate_folder
from pix2pix.machine.device import open_fabric
from pix2pix.machine.memory import keep_freed_memory
from pix2pix.model.pair_folder import PairFolder
from pix2pix.networks.generators import build_generator
from pix2pix.networks.options import GeneratorOptions
from pix2pix.pairs.making import make_pair
from pix2pix.pictures.images import RgbImage, read_image, write_png
from pix2pix.pictures.options import PairOptions
from pix2pix.pictures.pairs import read_pair
from stages.shared.running import peak_memory

SIZE_PX: Final = 256
COUNT = 48  # pictures that are timed
SMALL_PX: Final = 64
FEW = 200  # pictures whose peak memory is measured
MANY = 2000
GREY = np.full((SIZE_PX, SIZE_PX, 3), 128, np.uint8)  # stands for the mean training target


def main() -> None:
    """Measure, and print the figures."""
    keep_freed_memory()
    originals = sorted(path for path in data_folder().rglob("*") if path.suffix in {".jpg", ".png"})
    with tempfile.TemporaryDirectory() as scratch:
        pairs = Path(scratch, "pairs")
        write_pairs(originals, pairs, SIZE_PX, COUNT)
        ways: dict[str, Callable[[Path], object]] = {
            "ours, fp32": lambda out: evaluate(pairs, out, SIZE_PX, 64, "fp32"),
            "ours, bf16": lambda out: evaluate(pairs, out, SIZE_PX, 64, "bf16"),
            "plain loop": lambda out: plain_loop(pairs, out),
        }
        seconds = seconds_of(ways, Path(scratch, "rounds"))
        report(seconds, COUNT, "pictures")
        memory = [in_process(_peak_mb, originals, Path(scratch, str(count)), count) for count in (FEW, MANY)]
    print(f"peak memory: {memory[0]:.0f} MB with {FEW} pictures, {memory[1]:.0f} MB with {MANY}")
    print_result(
        speedup_over_plain_loop=speedup(seconds, "ours, fp32", "plain loop"),
        speedup_bf16=speedup(seconds, "ours, bf16", "plain loop"),
        memory_2000_over_200=round(memory[1] / memory[0], 3),
    )


def write_pairs(originals: list[Path], folder: Path, size_px: ImageSize, count: int) -> None:
    """Write ``count`` pairs of the originals, again from the first where there are fewer."""
    options = PairOptions(pair_task="none", image_size=size_px)
    for number in range(count):
        pair = make_pair(read_image(originals[number % len(originals)]), options)
        write_png(folder / f"{number:05}.png", pair)


def evaluate(pairs: Path, out: Path, size_px: ImageSize, ngf: int, precision: Precision) -> None:
    """Translate and measure the pairs, as the stage does."""
    generator = (
        build_generator(GeneratorOptions(image_size=size_px, ngf=ngf))
        .eval()
        .to(memory_format=torch.channels_last)
    )
    folder = PairFolder(pairs)
    translate_folder(generator, folder, out, open_fabric("cpu", precision=precision), "eval")
    measure(pairs, folder.names, out, GREY[:size_px, :size_px])


def plain_loop(pairs: Path, out: Path) -> None:
    """Do the same, one picture after the other."""
    generator = build_generator(GeneratorOptions(image_size=SIZE_PX)).eval()
    for path in sorted(pairs.glob("*.png")):
        real_a, real_b = read_pair(path)
        tensor = torch.from_numpy(real_a).permute(2, 0, 1)[None].float() / 127.5 - 1
        with torch.no_grad():
            fake_b = generator(tensor.contiguous())[0]
        output = ((fake_b + 1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
        Image.fromarray(output).save(out / path.name)
        for answer in (np.asarray(Image.open(out / path.name)), real_a, GREY):
            plain_metrics(answer, real_b)


def plain_metrics(output: RgbImage, target: RgbImage) -> list[float]:
    """Measure one picture, one metric after the other."""
    difference = output.astype(float) / 255 - target.astype(float) / 255
    histograms = [
        [
            cv2.calcHist([np.ascontiguousarray(image)], [channel], None, [64], [0, 256])
            for image in (output, target)
        ]
        for channel in range(3)
    ]
    bins = np.arange(64)
    return [
        float(np.abs(difference).mean()),
        float((difference**2).mean()),
        float(peak_signal_noise_ratio(target, output)),
        float(structural_similarity(target, output, channel_axis=2, gaussian_weights=True, data_range=255)),
        float(np.mean([cv2.compareHist(o, t, cv2.HISTCMP_BHATTACHARYYA) for o, t in histograms])),
        float(np.mean([wasserstein_distance(bins, bins, o.ravel(), t.ravel()) for o, t in histograms])),
        colorfulness(output),
    ]


def _peak_mb(originals: list[Path], scratch: Path, count: int) -> float:
    """The peak memory of this process, which evaluates ``count`` pictures, in MB."""
    write_pairs(originals, scratch / "pairs", SMALL_PX, count)
    evaluate(scratch / "pairs", scratch / "out", SMALL_PX, 16, "fp32")
    return peak_memory() / 1e6


if __name__ == "__main__":
    main()
