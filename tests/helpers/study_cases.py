"""A study of two ways whose results are written here."""

from collections.abc import Mapping, Sequence
from typing import Any

from pix2pix.pages.study.results import Result, Results
from pix2pix.pages.study.study_file import StudyFile

ANSWERS = {"baseline_input_l1": 0.4, "baseline_mean_l1": 0.16, "baseline_input_ssim": -0.01}
FACTS = {
    "pairs": {"train": 40, "val": 10, "test": 5},
    "batch_size": 1,
    "image_size": 64,
    "epochs": 3,
    "steps": 120,
}
CLAIM: dict[str, Any] = {
    "says": "b is better",
    "where": "a report, section 1",
    "metric": "l1",
    "lower": ["b"],
    "than": ["a"],
}


def study_file(**changes: Any) -> StudyFile:
    """The file of a study of the ways a and b, with the recommended recipe ``best``."""
    values: dict[str, Any] = {
        "title": "A and b <1>",
        "about": "Which of `a` and `b`.",
        "recipe": "isola_facades",
        "data": {"dataset": "facades", "train": 40, "val": 10},
        "seeds": 3,
        "grid": {"norm": {"a": {}, "b": {}}},
        "recommended": {"recipe": "best"},
        "claims": [CLAIM],
    }
    return StudyFile.model_validate(values | changes)


def result(way: str, seed: int, l1: float, **more: Any) -> Result:
    """The result of a run with this L1, and SSIM its complement."""
    figures = {"l1": l1, "ssim": round(1 - l1, 4), **ANSWERS}
    curves = {"val_l1": [3 * l1, 2 * l1, l1], "train_l1": [2 * l1, l1, l1 / 2]}
    values = {"experiment": f"ab-{way}-seed{seed}", "facts": FACTS, "figures": figures, "curves": curves}
    return Result(way=way, seed=seed, digest=f"{way}{seed}", **(values | more))


def results(values: Mapping[str, Sequence[float]], **changes: Any) -> Results:
    """Results with an L1 for each seed, by way."""
    file = study_file(**changes)
    by_way = {
        way: [result(way, seed, l1) for seed, l1 in enumerate(values.get(way, ()), start=1)]
        for way in file.ways
    }
    return Results("ab", file, by_way)
