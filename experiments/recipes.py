"""Recipes: the settings of published systems, and changes to them."""

import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pix2pix.core.errors import InputError
from stages.settings.check import problems
from stages.shared.settings import PARAMS, names_file, read_settings_file

RECIPES = Path("recipes")
SMOKE = "smoke"
WEIGHTS = ("pretrained", "init_from", "feature_weights", "lpips_weights")  # settings that are paths of files
NO_LIMIT = {"max_images", "max_frames_per_clip"}  # settings of which 0 means all
CHANGES = Path("SET")  # stands for a file's name in messages about a wrong change
Settings = dict[str, Any]


def recipe_names() -> list[str]:
    """The recipes that there are."""
    return sorted(path.stem for path in RECIPES.glob("*.yaml") if path.stem != SMOKE)


def read_recipe(name: str) -> Settings:
    """Return the settings of a recipe; those that it leaves out are taken from the last commit.

    The settings in the working folder do not count: an earlier experiment has left them there.

    Raises:
        InputError: there is no such recipe, or one of its settings is wrong.
    """
    path = RECIPES / f"{name}.yaml"
    if name not in recipe_names():
        raise InputError(f"NAME: found {name!r}; input should be one of {', '.join(recipe_names())}")
    settings = committed_params() | read_settings_file(path)
    _check(settings, path)
    return settings


def committed_params() -> Settings:
    """The settings of the last commit.

    Raises:
        InputError: there is none.
    """
    done = subprocess.run(["git", "show", f"HEAD:./{PARAMS}"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"{PARAMS} of the last commit cannot be read: {done.stderr.strip()}")
    return load_params(done.stdout)


def load_params(text: str) -> Settings:
    """Read the text of a params.yaml that has been in use."""
    return dict(YAML(typ="safe", pure=True).load(text))


def parse_changes(text: str, known: Mapping[str, Any]) -> Settings:
    """Read ``key=value`` words, quoted as in a shell; a value is YAML, except where the setting is text.

    Args:
        text: such as ``epochs=2 source='/my photos'``.
        known: all settings; where the one that a word names is text, its value stays text.

    Raises:
        InputError: a word has no ``=``, or a quotation does not end.
    """
    changes = {}
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise InputError(f"{CHANGES}: {text}: {str(error).lower()}; quote it as in a shell") from error
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise InputError(f"{CHANGES}: found {word!r}; expected key=value, with quotes around spaces")
        changes[key] = value if isinstance(known.get(key), str) else _scalar(value)
    return changes


def changed(settings: Mapping[str, Any], changes: Mapping[str, Any], *, smoke: bool = False) -> Settings:
    """Return the settings, made small if wished, with the changes.

    Raises:
        InputError: a change names no setting, or its value is not allowed.
    """
    sizes = [small | dict(changes) for small in (_smallest(settings) if smoke else [dict(settings)])]
    result = next((values for values in sizes if not problems(values, CHANGES)), sizes[-1])
    _check(result, CHANGES)
    return result


def absolute_paths(settings: Mapping[str, Any]) -> Settings:
    """Return the settings with paths as a run in a copy of the project needs them: absolute.

    The copy has only what git tracks.
    """
    named = [key for key in WEIGHTS if names_file(settings[key])]
    if settings["dataset"] == "folder" and "://" not in settings["source"]:
        named.append("source")
    return dict(settings) | {key: str(Path(settings[key]).absolute()) for key in named}


def _smallest(settings: Mapping[str, Any]) -> Iterator[Settings]:
    """Yield the settings, each number at most that of ``smoke.yaml``, with larger and larger pictures."""
    limits = read_settings_file(RECIPES / f"{SMOKE}.yaml")
    small = dict(settings)
    for key, most in limits.items():
        is_all = key in NO_LIMIT and settings[key] == 0
        small[key] = most if is_all else min(settings[key], most)
    while small["image_size"] <= settings["image_size"]:
        yield dict(small)
        small["image_size"] *= 2


def _check(settings: Mapping[str, Any], path: Path) -> None:
    if found := problems(settings, path):
        raise InputError("\n".join(found))


def _scalar(text: str) -> Any:
    """Read a truth value or a number as YAML does; anything else stays text."""
    try:
        value = YAML(typ="safe", pure=True).load(text)
    except YAMLError:
        return text
    return value if isinstance(value, (bool, int, float)) else text
