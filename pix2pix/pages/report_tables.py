"""The tables that a report begins with: metrics and settings of one run, or of several side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import pandas as pd

from pix2pix.core.choices import BACK_PREFIX

MEANINGS = {
    "l1": "mean absolute error, in [0, 1], lower is better",
    "l2": "mean squared error, in [0, 1], lower is better",
    "psnr": "peak signal-to-noise ratio, in dB, higher is better",
    "ssim": "structural similarity, up to 1, higher is better",
    "histogram_distance": "Hellinger distance of colour histograms, in [0, 1], lower is better",
    "histogram_emd": "earth mover's distance of colour histograms, in intensities, lower is better",
    "change_l1": "mean absolute difference of output and input, in [0, 1]; 0 leaves the input as it is",
    "cycle_l1": "mean absolute error of a picture that went there and back, in [0, 1], lower is better",
    "colorfulness": "0 is grey; as that of the target is best",
    "checkerboard": "patterns with periods of 2, 4 and 8 px, over the target's; 1 is as in the target",
    "border_error": "error of the outer 8 px over that of the inside; 1 is equal",
    "kid_lite0": "kernel inception distance of EfficientNet-lite0's features, times 1000, lower is better",
    "fid": "Fréchet inception distance, lower is better",
    "kid": "kernel inception distance, lower is better",
    "lpips": "perceptual distance, lower is better",
    "face_rate": "faces found in outputs, of those found in targets, in [0, 1], higher is better",
}
KINDS = {"": "output", "baseline_input": "output = input", "baseline_mean": "output = mean training target"}
OTHER_WAY = "evaluate_back"  # stands for the figures of the other direction in the evaluation's file
TITLES = {
    "evaluate": "Test pictures",
    OTHER_WAY: "Test pictures, in the other direction",
    "ratings": "People's ratings",
    "train": "Training",
    "data": "Pairs",
    "model": "Networks",
    "performance": "Speed",
}
RESULTS = ("evaluate", OTHER_WAY, "ratings")  # stand before the settings
MAIN_SETTINGS = (
    "dataset",
    "objective",
    "pair_task",
    "direction",
    "image_size",
    "generator",
    "ngf",
    "norm",
    "patch_size",
    "lambda_l1",
    "lambda_l2",
    "lambda_gan",
    "learning_rate",
    "batch_size",
    "epochs",
    "select",
    "seed",
)

Cells = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Run:
    """What a run left.

    Attributes:
        name: of the revision or experiment.
        metrics: figures by the stem of their file, flat or one level deep.
        settings: values by key.
    """

    name: str
    metrics: Mapping[str, Mapping[str, Any]]
    settings: Mapping[str, Any]


def summary_html(runs: Sequence[Run], facts: Mapping[str, str]) -> str:
    """Write the tables as HTML.

    Args:
        runs: one or more.
        facts: what else stands above them, such as the date, by its title.
    """
    runs = [replace(run, metrics=_by_direction(run.metrics)) for run in runs]
    lines = " · ".join(f"{escape(title)}: <strong>{escape(fact)}</strong>" for title, fact in facts.items())
    stems = dict.fromkeys([*TITLES, *(stem for run in runs for stem in run.metrics)])
    cards = {
        stem: _metrics_card(stem, runs) for stem in stems if any(_has(run.metrics.get(stem)) for run in runs)
    }
    first = [cards.pop(stem) for stem in RESULTS if stem in cards]
    body = "\n".join([*first, _settings_card(runs), *cards.values()])
    kind = "tables" if len(runs) == 1 else "tables compared"
    return f'<p>{lines}</p>\n<section class="{kind}">\n{body}\n</section>'


def _by_direction(metrics: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Take the figures of the other direction out of the evaluation's, under names without their prefix."""
    figures = metrics.get("evaluate", {})
    back = {key: value for key, value in figures.items() if key.startswith(BACK_PREFIX)}
    if not back:
        return dict(metrics)
    forth = {key: value for key, value in figures.items() if key not in back}
    renamed = {key.removeprefix(BACK_PREFIX): value for key, value in back.items()}
    return {**metrics, "evaluate": forth, OTHER_WAY: renamed}


def by_metric(figures: Mapping[str, Any]) -> tuple[Cells, dict[str, Any]]:
    """Split flat figures into metrics by their kinds, and the rest.

    Of the metric ``l1``, the figures ``l1``, ``baseline_input_l1`` and ``l1_std`` are the kinds "",
    "baseline_input" and "std".
    """
    metrics: Cells = {}
    rest = {}
    for key, value in figures.items():
        metric = next((name for name in sorted(MEANINGS, key=len, reverse=True) if _is_of(key, name)), None)
        if metric is None:
            rest[key] = value
        else:
            metrics.setdefault(metric, {})[key.replace(metric, "", 1).strip("_")] = value
    return metrics, rest


def _has(figures: Mapping[str, Any] | None) -> bool:
    """Whether a file says anything; that of ratings also tells that there are none."""
    return any(
        not isinstance(value, Mapping) or value.get("n_answers", 1) for value in (figures or {}).values()
    )


def _is_of(key: str, metric: str) -> bool:
    return key == metric or key.startswith(f"{metric}_") or key.endswith(f"_{metric}")


def _metrics_card(stem: str, runs: Sequence[Run]) -> str:
    figures = {run.name: run.metrics.get(stem, {}) for run in runs}
    title = TITLES.get(stem, stem)
    if stem in ("evaluate", OTHER_WAY):
        split = {name: by_metric(values) for name, values in figures.items()}
        metrics = _by_row({name: cells for name, (cells, _) in split.items()})
        rest = _by_run({name: rest for name, (_, rest) in split.items()})
        return _card(title, metrics + rest, "metrics wide")
    is_nested = any(isinstance(value, Mapping) for values in figures.values() for value in values.values())
    return _card(title, _by_row(figures), "wide") if is_nested else _card(title, _by_run(figures))


def _settings_card(runs: Sequence[Run]) -> str:
    """The main settings and those in which runs differ; the others can be unfolded."""
    settings = {run.name: run.settings for run in runs}
    shown = [
        key
        for key in dict.fromkeys(key for values in settings.values() for key in values)
        if key in MAIN_SETTINGS or len({str(values.get(key)) for values in settings.values()}) > 1
    ]
    main = {name: {key: values.get(key) for key in shown} for name, values in settings.items()}
    unfold = f"<details><summary>All settings</summary>{_by_run(settings)}</details>"
    return _card("Settings", _by_run(main) + unfold)


def _by_row(runs: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """A table with a line per row and run, and a column per kind of figure."""
    rows = dict.fromkeys(row for cells in runs.values() for row in cells)
    lines = {(row, name): cells.get(row, {}) for row in rows for name, cells in runs.items()}
    found = dict.fromkeys(kind for line in lines.values() for kind in line)
    kinds = [*(kind for kind in KINDS if kind in found), *(kind for kind in found if kind not in KINDS)]
    table = pd.DataFrame(
        [[_text(line.get(kind)) for kind in kinds] for line in lines.values()],
        index=pd.MultiIndex.from_tuples(list(lines)),
        columns=[KINDS.get(kind, kind.replace("_", " ")) for kind in kinds],
    )
    if not rows.keys().isdisjoint(MEANINGS):
        table[""] = [MEANINGS.get(row, "") if name == next(iter(runs)) else "" for row, name in lines]
    return _html(table.droplevel(1) if len(runs) == 1 else table)


def _by_run(runs: Mapping[str, Mapping[str, Any]]) -> str:
    """A table with a line per figure, and a column per run."""
    keys = list(dict.fromkeys(key for values in runs.values() for key in values))
    cells = [[_text(values.get(key)) for values in runs.values()] for key in keys]
    return _html(pd.DataFrame(cells, index=keys, columns=list(runs) if len(runs) > 1 else [""]))


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _html(table: pd.DataFrame) -> str:
    return table.to_html(border=0, justify="unset") if len(table) else ""


def _card(title: str, content: str, kind: str = "") -> str:
    return f'<div class="card {kind}"><h3>{escape(title)}</h3>{content}</div>'
