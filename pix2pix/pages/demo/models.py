"""The trained models that the page offers, and what it says of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pix2pix.core.choices import BACK_PREFIX, Direction
from pix2pix.core.errors import InputError
from pix2pix.model.model_file import directions, read_settings
from pix2pix.translation.preparation import Task, task_of

PATTERNS = ("models/*.safetensors", "data/epochs/**/*.safetensors")
FIGURES = (("L1", "l1", "{:.3f}"), ("PSNR", "psnr", "{:.1f} dB"), ("SSIM", "ssim", "{:.2f}"))
FIGURES_OF_SETS = (("KID", "kid_lite0", "{:.0f}"), ("there and back L1", "cycle_l1", "{:.3f}"))
NEEDED_SETTINGS = ("pair_task", "direction", "image_size", "generator", "levels")  # by what the page says


@dataclass(frozen=True)
class Model:
    """A model that can be chosen.

    Attributes:
        place: of its file, as the page says it.
        path: of its file.
        settings: those it was trained with, as in its header, and the direction of the translation.
        direction: of a model of both directions, where it is not that of its training.
    """

    place: str
    path: Path
    settings: dict[str, Any]
    direction: Direction | None = None

    @property
    def name(self) -> str:
        """What it is called on the page."""
        return self.place if self.direction is None else f"{self.place} ({self.direction})"

    @property
    def task(self) -> Task:
        """What inputs were made by; ``none``: the pairs were ready-made; ``photo``: inputs are photos."""
        return task_of(self.settings)


def find_models(root: Path, named: Sequence[Path] = ()) -> tuple[list[Model], list[str]]:
    """Find the models of a project, those that are ``named`` first, then the newest first.

    One of both directions is there twice, in that of its training first.

    Returns:
        the models, and why other files are left out, a line each.

    Raises:
        InputError: a named file is no model, or there is no model at all.
    """
    found = {file for pattern in PATTERNS for file in root.glob(pattern) if not file.name.startswith(".")}
    newest_first = sorted(found, key=lambda file: (-file.stat().st_mtime_ns, file))
    models = [model for path in named for model in _models(path, root)]
    reasons = []
    for path in newest_first:
        try:
            models += _models(path, root)
        except InputError as error:
            reasons.append(str(error))
    if not models:
        raise InputError(
            "there is no trained model yet; `make repro` or `dvc pull` makes models/generator.safetensors"
        )
    once: dict[tuple[Path, Direction | None], Model] = {}
    for model in models:
        once.setdefault((model.path.resolve(), model.direction), model)
    return list(once.values()), reasons


def facts_of(model: Model, metrics: dict[str, Any]) -> list[tuple[str, str]]:
    """What the page says of a model: pairs of a name and a value."""
    settings = model.settings
    size = settings["image_size"]
    facts = [
        ("model", model.name),
        ("task", TASK_TEXTS[model.task].name),
        ("size", f"{size} x {size} px"),
        ("epochs", str(settings.get("epochs", "unknown"))),
        ("data", str(settings.get("dataset", "unknown"))),
    ]
    if not metrics:
        return [*facts, ("metrics", "not measured")]
    n = metrics.get("n_images", "unknown")
    if model.direction is not None:
        n = metrics.get("n_images_b", n)
        metrics = {
            key.removeprefix(BACK_PREFIX): value
            for key, value in metrics.items()
            if key.startswith(BACK_PREFIX)
        }
    figures = FIGURES if "l1" in metrics else FIGURES_OF_SETS
    return (
        facts
        + [(label, pattern.format(metrics[key])) for label, key, pattern in figures if key in metrics]
        + [("measured on", f"{n} test pictures")]
    )


@dataclass(frozen=True)
class TaskText:
    """How the page speaks of a task.

    Attributes:
        name: of the task.
        title: of the page.
        line: on what the model does.
        prepare: the label of the box that has the input made of a photo; empty where there is no such box.
    """

    name: str
    title: str
    line: str
    prepare: str = ""


TASK_TEXTS: dict[Task, TaskText] = {
    "grayscale": TaskText(
        "grey to colour",
        "Colour a photo",
        "Drop in a photo, old or new. The model sees it in grey and paints it.",
        "Make my photo grey first",
    ),
    "edges": TaskText(
        "edges to photo",
        "From lines to a picture",
        "Draw with the pen, or drop in a photo for its outlines. The model fills them in.",
        "Take the outlines of my photo first",
    ),
    "sketch": TaskText(
        "sketch to photo",
        "From a sketch to a picture",
        "Draw with the pen, or drop in a photo to be sketched. The model fills it in.",
        "Make a sketch of my photo first",
    ),
    "photo": TaskText(
        "photo to input",
        "From a photo back",
        "Drop in a photo. The model makes grey, edges or a sketch of it.",
    ),
    "none": TaskText(
        "picture to picture",
        "From picture to picture",
        "Drop in a picture of the kind that the model was trained on, a label map say.",
    ),
}


def _models(path: Path, root: Path) -> list[Model]:
    """Read what a file offers: a model, or one for each of two directions."""
    inside = path.resolve().is_relative_to(root.resolve())
    name = path.resolve().relative_to(root.resolve()).as_posix() if inside else str(path)
    settings = read_settings(path)
    missing = [key for key in NEEDED_SETTINGS if key not in settings]
    if missing:
        raise InputError(f"{path} is not a model written by the train stage: {missing[0]!r}")
    model = Model(name, path, settings)
    others = directions(settings)[1:]
    return [model, *(Model(name, path, settings | {"direction": way}, way) for way in others)]
