"""The devices that work runs on, and in which precision."""

import platform

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.precision import MixedPrecision
from lightning_fabric.plugins.precision import Precision as FullPrecision
from lightning_fabric.strategies.ddp import DDPStrategy

from pix2pix.core.choices import Accelerator, AllDevices, Precision

GPU_FACTOR = 8  # so many times as many pictures at once as on a CPU


def open_fabric(
    accelerator: Accelerator,
    *,
    precision: Precision = "fp32",
    devices: int | AllDevices = 1,
    nodes: int = 1,
) -> Fabric:
    """Return a Fabric, and start the processes of the other devices, where there are to be more.

    Args:
        accelerator: what kind of device; ``auto`` takes a GPU where there is one.
        precision: of arithmetic, not of weights, which stay in fp32; ``auto`` is bf16 where the device has it
            in hardware, else fp32.
        devices: of this machine; ``auto`` takes all of its GPUs, or one process on a CPU.
        nodes: machines, each of which runs the same command.
    """
    kind = _kind(accelerator)
    count = (torch.cuda.device_count() if kind == "cuda" else 1) if devices == "auto" else devices
    fabric = Fabric(
        accelerator=kind,
        devices=count,
        num_nodes=nodes,
        # Buffers, such as those of batch norm, stay each process's own; the first one's are saved.
        strategy=DDPStrategy(forward_sync_buffers=False) if count * nodes > 1 else "auto",
        plugins=_precision(precision, kind),
    )
    fabric.launch()
    return fabric


def pick_device(accelerator: Accelerator) -> torch.device:
    """Return the one device that ``open_fabric`` would use."""
    return open_fabric(accelerator).device


def tune_for_training(device: torch.device) -> None:
    """Let a GPU look for its fastest kernels, since all pictures are of one size, and multiply fp32 as TF32.

    Deterministic algorithms, where somebody asked torch for them, are not traded for faster ones.
    """
    if device.type != "cuda":
        return
    torch.backends.cudnn.benchmark = not torch.are_deterministic_algorithms_enabled()
    torch.set_float32_matmul_precision("high")


def pictures_at_once(on_cpu: int, device: torch.device) -> int:
    """How many pictures a network is given at once: ``on_cpu`` on a CPU, more where that keeps a GPU busy."""
    return GPU_FACTOR * on_cpu if device.type == "cuda" else on_cpu


def has_bf16(kind: str) -> bool:
    """Whether the devices of a kind multiply bf16 in hardware."""
    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if kind == "cpu" and platform.machine() in ("x86_64", "AMD64"):
        able = torch.cpu.get_capabilities()
        return bool(able.get("avx512_bf16") or able.get("amx_bf16"))
    return False


def _kind(accelerator: Accelerator) -> str:
    if accelerator != "auto":
        return accelerator
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _precision(precision: Precision, kind: str) -> FullPrecision:
    if precision == "auto":
        precision = "bf16" if has_bf16(kind) else "fp32"
    if precision == "bf16":
        return MixedPrecision("bf16-mixed", kind)
    # One scale serves two optimisers: each step divides by the scale that its own backward pass used.
    return MixedPrecision("16-mixed", kind) if precision == "fp16" else FullPrecision()
