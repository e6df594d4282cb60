"""Settings of the machine: how fast, not what. No stage declares them, so a change reruns nothing."""

import os
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from ruamel.yaml import YAML

from pix2pix.core.choices import Accelerator, AllDevices, WherePossible
from pix2pix.core.errors import InputError
from pix2pix.core.options import AtLeastOne, Count
from stages.shared.settings import Settings, read_settings_file, validate

MACHINE = Path("machine.yaml")
ENVIRONMENT_PREFIX = "PIX2PIX_"


class MachineSettings(Settings, frozen=True):
    """Processes, devices and caches."""

    accelerator: Accelerator
    devices: AllDevices | AtLeastOne
    nodes: AtLeastOne
    n_jobs: AtLeastOne
    dask_scheduler: str
    cuda_graphs: WherePossible
    data_on_device: WherePossible
    loader_workers: Count
    cache_gb: Annotated[float, Field(ge=0)]
    checkpoint_minutes: Annotated[float, Field(ge=0)]
    tensorboard: bool


def load_machine(path: Path = MACHINE) -> MachineSettings:
    """Read machine.yaml; an environment variable such as ``PIX2PIX_N_JOBS`` overrides its key.

    Raises:
        InputError: the file cannot be read, or a key of it is missing or has a value that is not allowed; or
            a variable that starts so overrides no key.
    """
    return validate(MachineSettings, read_settings_file(path) | _overrides(), path)


def _overrides() -> dict[str, Any]:
    yaml = YAML(typ="safe", pure=True)
    keys = MachineSettings.model_fields
    given = {
        name.removeprefix(ENVIRONMENT_PREFIX): text
        for name, text in sorted(os.environ.items())
        if name.startswith(ENVIRONMENT_PREFIX) and text
    }
    _refuse_misspelt(given, [key.upper() for key in keys])
    return {key: yaml.load(given[key.upper()]) for key in keys if key.upper() in given}


def _refuse_misspelt(given: Collection[str], known: Sequence[str]) -> None:
    """Refuse variables that look like an override of machine.yaml and are none."""
    for name in given:
        if name not in known:
            likely = get_close_matches(name, known, n=1) or known
            raise InputError(
                f"environment: {ENVIRONMENT_PREFIX}{name}: there is no such setting; did you mean "
                f"{' or '.join(ENVIRONMENT_PREFIX + other for other in likely)}?"
            )
