"""A study's figure: curves of all ways with their spread, and their figures as dots, a colour per way."""

from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import cycle

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pix2pix.pages.study.results import Results
from pix2pix.pages.study.table import FIGURES, answers, way_title
from pix2pix.pages.study.verdicts import spread

# A palette that colour-blind readers can tell apart, too.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555", "#111111")
CURVES = {"train_l1": "L1 of training pairs", "val_l1": "L1 of validation pairs"}
DOTS = ("l1", "ssim", "histogram_distance", "kid_lite0")
HASH_SALT = "study"  # so that an SVG's names are the same each time


def figure(results: Results) -> Figure:
    """Draw all of a study: its curves above, and the figures of the test pairs below."""
    shown = _shown(results)
    drawn = Figure(figsize=(11, 7.5), layout="constrained")
    drawn.suptitle(results.file.title)
    grid = drawn.add_gridspec(2, 1, height_ratios=(3, 2))
    above, below = (drawn.add_subfigure(grid[line]) for line in range(2))
    for axes, name in zip(above.subplots(1, len(CURVES), sharey=True), CURVES, strict=True):
        draw_curves(axes, name, results)
    above.axes[-1].legend(fontsize="small")
    for axes, name in zip(np.atleast_1d(below.subplots(1, len(shown))), shown, strict=True):
        draw_dots(axes, name, results)
    below.supxlabel("Test pairs. Dashed: output = input. Dotted: output = mean training target.", fontsize=8)
    return drawn


def panels(results: Results) -> Iterator[str]:
    """Yield the parts of the figure as SVG, each for itself, so that a page can lay them out."""
    for name in CURVES:
        drawn = Figure(figsize=(4.8, 3.4), layout="constrained")
        axes = drawn.subplots()
        draw_curves(axes, name, results)
        axes.legend(fontsize="small")
        yield svg(drawn)
    for name in _shown(results):
        drawn = Figure(figsize=(4.8, 2.4), layout="constrained")
        draw_dots(drawn.subplots(), name, results, with_names=True)
        yield svg(drawn)


def svg(drawn: Figure) -> str:
    """Return a figure as an SVG element."""
    text = StringIO()
    with rc_context({"svg.hashsalt": HASH_SALT}):
        drawn.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


def _shown(results: Results) -> list[str]:
    return [name for name in DOTS if any(results.values(way, name) for way in results.file.ways)]


def _label(way: str, results: Results) -> str:
    """A name that leaves room for the figure."""
    return way_title(way, results).replace("`", "") if way in results.file.points else "recommended"


def _colors(results: Results) -> Iterator[tuple[str, str]]:
    return zip(results.file.ways, cycle(COLORS), strict=False)


def draw_curves(axes: Axes, name: str, results: Results) -> None:
    """Draw the mean of a curve over the seeds, on a band from the least to the greatest value, by epoch."""
    for way, color in _colors(results):
        curves = [result.curves[name] for result in results.by_way[way] if result.curves.get(name)]
        if curves:
            values = np.array([curve[: min(map(len, curves))] for curve in curves])
            epochs = np.arange(1, values.shape[1] + 1)
            axes.plot(epochs, values.mean(0), color=color, label=_label(way, results))
            axes.fill_between(epochs, values.min(0), values.max(0), color=color, alpha=0.18, linewidth=0)
    axes.set(title=CURVES[name], xlabel="epoch", ylabel="L1, in [0, 1]")
    axes.grid(alpha=0.3)


def draw_dots(axes: Axes, name: str, results: Results, *, with_names: bool = False) -> None:
    """Draw a figure of each way: its seeds as dots, their mean as a bar, and the trivial answers as lines."""
    names: list[str] = []
    for line, (way, color) in enumerate(_colors(results)):
        values = results.values(way, name)
        names.append(_label(way, results))
        if values:
            axes.scatter(values, [line] * len(values), s=16, color=color, alpha=0.6, linewidths=0)
            axes.plot([spread(values).mean] * 2, [line - 0.3, line + 0.3], color=color, linewidth=2)
    _draw_answers(axes, [answer.get(name) for answer in answers(results).values()])
    axes.set_yticks(range(len(names)), names if with_names else [""] * len(names), fontsize=8)
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    axes.set_title(f"{FIGURES[name].title}, {FIGURES[name].better} is better", fontsize="small")


def _draw_answers(axes: Axes, values: Sequence[float | None]) -> None:
    """Where they are near enough to the ways not to squeeze them."""
    low, high = axes.get_xlim()
    for value, style in zip(values, ("--", ":"), strict=False):
        if value is not None and low - 2 * (high - low) < value < high + 2 * (high - low):
            axes.axvline(value, color="black", linestyle=style, linewidth=1)
