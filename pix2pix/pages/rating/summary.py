"""What people said about the model's test pictures, as numbers."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import krippendorff
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from pix2pix.core.outputs import write_json
from pix2pix.pages.rating.answers import Answer, read_answers
from pix2pix.pages.rating.questions import QUESTIONS, model_id, picture_id

Figures = dict[str, float]
CONFIDENCE = 0.95
LOWEST_SCORE = 0
HIGHEST_SCORE = 10


def summarize_folder(ratings: Path, results: Path, model: Path, metrics: Path) -> None:
    """Sum up the files of all raters in ``metrics``, and print the figures.

    Args:
        ratings: the folder of the raters' files.
        results: the folder of the translated pictures that they are about.
        model: the file of the model that made them.
        metrics: the JSON file to write.

    Raises:
        InputError: a file is damaged, or there is no model.
    """
    everything = [answer for path in sorted(ratings.glob("*.csv")) for answer in read_answers(path)]
    model_name = model_id(model)
    answers = answers_about(model_name, results, everything)
    figures = summarize_answers(answers)
    rounded = {key: {name: round(value, 4) for name, value in part.items()} for key, part in figures.items()}
    write_json(metrics, ({"model": model_name} if answers else {}) | rounded)
    print(f"ratings: {len(answers)} answers about model {model_name} in {ratings}; `make rate` adds more")
    if left_out := len(everything) - len(answers):
        print(f"ratings: {left_out} answers about other models or other pictures are left out")
    print("\n".join(_lines(figures)))


def summarize_answers(answers: Sequence[Answer]) -> dict[str, Figures]:
    """Sum up answers about one model; those for practice are not counted.

    Returns:
        ``translation`` and ``difference``: mean, standard deviation, confidence interval; ``real_or_fake``:
        the share of fakes taken for real (the fooling rate), and of reals, each with its interval; and of
        each the numbers of raters, pictures and answers, and Krippendorff's alpha where it is defined.
    """
    rows = [answer.model_dump() for answer in answers if not answer.practice]
    table = pd.DataFrame(rows, columns=list(Answer.model_fields))
    table = table.drop_duplicates(["rater", "question", "path"], keep="first")
    figures: dict[str, Figures] = {}
    for question in QUESTIONS["scores"]:
        scores = table[table["question"] == question]
        figures[question] = _score_figures(scores.assign(value=scores["answer"].astype(float)))
    judged = table[table["question"] == "real_or_fake"]
    figures["real_or_fake"] = _judgement_figures(judged.assign(value=(judged["answer"] == "real") * 1.0))
    return figures


def mean_interval(picture_means: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95% confidence interval of a mean score, by Student's t over the pictures.

    The pictures are the random sample. Several raters' scores of one picture are not independent, so they
    count as one, their mean.

    Args:
        picture_means: float64, (pictures,), two or more.
    """
    half = stats.t.ppf((1 + CONFIDENCE) / 2, len(picture_means) - 1) * stats.sem(picture_means)
    mean = float(np.mean(picture_means))
    return max(mean - half, LOWEST_SCORE), min(mean + half, HIGHEST_SCORE)


def share_interval(picture_shares: npt.NDArray[np.float64], n_answers: int) -> tuple[float, float]:
    """Return the 95% confidence interval of a share, Wilson's (1927) on the effective number of answers.

    That number (Kish 1965) is as many independent answers as would vary like the shares of the pictures: no
    fewer than there are pictures, and no more than there are answers. With one rater it is plain Wilson.

    Args:
        picture_shares: the share of each picture's answers, float64 in [0, 1], (pictures,).
        n_answers: the number of all answers.
    """
    n_pictures, share = len(picture_shares), float(np.mean(picture_shares))
    variance = float(np.var(picture_shares, ddof=1)) / n_pictures if n_pictures > 1 else 0.0
    effective = share * (1 - share) / variance if variance > 0 else 0.0
    n = min(max(effective, n_pictures), n_answers)
    z = float(stats.norm.ppf((1 + CONFIDENCE) / 2))
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def agreement(table: pd.DataFrame, level: Literal["interval", "nominal"]) -> Figures:
    """Return Krippendorff's alpha of ``value`` by ``rater`` and ``path``, where it is defined.

    It is not with a single rater, without a picture that two have judged, or where all have said the same.
    Source: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability".
    """
    by_rater = table.pivot(index="rater", columns="path", values="value")
    judged_twice = by_rater.loc[:, by_rater.notna().sum() > 1]
    if judged_twice.empty or np.unique(judged_twice.stack()).size < 2:
        return {}
    return {"alpha": float(krippendorff.alpha(by_rater.to_numpy(), level_of_measurement=level))}


def _score_figures(table: pd.DataFrame) -> Figures:
    figures = _counts(table)
    if table.empty:
        return figures
    picture_means = table.groupby("path")["value"].mean().to_numpy()
    figures["mean"] = float(picture_means.mean())
    if len(picture_means) > 1:
        figures["std"] = float(table["value"].std(ddof=1))
        figures["ci95_low"], figures["ci95_high"] = mean_interval(picture_means)
    return figures | agreement(table, "interval")


def _judgement_figures(table: pd.DataFrame) -> Figures:
    figures = _counts(table)
    for shows, name in (("output", "fooling_rate"), ("target", "reals_taken_for_real")):
        part = table[table["shows"] == shows]
        if part.empty:
            continue
        shares = part.groupby("path")["value"].mean().to_numpy()
        figures[name] = float(shares.mean())
        figures[f"{name}_ci95_low"], figures[f"{name}_ci95_high"] = share_interval(shares, len(part))
    if table.empty:
        return figures
    # Under another seed a picture's other half may have been shown: that is another thing to agree on.
    return figures | agreement(table.assign(path=table["path"] + " " + table["shows"]), "nominal")


def _counts(table: pd.DataFrame) -> Figures:
    return {
        "n_raters": table["rater"].nunique(),
        "n_pictures": table["path"].nunique(),
        "n_answers": len(table),
    }


def answers_about(model: str, results: Path, answers: Sequence[Answer]) -> list[Answer]:
    """Choose the answers that are about this model and the very pictures in ``results``."""
    known: dict[str, str] = {}
    for path in {answer.path for answer in answers if answer.model == model}:
        known[path] = picture_id(results / path) if (results / path).is_file() else ""
    return [answer for answer in answers if answer.model == model and known[answer.path] == answer.picture]


def _lines(figures: Mapping[str, Figures]) -> list[str]:
    lines = []
    for question, numbers in figures.items():
        shown = ", ".join(f"{name} {value:.4g}" for name, value in numbers.items())
        lines.append(f"ratings: {question}: {shown if numbers['n_answers'] else 'no answers'}")
    return lines
