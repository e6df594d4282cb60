"""The page of ``benchmarks.quality``: tables from the recorded figures, and sheets of pictures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from benchmarks.comparison_speed import speed_name
from benchmarks.comparisons import COMPARISONS, OURS, PLAIN, PLAIN_RECIPE, Run, ablation_runs, full_runs
from pix2pix.core.outputs import whole_file
from pix2pix.pages.study.table import ANSWERS
from pix2pix.pictures.contact_sheet import contact_sheet, write_sheet
from pix2pix.pictures.images import read_image
from pix2pix.pictures.pairs import read_pair
from pix2pix.realism.options import BASELINE_INPUT

PAGE = Path("docs/comparison.md")
IMAGES = "images"  # beside the page
COLUMNS = {  # by the name of a figure: its title, and how it is written
    "l1": ("L1", ".4f"),
    "psnr": ("PSNR in dB", ".2f"),
    "ssim": ("SSIM", ".3f"),
    "histogram_distance": ("histogram distance", ".3f"),
    "colorfulness": ("colourfulness", ".1f"),
    "kid_lite0": ("KID-lite0", ".1f"),
    "checkerboard": ("checkerboard", ".2f"),
    "border_error": ("border error", ".2f"),
    "seconds": ("seconds", ",.0f"),
    "seconds_per_step": ("s per step", ".3f"),
    "epochs_d_won": ("epochs D won", ".4g"),
}
SUMMARY = ("l1", "psnr", "ssim", "histogram_distance", "kid_lite0")  # of these, in the README
README, MARKS = Path("README.md"), ("<!-- make compare -->\n", "<!-- as compared -->\n")
NO_RATIO = "psnr"  # a logarithm
PICTURES_SHOWN = 6
HEAD = f"""# Plain pix2pix beside the recommended way

```bash
make compare                 # the first tables: plain, ours, and ours in fewer epochs
make compare ABLATION=1      # the last tables: ours with one thing changed
```

Plain is the paper's way, `recipes/{PLAIN_RECIPE}.yaml`; ours is the recipe that a table names. Both learn
from the same pairs and are measured on the same test pairs; plain and ours see as many pictures. Where a row
stands for several trainings, which differ in their seed, a figure is their mean, with the lowest and the
highest in brackets; what was trained once says little about small differences. The command runs what is
missing here or whose settings have changed, and writes this page from `benchmarks/results/quality.json`.
The seconds of a step are timed apart from the trainings, all ways by turns; those of a training are its steps
times them.

Lower is better, but for PSNR and SSIM; colourfulness should be near the targets', checkerboard and border
error near 1. [Conventions](conventions.md) says what they are. D won an
epoch if it told nearly all patches rightly, and surely, so that the generator learned little from it.
"""

Figures = Mapping[str, Any]
Record = Mapping[str, Figures]


@dataclass(frozen=True)
class Row:
    """A row of a table: the figures of each of its trainings that has been run, of so many seeds."""

    title: str
    figures: Sequence[Figures]
    seeds: int = 1


def write_page(record: Record) -> Path:
    """Write the page, and return where it lies."""
    with whole_file(PAGE) as partial:
        partial.write_text(page(record))
    return PAGE


def write_summary(record: Record) -> None:
    """Write the table of the README, between its marks."""
    write_between(README, MARKS, summary(record))


def write_between(page: Path, marks: tuple[str, str], text: str) -> None:
    """Put ``text`` in the place of what a page has between two marks."""
    before, _, rest = page.read_text().partition(marks[0])
    _, _, after = rest.partition(marks[1])
    with whole_file(page) as partial:
        partial.write_text(f"{before}{marks[0]}{text}{marks[1]}{after}")


def markdown(lines: Sequence[Sequence[str]]) -> str:
    """Write the lines of a table, the head first, as Markdown."""
    head, *rest = lines
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, ["---"] * len(head), *rest))


def summary(record: Record) -> str:
    """Lay out the trainings with full networks that have been run, and the trivial answer beside them."""
    lines = [["test pictures of", "", *(COLUMNS[name][0] for name in SUMMARY)]]
    for data, comparison in COMPARISONS.items():
        known = [row for row in rows_of(full_runs(data), record) if row.figures]
        ways: dict[str, Sequence[Figures]] = {}
        for row in known:
            recipe = PLAIN_RECIPE if row.title == PLAIN else comparison.recipe
            ways[f"`{recipe}`, {row.figures[0]['epochs']} epochs"] = row.figures
        if known:
            ways[ANSWERS[BASELINE_INPUT]] = [_answer(BASELINE_INPUT, known[0].figures[0])]
        what = f"{data}: {comparison.task}"
        lines += [[what, way, *(_cell(name, of) for name in SUMMARY)] for way, of in ways.items()]
    return markdown(lines)


def page(record: Record) -> str:
    """Lay out the recorded figures, by the names of the trainings, as Markdown."""
    parts = [HEAD, _made_on(record)]
    for data, comparison in COMPARISONS.items():
        rows = rows_of(full_runs(data), record)
        parts.append(f"## `{data}`: {comparison.task}\n")
        parts += [_facts(comparison.recipe, rows), _table(rows, with_ratios=True), _image(data)]
    parts.append(
        "## Ours with one thing changed\n\nTrained small, and once: small differences say nothing.\n"
    )
    for data, comparison in COMPARISONS.items():
        if comparison.ablation_epochs:
            rows = rows_of(ablation_runs(data), record)
            parts.append(f"### `{data}`\n")
            parts += [_facts(comparison.recipe, rows), _table(rows)]
    return "\n".join(filter(None, parts))


def rows_of(runs: Iterable[Run], record: Record) -> list[Row]:
    """Gather the figures of each row's trainings, those alone that have the settings of its first one."""
    names: dict[str, list[str]] = {}
    seconds: Mapping[str, float] = {}
    for run in runs:
        names.setdefault(run.row, []).append(run.name)
        seconds = record.get(speed_name(run), {}).get("seconds_per_step", {})
    rows = []
    for title, of_row in names.items():
        known = [record[name] for name in of_row if name in record]
        same = [of for of in known if of["digest"] == known[0]["digest"]]
        # Ours in fewer epochs takes as long for a step as ours.
        step = seconds.get(title, seconds.get(OURS))
        rows.append(Row(title, [{**of, **_times(of, step)} for of in same], len(of_row)))
    return rows


def _times(figures: Figures, seconds_per_step: float | None) -> Figures:
    if seconds_per_step is None:
        return {}
    return {"seconds_per_step": seconds_per_step, "seconds": seconds_per_step * figures["steps"]}


def _made_on(record: Record) -> str:
    machines = sorted({of["machine"] for of in record.values()})
    return f"Made on {'; '.join(machines)}.\n" if machines else ""


def _facts(recipe: str, rows: Sequence[Row]) -> str:
    """Say what the trainings of a table saw, and how large they were."""
    first = next((row.figures[0] for row in rows if row.figures), None)
    if first is None:
        return ""
    sizes = [
        f"{row.title} in {of['steps']:,} steps, by a generator of {of['generator_parameters'] / 1e6:.1f}"
        " million weights"
        for row in [row for row in rows if row.figures][:2]
        for of in row.figures[:1]
    ]
    return (
        f"Ours is `recipes/{recipe}.yaml`. {first['train_pairs']:,} training and {first['n_images']:,} test "
        f"pairs of {first['image_size']} px; {first['epochs']} epochs, {first['images_seen']:,} pictures "
        f"seen: {', '.join(sizes)}. "
        f"The targets' colourfulness is {first['target_colorfulness']:.1f}.\n"
    )


def _table(rows: Sequence[Row], *, with_ratios: bool = False) -> str:
    known = [of for row in rows for of in row.figures]
    if not known:
        return "Not run yet.\n"
    columns = [name for name in COLUMNS if any(name in of for of in known)]
    lines = [["", *(COLUMNS[name][0] for name in columns)]]
    lines += [[_title(row), *(_cell(name, row.figures) for name in columns)] for row in rows]
    if with_ratios:
        plain, ours = rows[:2]
        lines.append(["ours / plain", *(_ratio(name, ours.figures, plain.figures) for name in columns)])
    for prefix, title in ANSWERS.items():
        answer = _answer(prefix, known[0])
        lines += [[title, *(_cell(name, [answer]) for name in columns)]] if answer else []
    return markdown(lines)


def _answer(prefix: str, figures: Figures) -> Figures:
    """The figures of a trivial answer, by their names, from those of a training beside it."""
    return {name: figures[f"{prefix}_{name}"] for name in COLUMNS if f"{prefix}_{name}" in figures}


def _title(row: Row) -> str:
    missing = row.seeds - len(row.figures)
    if not missing:
        return row.title
    return (
        f"{row.title} ({missing} of {row.seeds} not run yet)" if row.figures else f"{row.title} (not run yet)"
    )


def _cell(name: str, figures: Sequence[Figures]) -> str:
    values = [of[name] for of in figures if name in of]
    if not values:
        return ""
    middle, low, high = (format(of(values), COLUMNS[name][1]) for of in (mean, min, max))
    return middle if low == high else f"{middle} ({low} to {high})"


def _ratio(name: str, ours: Sequence[Figures], plain: Sequence[Figures]) -> str:
    """The ratio of the means; none where one is missing, or is not above 0."""
    means = [mean(of.get(name, 0) for of in figures) if figures else 0 for figures in (ours, plain)]
    return f"{means[0] / means[1]:.2f}" if min(means) > 0 and name != NO_RATIO else ""


def _image(data: str) -> str:
    name = f"{IMAGES}/compare_{data}.jpg"
    what = "inputs, what each way made of them, and targets"
    return f"![{data}: {what}]({name})\n" if (PAGE.parent / name).exists() else ""


def write_pictures(data: str, pairs: Path, made: Mapping[str, Path]) -> None:
    """Write a sheet of test pictures from all over the split, beside what each way made of them.

    Args:
        data: the name of the comparison.
        pairs: the folder of the test pairs.
        made: the folder of the pictures that each way made, by the title of its row.
    """
    names = sorted(path.relative_to(pairs) for path in pairs.rglob("*.png"))
    shown = sorted({round(place) for place in np.linspace(0, len(names) - 1, PICTURES_SHOWN)})
    examples = []
    for name in (names[index] for index in shown):
        real_a, real_b = read_pair(pairs / name)
        outputs = [read_image(folder / name) for folder in made.values()]
        examples.append((name.stem, [real_a, *outputs, real_b]))
    path = PAGE.parent / IMAGES / f"compare_{data}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_sheet(path, contact_sheet(examples, ("input", *made, "target")))
