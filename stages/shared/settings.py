"""Reading and checking settings files: one typed model per stage, every value checked before any work."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pix2pix.core.errors import InputError

PARAMS = Path("params.yaml")
_loaded: list["Settings"] = []  # by this process, of params.yaml


class SettingsError(InputError):
    """Settings are missing or not allowed: a line for each."""


class Settings(BaseModel, strict=True, frozen=True, extra="ignore"):
    """Settings of one stage: the keys of the file that it names, and no others.

    A stage's settings are its own fields and those of the library's options that it inherits. All must be in
    the file: the options' defaults are for who uses the library alone.
    """

    def check_hashes(self, *names: str) -> None:
        """Check that a path in one of these settings comes with its sha256, in ``<name>_sha256``.

        Raises:
            ValueError: it does not.
        """
        for name in names:
            path = getattr(self, name)
            if names_file(path) and not getattr(self, f"{name}_sha256"):
                raise ValueError(f"{name}_sha256: it is missing; `sha256sum {path}` prints it")


def names_file(value: object) -> bool:
    """Whether the value of a setting that may be a path is one, and not empty, a truth value or ``auto``."""
    return isinstance(value, str) and value not in ("", "auto")


SettingsT = TypeVar("SettingsT", bound=Settings)


def read_settings_file(path: Path) -> dict[str, Any]:
    """Read a flat YAML file, as YAML 1.2, the dialect in which DVC reads it: ``1e-4`` is a number.

    Raises:
        InputError: the file is missing, is not YAML, or is not a table of settings.
    """
    try:
        values = YAML(typ="safe", pure=True).load(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except YAMLError as error:
        raise InputError(f"{path}: {error}") from error
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected lines of `key: value`, found {type(values).__name__}")
    return values


def validate(model: type[SettingsT], values: dict[str, Any], path: Path) -> SettingsT:
    """Check ``values`` against ``model``.

    Raises:
        SettingsError: a line for each key that is missing or whose value is not allowed.
    """
    problems = [f"{path}: {key}: this key is missing" for key in model.model_fields if key not in values]
    try:
        checked = model.model_validate(values)
    except ValidationError as error:
        details = [detail for detail in error.errors() if detail["type"] != "missing"]
        problems += [_explain(path, detail) for detail in details]
    if problems:
        raise SettingsError("\n".join(problems))
    return checked


def load_settings(model: type[SettingsT], path: Path = PARAMS) -> SettingsT:
    """Read the settings of a stage from ``path``.

    Raises:
        InputError: the file cannot be read, or a key of it is missing or has a value that is not allowed.
    """
    settings = validate(model, read_settings_file(path), path)
    if path == PARAMS:
        _loaded.append(settings)
    return settings


def check_unchanged() -> None:
    """Check that params.yaml still has the settings that this process has worked by.

    DVC notes those that are there at the end: an experiment that was started meanwhile has put in others.

    Raises:
        InputError: it has others.
    """
    now = read_settings_file(PARAMS)
    for settings in _loaded:
        found = validate(type(settings), now, PARAMS)
        changed = [key for key, value in settings if getattr(found, key) != value]
        if changed:
            raise InputError(
                f"{PARAMS}: {', '.join(changed)} changed while this stage ran, and DVC would note the new "
                "value beside results of the old one; run it again when no other run is going on"
            )


def _explain(path: Path, detail: Any) -> str:
    key = ".".join(str(part) for part in detail["loc"]) or "settings"
    if detail["type"] == "value_error":
        return f"{path}: {key}: {detail['ctx']['error']}"
    return f"{path}: {key}: found {detail['input']!r}; {detail['msg'].lower()}"
