"""A study's results side by side, as a table and a figure, from the metrics and curves of its experiments."""

import json
import re
from collections.abc import Sequence
from io import StringIO
from itertools import cycle
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from experiments.dvc_runs import Experiment
from experiments.studies import Study
from pix2pix.core.outputs import whole_folder, write_table
from pix2pix.evaluation.measurement import BASELINE_MEAN
from pix2pix.realism.options import BASELINE_INPUT

FOLDER = Path("metrics")
CURVES = FOLDER / "plots/train/plots/metrics"
VALIDATION = {"val_l1": "validation L1", "best_val_l1": "best validation L1", "best_epoch": "best epoch"}
# Figures that do not tell the runs apart, or only say how much they vary.
NO_METRIC = re.compile("(n|baseline|target|realism)_.*|.*_(std|p5|p95|size)")
ANSWERS = {BASELINE_INPUT: "output = input", BASELINE_MEAN: "output = mean target"}
BARS = {"l1": "L1", "psnr": "PSNR in dB", "ssim": "SSIM", "histogram_distance": "histogram distance"}
REALISM = {"kid_lite0": "KID-lite0", "fid": "FID", "kid": "KID", "lpips": "LPIPS"}
LABELS = VALIDATION | BARS | {"l2": "L2"} | REALISM
MORE_IS_BETTER = {"psnr", "ssim", "face_rate"}
NEITHER_IS_BETTER = {"best_epoch", "colorfulness", "checkerboard", "border_error"}  # of the last two, 1
# A palette that colour-blind readers can tell apart, too.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555")


def compare(study: Study, experiments: Sequence[Experiment], folder: Path) -> str:
    """Write ``table.csv``, ``table.md`` and ``figure.png`` into ``folder``; return the table as Markdown.

    Args:
        study: the study.
        experiments: those of its runs, in their order.
        folder: replaced where it exists.
    """
    table = comparison_table(study, experiments)
    with whole_folder(folder) as results:
        write_table(results / "table.csv", table)
        (results / "table.md").write_text(_report(study, experiments, table))
        comparison_figure(study, experiments, table).savefig(results / "figure.png", dpi=120)
    return markdown(table, len(study.runs))


def comparison_table(study: Study, experiments: Sequence[Experiment]) -> pd.DataFrame:
    """Return a row per run: its value on each axis, and its metrics; last, those of the trivial answers."""
    rows: list[dict[str, Any]] = []
    for run, experiment in zip(study.runs, experiments, strict=True):
        train, test = (json.loads(experiment.read(FOLDER / name)) for name in ("train.json", "evaluate.json"))
        metrics = [name for name in test if not NO_METRIC.fullmatch(name)]
        values = {name: train[name] for name in VALIDATION} | {name: test[name] for name in metrics}
        rows.append(dict(zip(study.file.grid, run.values, strict=True)) | values)
    axis = next(iter(study.file.grid))
    for prefix, title in ANSWERS.items():  # one row serves all runs: they share the test pairs
        known = {name: test[f"{prefix}_{name}"] for name in metrics if f"{prefix}_{name}" in test}
        rows += [{axis: title} | known] if known else []
    return pd.DataFrame(rows)


def markdown(table: pd.DataFrame, n_runs: int) -> str:
    """Return a comparison as a Markdown table, with the best of the runs in bold."""
    names = [str(name) for name in table]
    cells = [[LABELS.get(name, name.replace("_", " ")) for name in names], ["---"] * len(names)]
    best = {name: _best(name, table[name][:n_runs]) for name in names}
    for index, row in enumerate(table.to_dict("records")):
        texts = {str(name): _text(value) for name, value in row.items()}
        is_run = index < n_runs
        cells.append([f"**{texts[n]}**" if is_run and row[n] == best[n] else texts[n] for n in names])
    return "".join(f"| {' | '.join(row)} |\n" for row in cells)


def _best(name: str, values: "pd.Series[Any]") -> object:
    if name in NEITHER_IS_BETTER or not pd.api.types.is_numeric_dtype(values):
        return None
    return values.max() if name in MORE_IS_BETTER else values.min()


def _text(value: object) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.4g}"
    return str(value)


def _report(study: Study, experiments: Sequence[Experiment], table: pd.DataFrame) -> str:
    data = json.loads(experiments[0].read(FOLDER / "data.json"))
    return (
        f"# {study.file.title}\n\n"
        f"Said: {study.file.claim}\n\n"
        f"{markdown(table, len(study.runs))}\n"
        f"{data['train']} training, {data['val']} validation and {data['test']} test pairs; what is not of "
        "validation is of the test pairs. Each run was made once: small differences say nothing.\n\n"
        f"Experiments: {', '.join(experiment.name for experiment in experiments)}\n\n"
        "![Curves and metrics](figure.png)\n"
    )


def comparison_figure(study: Study, experiments: Sequence[Experiment], table: pd.DataFrame) -> Figure:
    """Draw the L1 of training and validation by epoch, and the test metrics as bars, a colour per run."""
    tested = [name for name in BARS if name in table]
    figure = Figure(figsize=(11, 7.5), layout="constrained")
    figure.suptitle(study.file.title)
    figure.supxlabel(
        "Bars: test pairs. Dashed: output = input. Dotted: output = mean training target.", fontsize="small"
    )
    grid = GridSpec(2, 2 * len(tested), figure, height_ratios=(3, 2))
    training = figure.add_subplot(grid[0, : len(tested)])
    validation = figure.add_subplot(grid[0, len(tested) :], sharey=training)
    for run, experiment, color in zip(study.runs, experiments, cycle(COLORS), strict=False):
        _draw_curves(training, validation, experiment, label=", ".join(run.values), color=color)
    for axes, title in ((training, "training pairs"), (validation, "validation pairs")):
        axes.set(title=f"L1 of {title}", xlabel="epoch", ylabel="L1, in [0, 1]")
        axes.grid(alpha=0.3)
    validation.legend(fontsize="small")
    for column, name in enumerate(tested):
        axes = figure.add_subplot(grid[1, 2 * column : 2 * column + 2])
        _draw_bars(axes, name, table[name][: len(study.runs)], list(table[name][len(study.runs) :]))
    return figure


def _draw_curves(training: Axes, validation: Axes, experiment: Experiment, **style: Any) -> None:
    steps, values = _curve(experiment, "val/l1")
    validation.plot(range(1, len(values) + 1), values, marker="." if len(values) < 30 else "", **style)
    train_steps, train_values = _curve(experiment, "train/l1")
    epochs_per_step = len(steps) / steps[-1]
    training.plot([step * epochs_per_step for step in train_steps], train_values, **style)


def _curve(experiment: Experiment, name: str) -> tuple[list[float], list[float]]:
    """The steps and the values of a curve, both empty where there is none."""
    try:
        text = experiment.read(CURVES / f"{name}.tsv")
    except FileNotFoundError:  # of a training of fewer steps than log_every
        return [], []
    table = pd.read_csv(StringIO(text), sep="\t")
    return list(table["step"]), list(table.iloc[:, 1])


def _draw_bars(axes: Axes, name: str, runs: "pd.Series[Any]", answers: Sequence[float]) -> None:
    colors = [color for color, _ in zip(cycle(COLORS), runs, strict=False)]
    axes.bar_label(axes.bar(range(len(runs)), runs, color=colors), fmt="%.3g", fontsize=6)
    for value, style in zip(answers, ("--", ":"), strict=False):
        axes.axhline(value, color="black", linestyle=style, linewidth=1)
    title = f"{BARS[name]}, {'higher' if name in MORE_IS_BETTER else 'lower'} is better"
    axes.set(ylabel=BARS[name], xticks=[])
    axes.set_title(title, fontsize="small")
    axes.margins(y=0.12)
