"""Studies: a grid of settings, each point of which is run as an experiment, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from experiments.dvc_runs import Experiment, execute, exp_run, experiments, numbered, remove_leftovers
from experiments.recipes import (
    SMOKE,
    Settings,
    absolute_paths,
    changed,
    load_params,
    parse_changes,
    read_recipe,
)
from pix2pix.core.errors import InputError
from stages.settings.check import problems
from stages.shared.settings import PARAMS, read_settings_file

STUDIES = Path("studies")
RECIPE = "recipe"  # among the settings of a value: another recipe than the study's


class StudyFile(BaseModel):
    """What a study's file holds.

    Attributes:
        title: the title of its table and figure.
        claim: what somebody says the settings do, and where it is said.
        recipe: the recipe whose settings all runs share.
        settings: the settings that all runs change.
        grid: the values of each axis, with the settings of each value. Each combination is a run.
    """

    model_config = ConfigDict(strict=True, extra="forbid")

    title: str
    claim: str
    recipe: str
    settings: dict[str, Any] = Field(default_factory=dict)
    grid: dict[str, dict[str, dict[str, Any]]] = Field(min_length=1)


@dataclass(frozen=True)
class Run:
    """A run of a study.

    Attributes:
        values: its value on each axis.
        settings: all settings.
    """

    values: tuple[str, ...]
    settings: Settings

    def name(self, study: str) -> str:
        """The name of its experiment, which starts with ``study``, the study's name."""
        return "-".join((study, *self.values))


@dataclass(frozen=True)
class Study:
    """A study: the name that its experiments start with, its file and its runs."""

    name: str
    file: StudyFile
    runs: list[Run]


def study_names() -> list[str]:
    """The studies that there are."""
    return sorted(path.stem for path in STUDIES.glob("*.yaml"))


def read_study(name: str, changes: str = "", *, smoke: bool = False) -> Study:
    """Read a study, with the settings of its runs.

    Args:
        name: the name of its file, without the suffix.
        changes: settings to change in all runs, such as ``epochs=2 batch_size=4``.
        smoke: make the runs small.

    Raises:
        InputError: there is no such study, or a setting is wrong.
    """
    path = STUDIES / f"{name}.yaml"
    if name not in study_names():
        raise InputError(f"NAME: found {name!r}; input should be one of {', '.join(study_names())}")
    try:
        file = StudyFile.model_validate(read_settings_file(path))
    except ValidationError as error:
        raise InputError(f"{path}: {error}") from None
    grid = list(product(*file.grid.values()))
    points = [_settings(file, values, path, smoke) for values in grid]
    same_size = {"image_size": max(settings["image_size"] for settings in points)} if smoke else {}
    runs = []
    for values, settings in zip(grid, points, strict=True):
        wanted = changed(settings, same_size | parse_changes(changes, settings))
        runs.append(Run(values, absolute_paths(wanted)))
    return Study(f"{name}-{SMOKE}" if smoke else name, file, runs)


def _settings(file: StudyFile, values: tuple[str, ...], path: Path, smoke: bool) -> Settings:
    """All settings of the run with these values, one of each axis."""
    own = dict(file.settings)
    for axis, value in zip(file.grid.values(), values, strict=True):
        own |= axis[value]
    settings = read_recipe(own.pop(RECIPE, file.recipe)) | own
    if found := problems(settings, path):
        raise InputError("\n".join(found))
    return changed(settings, {}, smoke=smoke)


def run_study(study: Study, *, force: bool = False) -> tuple[str, list[Experiment]]:
    """Do the runs that have not been done yet, one after the other.

    Each runs in a copy of the project, so that the working folder stays as it is. A run that was killed
    continues from the state that its training has kept.

    Returns:
        the name that the experiments start with, which is numbered where those of the study's own name have
        other settings; and the experiments, in the order of the runs.
    """
    done = experiments()
    if force and (names := [run.name(study.name) for run in study.runs if run.name(study.name) in done]):
        execute(["dvc", "exp", "remove", *names])
        done = experiments()
    series = series_name(study, done)
    for number, run in enumerate(study.runs, start=1):
        name = run.name(series)
        state = f" is done, on commit {done[name].baseline[:7]}" if name in done else ""
        print(f"study: {number} of {len(study.runs)}: {name}{state}", flush=True)
        if name not in done:
            remove_leftovers(name)
            execute(exp_run(name, run.settings, "--temp"))
    done = experiments()
    return series, [done[run.name(series)] for run in study.runs]


def series_name(study: Study, done: Mapping[str, Experiment]) -> str:
    """Return the study's name, or the first numbered one under which nothing has run with other settings."""
    return next(name for name in numbered(study.name) if _fits(study, name, done))


def _fits(study: Study, name: str, done: Mapping[str, Experiment]) -> bool:
    """Whether the experiments of this name, where they have run, have the settings of the study's runs."""
    return all(
        load_params(done[own].read(PARAMS)) == run.settings
        for run in study.runs
        if (own := run.name(name)) in done
    )
