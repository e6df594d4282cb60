"""A study's tables: figures of all ways with their spread, and what became of the claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pix2pix.evaluation.measurement import BASELINE_MEAN
from pix2pix.pages.study.results import Result, Results
from pix2pix.pages.study.study_file import Claim
from pix2pix.pages.study.verdicts import Spread, Verdict, spread, verdict
from pix2pix.realism.options import BASELINE_INPUT

Cell = tuple[str, bool]  # a text, and whether it is the best of its column
ANSWERS = {BASELINE_INPUT: "output = input", BASELINE_MEAN: "output = mean training target"}


@dataclass(frozen=True)
class Figure:
    """How a figure is shown: its title, format, which is better, and whether every table has it."""

    title: str
    form: str
    better: Literal["lower", "higher", "near 1", "neither"] = "lower"
    is_usual: bool = True


FIGURES = {
    "val_l1": Figure("validation L1", ".4f"),
    "l1": Figure("L1", ".4f"),
    "psnr": Figure("PSNR in dB", ".2f", "higher"),
    "ssim": Figure("SSIM", ".3f", "higher"),
    "histogram_distance": Figure("histogram distance", ".3f"),
    "colorfulness": Figure("colourfulness", ".1f", "neither"),
    "sharpness": Figure("sharpness", ".2f", "near 1"),
    "kid_lite0": Figure("KID-lite0", ".1f"),
    "train_l1": Figure("training L1", ".4f", is_usual=False),
    "mean_val_l1": Figure("mean validation L1 of all epochs", ".4f", is_usual=False),
    "overfitting": Figure("overfitting", ".4f", is_usual=False),
    "gan_loss": Figure("generator's GAN loss", ".2f", is_usual=False),
    "gan_roughness": Figure("roughness of the GAN loss", ".2f", is_usual=False),
}


def figure_names(results: Results) -> list[str]:
    """The figures of a study's table: the usual ones that were measured, and those of its claims."""
    claimed = {claim.metric for claim in results.file.claims}
    known = {name for result in results.all for name in result.figures}
    return [name for name, of in FIGURES.items() if name in known and (of.is_usual or name in claimed)]


def table(results: Results) -> list[list[Cell]]:
    """Return the lines of the table of figures: the head, the ways, and the trivial answers."""
    names = figure_names(results)
    axes = ", ".join(axis.replace("_", " ") for axis in results.file.grid)
    head = [axes, *(FIGURES[name].title for name in names)]
    best = {name: _best(name, results) for name in names}
    lines = [[(text, False) for text in head]]
    for way in results.file.ways:
        cells = [(_spread_text(name, results.values(way, name)), way == best[name]) for name in names]
        lines.append([(way_title(way, results), False), *cells])
    return lines + [
        [(title, False), *((_single(name, answer), False) for name in names)]
        for title, answer in answers(results).items()
    ]


def answers(results: Results) -> dict[str, Mapping[str, float]]:
    """The figures of the trivial answers, by title; all runs share the test pairs."""
    first = next((result.figures for result in results.all), {})
    found = {
        title: {name: first[f"{prefix}_{name}"] for name in FIGURES if f"{prefix}_{name}" in first}
        for prefix, title in ANSWERS.items()
    }
    return {title: of for title, of in found.items() if of}


def way_title(way: str, results: Results) -> str:
    """What a way is called, with what is missing of it."""
    recommended = results.file.recommended
    done, planned = len(results.by_way.get(way, [])), results.file.seeds
    if recommended and way == recommended.recipe:
        title = f"recommended: `{way}`" + _epochs(results.by_way.get(way, []))
    else:
        title = ", ".join(value.replace("_", " ") for value in results.file.points[way])
    if done == planned:
        return title
    return f"{title} ({done} of {planned} seeds)" if done else f"{title} (not measured)"


def _epochs(results: Sequence[Result]) -> str:
    return f", {results[0].facts['epochs']} epochs" if results else ""


def claims_table(results: Results) -> list[list[Cell]]:
    """Return the lines of the table of claims: what is said, where, by what it is judged, and the verdict."""
    lines = [["claim", "said in", "judged by", "measured", "here"]]
    for claim in results.file.claims:
        found = verdict(claim, results)
        lines.append([claim.says, claim.where, _criterion(claim), _measured(claim.metric, found), found.word])
    return [[(text, number > 0 and text == line[-1]) for text in line] for number, line in enumerate(lines)]


def _criterion(claim: Claim) -> str:
    direction = "lower" if claim.lower else "higher"
    ours, others = (
        " and ".join(way.replace("_", " ") for way in ways)
        for ways in (claim.lower or claim.higher, claim.than)
    )
    margin = f", or worse by less than {claim.margin:g}" if claim.margin else ""
    return f"{FIGURES[claim.metric].title}: {ours} {direction} than {others}{margin}"


def _measured(name: str, found: Verdict) -> str:
    if found.ours is None or found.others is None:
        return ""
    form = FIGURES[name].form
    widest = max(found.ours.width, found.others.width)
    return f"{found.ours.mean:{form}} against {found.others.mean:{form}}, spread {widest:{form}}"


def facts(results: Results) -> str:
    """Say what the runs saw, in a sentence; empty where none has run."""
    ways = [result for way in results.file.points for result in results.by_way[way]]
    if not ways:
        return ""
    pairs = ways[0].facts["pairs"]
    epochs, batches = (_all_of(ways, name) for name in ("epochs", "batch_size"))
    n_seeds = max(len(found) for found in results.by_way.values())
    shown = "95% intervals" if n_seeds >= 5 else "the least and the greatest value"
    some = f"{n_seeds} seeds, with {shown} in brackets" if n_seeds > 1 else "one seed, which decides nothing"
    return (
        f"{pairs['train']} training, {pairs['val']} validation and {pairs['test']} test pairs of "
        f"{_all_of(ways, 'image_size')} px; {epochs} epochs at batch {batches}; {some}."
    )


def _all_of(results: Sequence[Result], name: str) -> str:
    return " or ".join(dict.fromkeys(str(result.facts[name]) for result in results))


def markdown(lines: Sequence[Sequence[Cell]]) -> str:
    """Write the lines of a table as Markdown; what is the best is bold."""
    rows = [[f"**{text}**" if is_best else text for text, is_best in line] for line in lines]
    rows.insert(1, ["---"] * len(rows[0]))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _best(name: str, results: Results) -> str | None:
    """The way of the study with the best mean; none where nothing is better, or a way was not measured."""
    better = FIGURES[name].better
    means = {way: spread(of).mean for way in results.file.points if (of := results.values(way, name))}
    if better == "neither" or len(means) < 2:
        return None
    return min(means, key=lambda way: _cost(means[way], better))


def _cost(value: float, better: str) -> float:
    return {"lower": value, "higher": -value}.get(better, abs(value - 1))


def _spread_text(name: str, values: Sequence[float]) -> str:
    if not values:
        return ""
    found = spread(values)
    if len(values) == 1:
        return format(found.mean, FIGURES[name].form)
    return _text(name, found)


def _text(name: str, found: Spread) -> str:
    middle, low, high = (format(value, FIGURES[name].form) for value in (found.mean, found.low, found.high))
    return f"{middle} ({low} to {high})"


def _single(name: str, answer: Mapping[str, float]) -> str:
    return format(answer[name], FIGURES[name].form) if name in answer else ""
