"""Settings of the machine: how fast, not what. No stage declares them, so a change reruns nothing."""

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from ruamel.yaml import YAML

from pix2pix.core.choices import Accelerator, AllDevices
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
    loader_workers: Count
    cache_gb: Annotated[float, Field(ge=0)]
    checkpoint_minutes: Annotated[float, Field(ge=0)]
    tensorboard: bool


def load_machine(path: Path = MACHINE) -> MachineSettings:
    """Read machine.yaml; an environment variable such as ``PIX2PIX_N_JOBS`` overrides its key.

    Raises:
        InputError: the file cannot be read, or a key of it is missing or has a value that is not allowed.
    """
    return validate(MachineSettings, read_settings_file(path) | _overrides(), path)


def _overrides() -> dict[str, Any]:
    yaml = YAML(typ="safe", pure=True)
    variables = {
        key: os.environ.get(ENVIRONMENT_PREFIX + key.upper()) for key in MachineSettings.model_fields
    }
    return {key: yaml.load(text) for key, text in variables.items() if text}
