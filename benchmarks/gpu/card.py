"""The part ``card``: which card, driver and torch, and what the card can do at most.

``bf16_tflops``: a product of two random matrices of 8192 x 8192 in bf16, in 10^12 operations per second.
``fp32_tflops`` and ``tf32_tflops``: the same in fp32, without and with rounding to TF32.
``memory_gb_per_s``: a copy from device memory to device memory, bytes read and written together.
``launch_us``: how long the host takes to start a small kernel.
"""

import os
import platform
import statistics
import subprocess
from typing import Any

import torch

from benchmarks.gpu.clock import seconds_per_call
from benchmarks.gpu.record import Notes, Plan

SIDE = 8192
COPY_BYTES = 4 * 2**30
SECONDS = 0.5


def measure(plan: Plan, notes: Notes, _which: str = "") -> None:
    """Describe the card, and measure its peaks."""
    device = torch.device(plan.accelerator)
    notes.add(**description(device))
    side, seconds = plan.size(SIDE, 64), plan.seconds(SECONDS)
    with notes.failing_alone("bf16 peak"):
        notes.add(bf16_tflops=_tflops(side, torch.bfloat16, device, seconds))
    with notes.failing_alone("fp32 peak"):
        notes.add(fp32_tflops=_tflops(side, torch.float32, device, seconds))
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("high")
        notes.add(tf32_tflops=_tflops(side, torch.float32, device, seconds))
        torch.set_float32_matmul_precision(before)
    with notes.failing_alone("memory bandwidth"):
        notes.add(memory_gb_per_s=_gb_per_s(plan.size(COPY_BYTES, 2**20), device, seconds))
    with notes.failing_alone("launch"):
        notes.add(launch_us=_launch_us(device, seconds / 5))


def description(device: torch.device) -> dict[str, Any]:
    """What the figures are measured on."""
    found: dict[str, Any] = {
        "torch": torch.__version__,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "device": "cpu",
    }
    if device.type != "cuda":
        return found
    card = torch.cuda.get_device_properties(device)
    return found | {
        "device": card.name,
        "capability": f"{card.major}.{card.minor}",
        "multiprocessors": card.multi_processor_count,
        "memory_gb": round(card.total_memory / 1e9, 1),
        "driver": _driver(),
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),  # type: ignore[no-untyped-call]
        "cards": torch.cuda.device_count(),
    }


def _driver() -> str:
    """The driver's version, or that it is unknown."""
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else "unknown"


def _tflops(side: int, dtype: torch.dtype, device: torch.device, turn_s: float) -> float:
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    out = torch.empty_like(a)
    seconds = seconds_per_call({"product": lambda: torch.mm(a, b, out=out)}, device, turn_s)["product"]
    return round(2 * side**3 / statistics.median(seconds) / 1e12, 3)


def _gb_per_s(n_bytes: int, device: torch.device, turn_s: float) -> float:
    source = torch.zeros(n_bytes, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    seconds = seconds_per_call({"copy": lambda: target.copy_(source)}, device, turn_s)["copy"]
    return round(2 * n_bytes / statistics.median(seconds) / 1e9, 1)


def _launch_us(device: torch.device, turn_s: float) -> float:
    small = torch.zeros(1, device=device)
    seconds = seconds_per_call({"add": lambda: small.add_(1)}, device, turn_s)["add"]
    return round(1e6 * statistics.median(seconds), 2)
