"""From a row per picture to a few numbers: means and spread over all pictures, and means by class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from pix2pix.core.choices import BACK_PREFIX
from pix2pix.evaluation.artefacts import ARTEFACTS, Traces, artefacts
from pix2pix.evaluation.measurement import BASELINE_MEAN, Measured
from pix2pix.evaluation.metrics import METRICS
from pix2pix.evaluation.options import COUNTS, CYCLE
from pix2pix.items.manifest import kept_rows
from pix2pix.pictures.pairs import TEST
from pix2pix.realism.options import BASELINE_INPUT

DECIMALS = 6
PERCENTILES = {"p5": 0.05, "p95": 0.95}


@dataclass(frozen=True)
class Evaluated:
    """What an evaluation found.

    Attributes:
        figures: flat, by name.
        per_image: a row per translated picture.
        lines: the figures, laid out to be printed.
        notes: lines on what was left out, why, and what to mind.
    """

    figures: Mapping[str, float]
    per_image: pd.DataFrame
    lines: Sequence[str]
    notes: Sequence[str] = field(default_factory=list)

    @property
    def metrics(self) -> dict[str, Any]:
        """The figures, and where there are notes, these in one text."""
        return dict(self.figures) | ({"notes": "; ".join(self.notes)} if self.notes else {})


def notes_on_films(manifest: Path) -> list[str]:
    """Say how many test pictures are of films that training saw, by the manifest that build_pairs wrote."""
    if not manifest.exists():  # of pairs that something else has made
        return []
    rows = [row for row in kept_rows(manifest) if row["split"] == TEST]
    n_cut = sum(bool(row.get("cut_recording")) for row in rows)
    if not n_cut:
        return []
    return [
        f"{n_cut} of {len(rows)} test pictures come from the same film as training pictures, as recordings "
        "were too few to be split whole: on other films the model may be worse than these figures"
    ]


def summarize(measured: Measured) -> dict[str, float]:
    """Average every measurement over the pictures.

    Args:
        measured: the measurements, a row per picture.

    Returns:
        flat figures: ``n_images``, the mean of each column by its name, each of ``ARTEFACTS`` of all pictures
        together, and of each of ``METRICS`` the standard deviation over the pictures and the 5th and 95th
        percentile, as ``*_std``, ``*_p5`` and ``*_p95``.
    """
    values = measured.per_image.drop(columns=["path", "class_name"])
    spreads = spread(values, [name for name in (*METRICS, CYCLE) if name in values])
    figures = values.mean().to_dict() | _joint_artefacts(measured.traces) | spreads
    return {"n_images": len(values)} | rounded(figures)


def spread(values: pd.DataFrame, metrics: Sequence[str]) -> dict[str, float]:
    """Return the standard deviation, and the 5th and the 95th percentile, of some of the columns."""
    figures = {}
    for metric in metrics:
        figures[f"{metric}_std"] = float(values[metric].std(ddof=0))
        for name, share in PERCENTILES.items():
            figures[f"{metric}_{name}"] = float(values[metric].quantile(share))
    return figures


def rounded(figures: Mapping[Any, float]) -> dict[str, float]:
    """Round figures as they are written."""
    return {str(name): round(float(value), DECIMALS) for name, value in figures.items()}


def of_back(figures: Mapping[str, float]) -> dict[str, float]:
    """Name the figures of the other direction, without the counts, which are those of the first."""
    return {f"{BACK_PREFIX}{name}": value for name, value in figures.items() if name not in COUNTS}


def by_class(measured: Measured) -> pd.DataFrame:
    """Average every measurement over the pictures of each class, as ``summarize`` does over all.

    Returns:
        a row per class, with the columns ``class`` and ``n_images`` before those of the measurements.
    """
    groups = measured.per_image.drop(columns="path").groupby("class_name")
    table = groups.mean()
    for name, rows in groups.indices.items():
        joint = _joint_artefacts([measured.traces[row] for row in rows])
        table.loc[name, list(joint)] = list(joint.values())
    table = table.round(DECIMALS)
    table.insert(0, "n_images", groups.size())
    return table.rename_axis("class").reset_index()


def _joint_artefacts(traces: Sequence[Mapping[str, Traces]]) -> dict[str, float]:
    """Return the artefacts of some pictures together, of the outputs and of the trivial answers."""
    return {
        f"{prefix}{name}": value
        for prefix in traces[0]
        for name, value in artefacts([of_picture[prefix] for of_picture in traces]).items()
    }


def as_lines(summary: Mapping[str, float]) -> list[str]:
    """Lay out the metrics beside those of the trivial answers, as lines to print."""
    answers = {
        "": "model",
        f"{BASELINE_INPUT}_": "output = input",
        f"{BASELINE_MEAN}_": "output = mean target",
    }
    known = {prefix: title for prefix, title in answers.items() if f"{prefix}l1" in summary}
    lines = [
        f"{summary['n_images']:.0f} pictures".ljust(18) + "".join(f"{title:>22}" for title in known.values())
    ]
    for metric in (*METRICS, *ARTEFACTS):
        lines.append(f"{metric:18}" + "".join(f"{summary[prefix + metric]:22.4f}" for prefix in known))
    return lines + ([f"{CYCLE:18}{summary[CYCLE]:22.4f}"] if CYCLE in summary else [])
