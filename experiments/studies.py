"""Studies: a grid of settings, each point of which is run as an experiment, with several seeds."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from experiments.recipes import (
    SMOKE,
    Settings,
    absolute_paths,
    changed,
    parse_changes,
    read_recipe,
)
from experiments.study_data import subset_folder
from pix2pix.core.errors import InputError
from pix2pix.pages.study.study_file import STUDIES, StudyFile, read_study_file
from stages.settings.check import problems

RECIPE = "recipe"  # among the settings of a value: another recipe than the study's
FULL = "full"
OF_NO_EFFECT = ("source", "seed", "keep_every", "sample_every")  # on the kind of a run; its data count


@dataclass(frozen=True)
class Run:
    """A run of a study.

    Attributes:
        way: the values of its settings on each axis, or the recommended recipe.
        seed: of the run.
        settings: all settings.
        data: what it learns from: the label of a subset, or the path or address of a source.
    """

    way: str
    seed: int
    settings: Settings
    data: str

    @property
    def name(self) -> str:
        """What its result is called."""
        return f"{self.way}, seed {self.seed}"

    def experiment(self, study: str) -> str:
        """The name of its experiment, which starts with ``study``, that of the study."""
        return f"{study}-{self.way}-seed{self.seed}"

    def tags(self, study: str) -> str:
        """What the commit of its experiment says."""
        return f"study: {study}; way: {self.way}; seed: {self.seed}"

    @property
    def digest(self) -> str:
        """A hash of its data and of all settings that change its result.

        What is off counts as not there: a new setting changes no digest where it is off.
        """
        values = {key: value for key, value in self.settings.items() if value and key not in OF_NO_EFFECT}
        text = json.dumps({"data": self.data, "seed": self.seed, "settings": values}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Study:
    """A study: the name of its results, that of its file, the file and its runs, seed by seed."""

    name: str
    of: str
    file: StudyFile
    runs: list[Run]


def read_study(name: str, changes: str = "", *, smoke: bool = False, full: bool = False) -> Study:
    """Read a study, with the settings of its runs.

    Args:
        name: the name of its file, without the suffix.
        changes: settings to change in all runs, such as ``epochs=2 batch_size=4``; where they name a dataset,
            it takes the place of the study's.
        smoke: make the runs small, with one seed.
        full: leave the runs as large as who claims something had them, with data of its recipe.

    Raises:
        InputError: there is no such study, or a setting is wrong.
    """
    file = read_study_file(name)
    path = STUDIES / f"{name}.yaml"
    points = {way: _settings(file, way, path, smoke, full) for way in file.ways}
    same_size = {"image_size": max(settings["image_size"] for settings in points.values())} if smoke else {}
    runs = []
    seeds = range(1, (1 if smoke else file.seeds) + 1)
    for way, seed in [(way, seed) for seed in seeds for way in file.points] + [
        (file.recommended.recipe, seed) for seed in seeds if file.recommended
    ]:
        given = parse_changes(changes, points[way])
        is_subset = not full and not {"dataset", "source"} & given.keys()
        data = _data(file) if is_subset else {}
        wanted = changed(points[way], same_size | data | given | {"seed": seed})
        label = file.data.label if is_subset else str(wanted["source"] or wanted["dataset"])
        runs.append(Run(way, seed, absolute_paths(wanted), label))
    return Study(_name(name, changes, smoke, full), name, file, runs)


def _name(name: str, changes: str, smoke: bool, full: bool) -> str:
    """The name of the results: those of other settings are no results of the study's file."""
    parts = [name, *([FULL] if full else []), *([SMOKE] if smoke else [])]
    if changes.strip():
        parts.append(hashlib.sha256(" ".join(changes.split()).encode()).hexdigest()[:6])
    return "-".join(parts)


def _data(file: StudyFile) -> Settings:
    return {"dataset": "folder", "layout": "pairs", "source": str(subset_folder(file.data)), "max_images": 0}


def _settings(file: StudyFile, way: str, path: Path, smoke: bool, full: bool) -> Settings:
    """All settings of a way, but for its data and seed."""
    if file.recommended and way == file.recommended.recipe:
        recipe, own = way, dict(file.recommended.settings)
    else:
        own = dict(file.settings) | ({} if full else file.size)
        for axis, value in zip(file.grid.values(), file.points[way], strict=True):
            own |= axis[value]
        recipe = own.pop(RECIPE, file.recipe)
    settings = read_recipe(recipe) | own
    if found := problems(settings, path):
        raise InputError("\n".join(found))
    return changed(settings, {}, smoke=smoke)
