import os
import subprocess
import sys

import pytest

SHOWN = "import pix2pix.machine.device, torch, os; print(os.environ['OMP_WAIT_POLICY'])"


@pytest.mark.parametrize(("given", "expected"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_sleep_while_they_wait_unless_somebody_says_otherwise(
    given: str | None, expected: str
) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"}
    environment |= {} if given is None else {"OMP_WAIT_POLICY": given}
    command = [sys.executable, "-c", SHOWN]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == expected


def test_nothing_brings_torch_before_it_is_said_how_its_threads_wait() -> None:
    code = "import sys, pix2pix; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
