"""Memory: how much is used, and keeping what is freed."""

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from pix2pix.core.errors import InputError, first_line

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of glibc's malloc.h


def keep_freed_memory() -> None:
    """Let the process keep what it frees, where the system is Linux with glibc.

    Otherwise every large tensor is given back to the system and asked for again at every step, which costs
    page faults: about a fifth of the time of a step on a CPU.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(M_MMAP_MAX, 0)
    libc.mallopt(M_TRIM_THRESHOLD, -1)


@contextmanager
def explained_out_of_memory() -> Iterator[None]:
    """Say which settings to lower when memory runs out.

    Raises:
        InputError: it has.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        is_out = isinstance(error, torch.OutOfMemoryError | MemoryError)
        if not (is_out or "can't allocate memory" in str(error)):
            raise
        raise InputError(
            "out of memory: lower batch_size (accumulate_steps makes up for it), image_size, ngf or ndf, or "
            f"cache_gb in machine.yaml, or take precision: bf16 ({first_line(error)})"
        ) from error


def gpu_memory(device: torch.device) -> dict[str, float]:
    """Return the peak memory that torch took of a GPU, by name; nothing for other devices."""
    if device.type != "cuda":
        return {}
    return {"gpu_peak_memory_mb": round(torch.cuda.max_memory_allocated(device) / 1e6)}
