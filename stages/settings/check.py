"""The settings of all stages together."""

import importlib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pix2pix.core.errors import InputError
from stages.settings.build_pairs import BuildPairsSettings
from stages.settings.crop_faces import CropFacesSettings
from stages.settings.download import DownloadSettings
from stages.settings.evaluate import EvaluateSettings
from stages.settings.extract_frames import ExtractFramesSettings
from stages.settings.train import TrainSettings
from stages.shared.machine import MACHINE, MachineSettings, load_machine
from stages.shared.settings import PARAMS, Settings, SettingsError, read_settings_file, validate

STAGE_SETTINGS: dict[str, type[Settings]] = {
    "download": DownloadSettings,
    "extract_frames": ExtractFramesSettings,
    "crop_faces": CropFacesSettings,
    "build_pairs": BuildPairsSettings,
    "train": TrainSettings,
    "evaluate": EvaluateSettings,
}


def check_all() -> None:
    """Check params.yaml for every stage, machine.yaml, and that OpenCV can be loaded.

    Raises:
        InputError: a line for each key that is unknown, missing or whose value is not allowed, or what
            OpenCV lacks.
    """
    try:
        importlib.import_module("pix2pix.pictures.opencv")
    except ImportError as error:
        raise InputError(str(error)) from error
    found = problems(read_settings_file(PARAMS), PARAMS)
    found += problems(read_settings_file(MACHINE), MACHINE, [MachineSettings])
    if found:
        raise SettingsError("\n".join(found))
    load_machine()


def check_source(dataset: str, source: str) -> None:
    """Check that there is something at a path that ``source`` is: DVC looks at it before any stage runs.

    Raises:
        InputError: there is nothing.
    """
    from pix2pix.download.sources import is_address  # its tools for downloads are slow to import

    if is_address(source) or Path(source).exists():
        return
    what_to_do = "give the path of a folder, zip or tar, or an address"
    if dataset != "folder":
        what_to_do = f"dataset: {dataset} does not read it, but DVC looks at it: set it to data/input"
    raise InputError(f"{PARAMS}: source: found {source!r}, where there is nothing; {what_to_do}")


def problems(
    values: Mapping[str, Any], path: Path, models: Sequence[type[Settings]] = tuple(STAGE_SETTINGS.values())
) -> list[str]:
    """Return a line for each key of ``values`` that is unknown, missing or whose value is not allowed.

    Args:
        values: what to check.
        path: where they stand, for the lines.
        models: the settings that they are; by default those of all stages.
    """
    known = {key for model in models for key in model.model_fields}
    found = [_unknown(path, key, known) for key in values if key not in known]
    for model in models:
        try:
            validate(model, dict(values), path)
        except InputError as error:
            found += str(error).splitlines()
    return list(dict.fromkeys(found))


def _unknown(path: Path, key: str, known: set[str]) -> str:
    close = get_close_matches(str(key), known, n=1)
    return f"{path}: {key}: there is no such setting" + (f"; did you mean {close[0]}?" if close else "")
