"""The part ``training``: the paper's networks at 256 px, by a plain loop, by ours, and by ours captured.

``plain``: how common PyTorch implementations train (benchmarks/plain_loop.py): eager, fp32, of which torch
rounds convolutions to TF32 by default, cuDNN looking for the fastest kernels, and one batch that lies in the
card's memory. ``eager``: ours in ``precision: auto`` without capture; ``ours``: as it comes, its steps
captured as CUDA graphs. Both take pairs as a training does, changes and copies included, and note each step's
terms.

``images_per_s``: the median of rounds that take turns. ``tflops``: the operations of the plain loop's step,
of convolutions and products, times the rate; ``share_of_peak``: of the card's bf16 peak in the same run.
``busy_ms`` and ``kernels``: of a step, from a profile; ``idle_share``: the part of a step's time, without the
profiler, in which no kernel ran. ``peak_memory_mb``: of torch's allocations, of one way alone. ``apart``: how
far weights and L1 are from those of uncaptured steps after the same work.
"""

import statistics
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.gpu.clock import (
    Call,
    busy_per_call,
    forget_peak_memory,
    peak_memory,
    seconds_per_call,
    warm_up,
)
from benchmarks.gpu.pairs import repeat, write_pairs
from benchmarks.gpu.record import Notes, Plan
from benchmarks.gpu.ways import Bench, endless, our_step, ours, plain
from pix2pix.machine.device import open_fabric
from pix2pix.machine.memory import keep_freed_memory
from pix2pix.pictures.pairs import TRAIN, VAL
from pix2pix.training.captured_step import FIRST_STEPS

PAIRS = 512  # about as many as facades have; the card holds them
TURN_S = 0.8
PROFILED = 20  # steps
CAPTURED_AFTER = 2 * FIRST_STEPS  # steps before one is timed
COMPARED = 10  # steps after which captured and uncaptured weights are compared


def measure(plan: Plan, notes: Notes, which: str) -> None:
    """Measure all three ways at one size of batches."""
    keep_freed_memory()
    batch = plan.size(int(which), min(int(which), 2))
    device = open_fabric(plan.accelerator).device
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(plan, batch, Path(folder), device)
        data = write_pairs(Path(plan.datasets), bench.pairs, bench.size, plan.size(0, 4))
        repeat(bench.pairs / TRAIN, plan.size(PAIRS, 4))
        repeat(bench.pairs / VAL, 2)
        notes.add(batch=batch, data=data, gflop_per_image=_gflop_per_image(bench))
        ways = _made(bench, notes)
        _time(bench, ways, notes)
        with notes.failing_alone(f"captured beside uncaptured, batch {batch}"):
            notes.add(apart=repeated(bench))


def _made(bench: Bench, notes: Notes) -> dict[str, Call]:
    """Build each way and warm it up; note the memory that it takes, or why it fails."""
    makers: dict[str, Callable[[], Call]] = {
        "plain": lambda: plain(bench),
        "eager": lambda: ours(bench, is_captured=False),
        "ours": lambda: ours(bench, is_captured=True),
    }
    ways: dict[str, Call] = {}
    for name, make in makers.items():
        with notes.failing_alone(f"{name}, batch {bench.batch}"):
            before = forget_peak_memory(bench.device)
            step = make()
            warm_up(step, bench.device, bench.plan.size(CAPTURED_AFTER, 1))
            ways[name] = step
            notes.add(**{name: peak_memory(bench.device, before)})
    return ways


def _time(bench: Bench, ways: Mapping[str, Call], notes: Notes) -> None:
    """Note the rate of each way; then profile each, because a profiler may slow down what comes after it."""
    plan, device = bench.plan, bench.device
    seconds = seconds_per_call(ways, device, plan.seconds(TURN_S), rounds=plan.size(3, 1), calls=1)
    for name, values in seconds.items():
        notes.add(**{name: notes.figures[name] | _rates(bench, values, notes.figures["gflop_per_image"])})
    for name, step in ways.items():
        with notes.failing_alone(f"profile of {name}, batch {bench.batch}"):
            busy = busy_per_call(step, device, PROFILED)
            if busy:
                idle = max(0.0, 1 - busy["busy_ms"] / notes.figures[name]["step_ms"])
                busy["idle_share"] = round(idle, 4)
            notes.add(**{name: notes.figures[name] | busy})
    if {"plain", "ours"} <= seconds.keys():
        ours, plain = (notes.figures[name]["images_per_s"] for name in ("ours", "plain"))
        notes.add(ours_over_plain=round(ours / plain, 2))


def _rates(bench: Bench, seconds: list[float], gflop_per_image: float) -> dict[str, Any]:
    """The figures of a way, from the seconds of a step by round."""
    images_per_s = bench.batch / statistics.median(seconds)
    tflops = images_per_s * gflop_per_image / 1000
    figures = {
        "images_per_s": round(images_per_s, 2),
        "images_per_s_by_round": [round(bench.batch / value, 2) for value in seconds],
        "step_ms": round(1000 * statistics.median(seconds), 3),
        "tflops": round(tflops, 3),
    }
    peak = bench.plan.peak_tflops
    return figures | ({"share_of_peak": round(tflops / peak, 4)} if peak else {})


def _gflop_per_image(bench: Bench) -> float:
    """Operations of a step for one pair, of convolutions and products, there and back."""
    step = bench.plain_step(1)
    with FlopCounterMode(display=False) as counter:
        step()
    return round(float(counter.get_total_flops()) / 1e9, 3)


def repeated(bench: Bench) -> dict[str, dict[str, float]]:
    """How far weights and L1 of the same steps are from those of uncaptured ones, relative to their size.

    Uncaptured steps, taken again, say what there is of it without capture: sums whose order is not fixed.
    """
    weights, l1 = _after_steps(bench, is_captured=False)
    found = {}
    for name, is_captured in (("uncaptured_again", False), ("captured", True)):
        others, other_l1 = _after_steps(bench, is_captured=is_captured)
        apart = float((weights - others).norm() / weights.norm())
        found[name] = {"weights": apart, "l1": abs(l1 - other_l1) / l1}
    return found


def _after_steps(bench: Bench, *, is_captured: bool) -> tuple[Tensor, float]:
    """The weights of G, in one row, and the last step's L1."""
    training = bench.training(seed=1)
    take, batches = our_step(bench.plan, training, is_captured=is_captured), endless(training)
    for number in range(1, bench.plan.size(CAPTURED_AFTER + COMPARED, 2)):
        take([next(batches)], number)
    l1 = float(take([next(batches)], number + 1)["l1"])
    return torch.cat([weight.float().flatten() for weight in training.model.weights().values()]), l1
