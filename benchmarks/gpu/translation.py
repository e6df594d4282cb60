"""The part ``translation``: pictures through the paper's U-Net, by ours and by a plain loop.

Pictures per second; they lie in memory, as arrays, before and after. Weights are at random: the time does
not depend on them. ``plain_256px``: one at a time, fp32, contiguous. ``fp32_256px``, ``auto_256px``: ours
in either precision. ``tiled_1024px`` and ``full_1024px``: ours in ``auto``, pictures of 1024 px in tiles of
256 px and at once.
"""

import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import torch

from benchmarks.gpu.clock import Call, forget_peak_memory, peak_memory, seconds_per_call
from benchmarks.gpu.record import Notes, Plan
from benchmarks.plain_loop import WIDTHS, SkipBlock
from pix2pix.core.choices import Fit, Precision
from pix2pix.machine.memory import keep_freed_memory
from pix2pix.model.model_file import save_generator
from pix2pix.networks.generators import build_generator
from pix2pix.networks.options import GeneratorOptions
from pix2pix.pictures.images import RgbImage
from pix2pix.translation.translator import TranslateOptions, Translator

SIZE: Final = 256
LARGE = 1024
TOY_WIDTHS = (4,) * len(WIDTHS)
PICTURES, LARGE_PICTURES = 128, 4
TURN_S = 1.0


def measure(plan: Plan, notes: Notes, _which: str = "") -> None:
    """Measure every way on its own, so that one that fails leaves the others."""
    keep_freed_memory()
    device = torch.device(plan.accelerator)
    rng = np.random.default_rng(0)
    shape = (plan.size(PICTURES, 2), SIZE, SIZE, 3)
    small = list(rng.integers(0, 256, shape, dtype=np.uint8))
    side = plan.size(LARGE, 320)
    large = list(rng.integers(0, 256, (plan.size(LARGE_PICTURES, 1), side, side, 3), dtype=np.uint8))
    with tempfile.TemporaryDirectory() as folder:
        model = _model(Path(folder, "model.safetensors"), plan.size(64, 2))
        jobs: dict[str, tuple[Sequence[RgbImage], Precision, Fit]] = {
            "fp32_256px": (small, "fp32", "tile"),
            "auto_256px": (small, "auto", "tile"),
            "tiled_1024px": (large, "auto", "tile"),
            "full_1024px": (large, "auto", "full"),
        }
        for name, (pictures, precision, fit) in jobs.items():
            with notes.failing_alone(name):
                translator = Translator.load(model, plan.accelerator, precision)
                _note(notes, name, plan, device, pictures, partial(_translated, translator, pictures, fit))
    with notes.failing_alone("plain_256px"):
        network = SkipBlock(0, WIDTHS if not plan.is_dry else TOY_WIDTHS).to(device).eval()
        _note(notes, "plain_256px", plan, device, small, partial(_plain, network, small, device))


def _note(
    notes: Notes, name: str, plan: Plan, device: torch.device, pictures: Sequence[RgbImage], call: Call
) -> None:
    before = forget_peak_memory(device)
    seconds = seconds_per_call({name: call}, device, plan.seconds(TURN_S), rounds=plan.size(3, 1), calls=1)[
        name
    ]
    rate = {"pictures_per_s": round(len(pictures) / statistics.median(seconds), 2)}
    notes.add(**{name: rate | peak_memory(device, before)})


def _model(path: Path, width: int) -> Path:
    options = GeneratorOptions(image_size=SIZE, ngf=width)
    use = {"pair_task": "none", "direction": "AtoB", "test_mode": "eval", "precision": "fp32"}
    save_generator(path, build_generator(options).state_dict(), asdict(options) | use)
    return path


def _translated(translator: Translator, pictures: Sequence[RgbImage], fit: Fit) -> int:
    return sum(output.shape[0] for output in translator.stream(pictures, TranslateOptions(fit=fit)))


@torch.inference_mode()
def _plain(network: SkipBlock, pictures: Sequence[RgbImage], device: torch.device) -> None:
    for picture in pictures:
        real_a = torch.from_numpy(picture.transpose(2, 0, 1).copy()).to(device).float().div(127.5).sub(1)
        fake_b = network(real_a[None])[0].add(1).mul(127.5).round().clamp(0, 255).byte()
        fake_b.permute(1, 2, 0).cpu().numpy()
