"""What a study has measured: a file of figures, curves and names of pictures, run by run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pix2pix.core.errors import InputError
from pix2pix.pages.study.study_file import RESULTS, StudyFile

PICTURES = "pictures"  # a folder beside the files of results
Curve = list[float]  # a value per epoch


@dataclass(frozen=True)
class Result:
    """What one run has given.

    Attributes:
        way: that it ran.
        seed: of it.
        digest: of all its settings and of its data.
        experiment: the name of DVC's experiment.
        facts: pairs by split, epochs, steps, side of the pictures, machine, seconds.
        figures: by their names; those of trivial answers with a prefix.
        curves: values by epoch, by their names.
        pictures: the names of files with the same test inputs, outputs and targets side by side.
    """

    way: str
    seed: int
    digest: str
    experiment: str
    facts: Mapping[str, Any]
    figures: Mapping[str, float]
    curves: Mapping[str, Curve] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is called in the file."""
        return f"{self.way}, seed {self.seed}"


@dataclass(frozen=True)
class Results:
    """A study's file beside what its runs have given, by way, each in the order of the seeds."""

    name: str
    file: StudyFile
    by_way: Mapping[str, list[Result]]

    @property
    def all(self) -> list[Result]:
        """All results, way by way."""
        return [result for results in self.by_way.values() for result in results]

    def values(self, way: str, figure: str) -> list[float]:
        """The values of a figure, seed by seed."""
        return [of.figures[figure] for of in self.by_way.get(way, []) if figure in of.figures]


def results_path(name: str) -> Path:
    """Where the results of a study lie."""
    return RESULTS / f"{name}.json"


def read_runs(name: str) -> dict[str, Result]:
    """The results of a study that have been recorded, by their names; none where there is no file.

    Raises:
        InputError: the file is not one of results.
    """
    path = results_path(name)
    if not path.exists():
        return {}
    try:
        runs = [Result(**run) for run in json.loads(path.read_text())["runs"]]
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path}: this is no file of a study's results: {error}; remove it") from error
    return {run.name: run for run in runs}


def read_study_name(name: str) -> str:
    """The study that results are of: its name, or what they say, such as those of ``norms-smoke``."""
    path = results_path(name)
    return str(json.loads(path.read_text()).get("study", name)) if path.exists() else name


def gathered(name: str, file: StudyFile) -> Results:
    """Put a study's file and its recorded results together; ways that the file no longer has are left out."""
    runs = sorted(read_runs(name).values(), key=lambda run: run.seed)
    return Results(name, file, {way: [run for run in runs if run.way == way] for way in file.ways})
