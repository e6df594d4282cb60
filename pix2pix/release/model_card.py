"""Write a model card: what a model does, its data and their terms, settings, figures, pictures, limits."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pix2pix.core.choices import BACK_PREFIX
from pix2pix.download.datasets import DATASETS
from pix2pix.model.model_file import directions
from pix2pix.realism.options import BASELINE_INPUT

PURPOSES = {"train": "for training", "val": "for validation", "test": "for testing"}
FEW_PICTURES = 100  # of a test split, below which its means are rough
EXAMPLES = Path("plots", "evaluate", "examples.jpg")
DOES = {
    "grayscale": "colours grey pictures",
    "edges": "turns edges into pictures",
    "sketch": "turns sketches into pictures",
    "none": "turns the left halves of pairs (A) into the right ones (B)",
}
UNDOES = {
    "grayscale": "takes the colour out of pictures",
    "edges": "turns pictures into edges",
    "sketch": "turns pictures into sketches",
    "none": "turns the right halves of pairs (B) into the left ones (A)",
}
OF_SETS = {
    "AtoB": "turns pictures of a set A into such of a set B",
    "BtoA": "turns pictures of a set B into such of a set A",
}
KINDS = {"pix2pix": "pix2pix", "cyclegan": "CycleGAN", "cut": "CUT"}  # by objective
FIGURES = {
    "l1": "L1, in [0, 1], lower is better",
    "psnr": "PSNR, in dB",
    "ssim": "SSIM",
    "histogram_distance": "histogram distance, in [0, 1], lower is better",
}
FIGURES_OF_SETS = {
    "kid_lite0": "KID of EfficientNet-lite0's features, times 1000, lower is better",
    "histogram_distance": "histogram distance of all pictures together, in [0, 1], lower is better",
    "cycle_l1": "L1 of a picture and its way there and back, in [0, 1], lower is better",
}


def model_card(
    name: str, settings: Mapping[str, Any], metrics: Path | None, folder: Path, dataset: str | None = None
) -> str:
    """Return a model's card as Markdown.

    Args:
        name: of the model's file.
        settings: as in its header.
        metrics: the folder that the stages wrote the model's metrics to, or None where there is none; what is
            missing there is left out.
        folder: that the card is for; links to pictures start from it.
        dataset: what the data are called; without it, what the header calls them.
    """
    data, evaluated = ({} if metrics is None else _read(metrics / f"{n}.json") for n in ("data", "evaluate"))
    parts = [
        *_head(name, settings),
        *_data(settings, data, dataset),
        *_figures(evaluated, metrics, folder),
        *_limits(settings, data, evaluated),
        *_settings(settings),
    ]
    return "\n".join(parts) + "\n"


def _head(name: str, settings: Mapping[str, Any]) -> Iterator[str]:
    kept = ", and keeps their brightness" if settings["output"] == "chroma" else ""
    yield f"# {name}"
    yield ""
    network = f"{settings['generator']}, {settings['image_size']} px, norm: {settings['norm']}"
    yield f"A {KINDS[settings['objective']]} generator ({network}) that {_does(settings)}{kept}."
    for way in directions(settings)[1:]:
        yield f"With `--direction {way}` a second generator {_does({**settings, 'direction': way})}."
    yield ""
    yield "```bash"
    for way in directions(settings):
        there = {**settings, "direction": way}
        made = " --prepare" if there["pair_task"] != "none" and way == "AtoB" else ""
        chosen = f" --direction {way}" if way != settings["direction"] else ""
        yield f"pix2pix translate photo.jpg -o out.png --model {name}{chosen}{made}"
    yield "```"
    yield ""


def _does(settings: Mapping[str, Any]) -> str:
    """What a generator does, by the settings of its training and its direction."""
    task, direction = settings["pair_task"], settings["direction"]
    if task == "none" and settings["objective"] != "pix2pix":
        return OF_SETS[direction]
    return (UNDOES if direction == "BtoA" else DOES)[task]


def _data(settings: Mapping[str, Any], data: Mapping[str, Any], dataset: str | None) -> Iterator[str]:
    dataset = dataset or settings.get("dataset", "unknown")
    yield "## Data"
    yield ""
    yield f"- Dataset: {dataset}"
    known = DATASETS.get(dataset)
    yield f"- Licence or terms: {known.terms if known else 'not known to this project'}"
    if known and known.address:
        yield f"- From: {known.address}"
    if data:
        kinds = {"": "Pairs"} if "train_a" not in data else {"_a": "Pictures of A", "_b": "Pictures of B"}
        for ending, what in kinds.items():
            counts = ", ".join(f"{data[split + ending]} {purpose}" for split, purpose in PURPOSES.items())
            yield f"- {what}: {counts}"
        yield f"- Inputs: pair_task: {settings['pair_task']}, direction: {settings['direction']}"
    yield ""


def _figures(evaluated: Mapping[str, Any], metrics: Path | None, folder: Path) -> Iterator[str]:
    yield "## Figures"
    yield ""
    if evaluated:
        yield f"{_measured_on(evaluated)}, as the last run of `evaluate` found them."
        yield ""
        yield from _figures_table(evaluated)
    else:
        yield "There is no evaluation of this very file."
    yield ""
    if metrics is not None and (metrics / EXAMPLES).exists():
        shown = "The best, the median and the worst test picture" if "l1" in evaluated else "Test pictures"
        yield f"![{shown}]({_link(metrics / EXAMPLES, folder)})"
        yield ""


def _measured_on(evaluated: Mapping[str, Any]) -> str:
    if "l1" in evaluated:
        return f"Means over {evaluated['n_images']} test pictures"
    return f"{evaluated['n_images']} test pictures, compared with {evaluated['n_images_b']} real ones as sets"


def _figures_table(evaluated: Mapping[str, Any]) -> Iterator[str]:
    """The figures of a model, of the trivial answer, and of the other direction where there is one."""
    columns = {"": "model", f"{BASELINE_INPUT}_": '"output = input"'}
    if any(key.startswith(BACK_PREFIX) for key in evaluated):
        columns |= {
            BACK_PREFIX: "the other direction",
            f"{BACK_PREFIX}{BASELINE_INPUT}_": 'its "output = input"',
        }
    yield f"| figure | {' | '.join(columns.values())} |"
    yield f"| {' | '.join(['---'] * (1 + len(columns)))} |"
    for key, title in (FIGURES if "l1" in evaluated else FIGURES_OF_SETS).items():
        values = [evaluated.get(f"{prefix}{key}") for prefix in columns]
        yield f"| {title} | {' | '.join('-' if value is None else f'{value:.4f}' for value in values)} |"


def _limits(
    settings: Mapping[str, Any], data: Mapping[str, Any], evaluated: Mapping[str, Any]
) -> Iterator[str]:
    size = settings["image_size"]
    yield "## Limits"
    yield ""
    yield f"- It was trained at {size} px. Larger pictures go in tiles, at once, or scaled down (`--fit`)."
    yield "- It knows what its training pictures show; on others its output may be wrong and look right."
    if settings["pair_task"] == "grayscale" and settings["direction"] == "AtoB":
        yield "- Colours are guesses: nothing tells what colour the thing in the picture had."
    if settings.get("dataset") == "sample":
        yield "- The sample is a demonstration: its test pictures are other parts of the photos trained on."
    if 0 < evaluated.get("n_images", 0) < FEW_PICTURES:
        yield f"- The figures are rough: they are means over only {evaluated['n_images']} pictures."
    key, title = ("l1", "L1") if "l1" in evaluated else ("kid_lite0", "KID")
    if key in evaluated and evaluated[key] >= evaluated[f"{BASELINE_INPUT}_{key}"]:
        yield f'- By {title} it is no better than leaving the input as it is ("output = input").'
    if data.get("near_duplicates_test"):
        yield (
            f"- {data['near_duplicates_test']} of the test pictures look nearly like one of another split, "
            "which flatters the figures."
        )
    if data.get("test_of_cut_recordings"):
        yield (
            f"- {data['test_of_cut_recordings']} of the test pictures come from the same film as training "
            "pictures, which flatters the figures."
        )
    if settings["test_mode"] == "train" and settings["dropout"]:
        yield "- Dropout stays on in use; it is seeded by the picture, so that results repeat."
    yield ""


def _settings(settings: Mapping[str, Any]) -> Iterator[str]:
    yield "## Settings"
    yield ""
    yield "| setting | value |"
    yield "| --- | --- |"
    for key in sorted(settings):
        yield f"| {key} | {json.dumps(settings[key])} |"


def _link(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def _read(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return values
