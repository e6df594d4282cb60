import platform
from pathlib import Path
from typing import Any

import pytest
import torch

from pix2pix.machine.device import has_bf16, open_fabric, pick_device, pictures_at_once

CPUINFO = Path("/proc/cpuinfo")


def dtype_of_products(precision: Any, accelerator: Any = "cpu") -> torch.dtype:
    """That in which a network's layers calculate."""
    fabric = open_fabric(accelerator, precision=precision)
    layer = torch.nn.Linear(4, 4)
    seen: list[torch.dtype] = []
    layer.register_forward_hook(lambda _module, _inputs, output: seen.append(output.dtype))
    network = fabric.setup(layer)
    output = network(torch.zeros(2, 4, device=fabric.device))
    assert output.dtype == layer.weight.dtype == torch.float32
    return seen[0]


@pytest.mark.parametrize(
    ("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float16)]
)
def test_precision_is_of_arithmetic_and_not_of_weights(precision: str, dtype: torch.dtype) -> None:
    assert dtype_of_products(precision) == dtype


@pytest.mark.parametrize(
    ("flags", "dtype"),
    [
        ({"avx512_bf16": True}, torch.bfloat16),
        ({"amx_bf16": True}, torch.bfloat16),
        ({"avx512_bf16": False, "amx_bf16": False, "avx2": True}, torch.float32),
        ({}, torch.float32),
    ],
)
def test_auto_precision_follows_the_processor(
    monkeypatch: pytest.MonkeyPatch, flags: dict[str, bool], dtype: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: flags)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert dtype_of_products("auto") == dtype


@pytest.mark.skipif(not CPUINFO.exists(), reason="needs /proc/cpuinfo")
@pytest.mark.skipif(platform.machine() != "x86_64", reason="flags of x86")
def test_processor_has_bf16_where_linux_lists_it() -> None:
    flags = CPUINFO.read_text().partition("flags")[2].partition("\n")[0].split()
    assert has_bf16("cpu") == ("avx512_bf16" in flags or "amx_bf16" in flags)


@pytest.mark.parametrize("kind", ["mps", "tpu"])
def test_other_devices_stay_with_full_precision(kind: str) -> None:
    assert not has_bf16(kind)


def test_one_process_on_the_cpu() -> None:
    assert pick_device("cpu") == torch.device("cpu")
    for devices in (1, "auto"):
        fabric = open_fabric("cpu", devices=devices)
        assert (fabric.world_size, fabric.global_rank, fabric.is_global_zero) == (1, 0, True)


@pytest.mark.skipif(torch.cuda.is_available() or torch.backends.mps.is_available(), reason="there is a GPU")
def test_auto_takes_the_cpu_where_there_is_no_gpu() -> None:
    assert pick_device("auto").type == "cpu"


@pytest.mark.parametrize(("device", "count"), [("cpu", 4), ("cuda", 32), ("mps", 4)])
def test_gpu_is_given_more_pictures_at_once(device: str, count: int) -> None:
    assert pictures_at_once(4, torch.device(device)) == count


@pytest.mark.gpu
def test_auto_takes_the_gpu() -> None:
    assert pick_device("auto").type == "cuda"
    assert has_bf16("cuda") == (torch.cuda.get_device_capability()[0] >= 8)
    assert dtype_of_products("auto", "cuda") == (torch.bfloat16 if has_bf16("cuda") else torch.float32)
