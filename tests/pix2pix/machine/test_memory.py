import platform
import subprocess
import sys

import pytest
import torch
from conftest import PROJECT

from pix2pix.core.errors import InputError
from pix2pix.machine.memory import explained_out_of_memory, gpu_memory

MEASURED = """
import psutil, torch
from pix2pix.machine.memory import keep_freed_memory

def kept_mb():
    before = psutil.Process().memory_info().rss
    tensor = torch.ones(50_000_000)
    del tensor
    return (psutil.Process().memory_info().rss - before) / 1e6

by_default = kept_mb()
keep_freed_memory()
print(by_default, kept_mb())
"""


def test_lack_of_memory_is_explained_with_the_settings_to_lower() -> None:
    with pytest.raises(InputError) as error, explained_out_of_memory():
        torch.empty(1 << 50)
    for setting in (
        "batch_size",
        "accumulate_steps",
        "image_size",
        "ngf",
        "ndf",
        "cache_gb",
        "precision: bf16",
    ):
        assert setting in str(error.value)
    assert "tried to allocate" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("error", [RuntimeError("shapes do not match"), ValueError("x"), InputError("y")])
def test_other_errors_stay_as_they_are(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, explained_out_of_memory():
        raise error
    assert raised.value is error


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="malloc's options are glibc's")
def test_freed_memory_is_kept() -> None:
    run = subprocess.run(
        [sys.executable, "-c", MEASURED], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    by_default, kept = map(float, run.stdout.split())
    assert by_default < 50 and kept > 150


def test_other_devices_than_gpus_have_no_memory_of_their_own() -> None:
    assert gpu_memory(torch.device("cpu")) == {}


@pytest.mark.gpu
def test_lack_of_gpu_memory_is_explained_and_its_peak_told() -> None:
    with pytest.raises(InputError, match="out of memory: lower batch_size"), explained_out_of_memory():
        torch.empty(1 << 45, device="cuda")
    torch.empty(25_000_000, device="cuda")
    assert gpu_memory(torch.device("cuda"))["gpu_peak_memory_mb"] >= 100
