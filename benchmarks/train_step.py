"""A training step at 256 px with the full networks, beside a plain loop and the processor's own rate.

The plain loop is how common PyTorch implementations train (benchmarks/plain_loop.py). Ours runs with the
paper's networks and ``precision: auto``. Each runs in a process of its own, because ours changes the
allocator; they take turns, a few steps at a time.

``speedup_batch1``, ``speedup_batch8``: images per second, ours over the plain loop's (medians of rounds).
``peak_share_batch1``, ``peak_share_batch8``: floating-point operations of a step per second, ours over those
of a large bf16 convolution, measured in the same rounds.
``loader_batch1_64px``, ``loader_batch1_256px``: the time of a step with pairs from the loader over that with
a batch that lies in memory. ``memory_gb_512px``, ``memory_gb_1024px``: peak memory of steps at batch 1.
"""

import itertools
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.comparisons import PLAIN_RECIPE, RECIPES
from benchmarks.plain_loop import plain_step
from benchmarks.timing import Step, in_process, print_machine, print_result, seconds_per_step, speedup
from pix2pix.machine.device import open_fabric
from pix2pix.machine.memory import keep_freed_memory
from pix2pix.machine.prefetch import on_device
from pix2pix.pictures.images import write_png
from pix2pix.training.build import build_model, build_training
from pix2pix.training.options import MachineOptions
from stages.settings.train import TrainSettings
from stages.shared.settings import read_settings_file, validate

ROUNDS = 7
LOADER_ROUNDS = 15
STEPS = {1: 4, 8: 1}  # per round, by batch size
LOADER_STEPS = {64: 20, 256: 4}  # per round, by side in px
PAPER = RECIPES / f"{PLAIN_RECIPE}.yaml"
CONVOLUTION = (16, 512, 32, 512, 3)  # pictures, channels, side in px, channels out, kernel


def main() -> None:
    """Measure, and print the figures."""
    print_machine()
    figures: dict[str, float] = {}
    for batch in STEPS:
        figures |= _beside_a_plain_loop(batch)
    for size in LOADER_STEPS:
        figures[f"loader_batch1_{size}px"] = in_process(_loader_over_memory, size)
    for size in (512, 1024):
        figures[f"memory_gb_{size}px"] = in_process(_peak_memory_gb, size)
    print_result(**figures)


def _beside_a_plain_loop(batch: int) -> dict[str, float]:
    step_gflop = _step_gflop(batch)
    gflop = {"ours": step_gflop, "plain loop": step_gflop, "convolution": _convolution_gflop()}
    ways: dict[str, Callable[[], Step]] = {
        "ours": partial(_ours, batch),
        "plain loop": partial(_plain, batch),
        "convolution": _convolution,
    }
    seconds = seconds_per_step(ways, STEPS[batch], ROUNDS)
    rates = {name: gflop[name] / statistics.median(values) for name, values in seconds.items()}
    for name, values in seconds.items():
        rounds = ", ".join(f"{value:.3f}" for value in values)
        print(f"batch {batch}, {name:12} {rates[name]:6.0f} GFLOP/s; seconds by round: {rounds}", flush=True)
    return {
        f"speedup_batch{batch}": speedup(seconds, "ours", over="plain loop"),
        f"peak_share_batch{batch}": round(rates["ours"] / rates["convolution"], 3),
    }


def _settings(size: int) -> TrainSettings:
    changes = {"image_size": size, "precision": "auto", "compile": False}
    return validate(TrainSettings, read_settings_file(PAPER) | changes, PAPER)


def _ours(batch: int, size: int = 256) -> Step:
    keep_freed_memory()
    settings = _settings(size)
    model = build_model(open_fabric("auto", precision=settings.precision), settings)
    pairs = _random_pairs(batch, size).to(model.fabric.device)
    numbers = itertools.count(1)
    return lambda: model.step([pairs], next(numbers))


def _plain(batch: int) -> Step:
    real_a, real_b = _random_pairs(batch, 256).unbind(1)
    return plain_step(real_a, real_b)


def _convolution() -> Step:
    pictures, inputs, side, outputs, kernel = CONVOLUTION
    layer = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2).bfloat16()
    layer = layer.to(memory_format=torch.channels_last).requires_grad_(False)
    x = torch.rand(pictures, inputs, side, side, dtype=torch.bfloat16)
    x = x.contiguous(memory_format=torch.channels_last)
    return lambda: layer(x)


def _convolution_gflop() -> float:
    pictures, inputs, side, outputs, kernel = CONVOLUTION
    return 2 * pictures * inputs * side**2 * outputs * kernel**2 / 1e9


def _step_gflop(batch: int) -> float:
    step = _plain(batch)
    with FlopCounterMode(display=False) as counter:
        step()
    return float(counter.get_total_flops()) / 1e9


def _random_pairs(batch: int, size: int) -> Tensor:
    return torch.rand(batch, 2, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1


def _loader_over_memory(size: int) -> float:
    """The time of a step with pairs from the loader over that with a batch that lies in memory."""
    keep_freed_memory()
    settings = _settings(size)
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        for split in ("train", "val"):
            for number in range(200):
                noise = (
                    rng.integers(0, 255, (8, 16, 3), dtype=np.uint8).repeat(size // 8, 0).repeat(size // 8, 1)
                )
                write_png(Path(folder, split, f"{number}.png"), noise)
        fabric = open_fabric("auto", precision=settings.precision)
        training = build_training(fabric, settings, Path(folder), machine=MachineOptions(cache_gb=4))
    in_memory = next(iter(on_device(training.loader, fabric.device)))
    seconds: dict[str, list[float]] = {"loader": [], "memory": []}
    for _ in range(LOADER_ROUNDS):
        for way, values in seconds.items():
            batches = iter(on_device(training.loader, fabric.device))
            pairs = (next(batches) if way == "loader" else in_memory for _ in range(LOADER_STEPS[size]))
            start = time.perf_counter()
            for number, batch in enumerate(pairs, start=1):
                training.model.step([batch], number)
            values.append((time.perf_counter() - start) / LOADER_STEPS[size])
    ratios = [loader / memory for loader, memory in zip(seconds["loader"], seconds["memory"], strict=True)]
    medians = ", ".join(f"{way} {1000 * statistics.median(values):.1f} ms" for way, values in seconds.items())
    print(f"{size} px: {medians}", flush=True)
    return float(round(statistics.median(ratios[1:]), 3))


def _peak_memory_gb(size: int) -> float:
    step = _ours(1, size)
    start = time.perf_counter()
    step()
    step()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{size} px: {(time.perf_counter() - start) / 2:.1f} s per step, peak memory {peak:.1f} GB",
        flush=True,
    )
    return round(peak, 2)


if __name__ == "__main__":
    main()
