"""The trained models that the page offers, and what it says of each."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from safetensors import SafetensorError, safe_open

from pix2pix.core.errors import InputError
from pix2pix.model.model_file import HEADER_KEY

PATTERNS = ("models/*.safetensors", "data/epochs/**/*.safetensors")
METRICS = Path("metrics/evaluate.json")
LOCK = Path("dvc.lock")


@dataclass(frozen=True)
class Model:
    """A model that can be chosen.

    Attributes:
        name: what it is called on the page: its path.
        path: of its file.
        settings: those it was trained with, as in its header.
    """

    name: str
    path: Path
    settings: dict[str, Any]

    @property
    def task(self) -> str:
        """``grayscale``, ``edges``, ``sketch``, ``none``, or ``photo``: inputs were photos as they are."""
        task: str = self.settings["pair_task"]
        return "photo" if task != "none" and self.settings["direction"] == "BtoA" else task


def find_models(root: Path, named: Sequence[Path] = ()) -> tuple[list[Model], list[str]]:
    """Find the models of a project, those that are ``named`` first, then the newest first.

    Returns:
        the models, and why other files are left out, a line each.

    Raises:
        InputError: a named file is no model, or there is no model at all.
    """
    found = {file for pattern in PATTERNS for file in root.glob(pattern) if not file.name.startswith(".")}
    newest_first = sorted(found, key=lambda file: (-file.stat().st_mtime_ns, file))
    models = [_model(path, root) for path in named]
    reasons = []
    for path in newest_first:
        try:
            models.append(_model(path, root))
        except InputError as error:
            reasons.append(str(error))
    if not models:
        raise InputError(
            "there is no trained model yet; `make repro` or `dvc pull` makes models/generator.safetensors"
        )
    once: dict[Path, Model] = {}
    for model in models:
        once.setdefault(model.path.resolve(), model)
    return list(once.values()), reasons


def read_settings(path: Path) -> dict[str, Any]:
    """Read the settings in a model's header, without its weights.

    Raises:
        InputError: the file is missing, damaged, or no model of this project.
    """
    try:
        with safe_open(path, framework="pt") as file:
            settings: dict[str, Any] = json.loads((file.metadata() or {})[HEADER_KEY])
            _ = [settings[key] for key in ("pair_task", "direction", "image_size", "generator", "levels")]
            return settings
    except FileNotFoundError as error:
        raise InputError(f"no model at {path}") from error
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is not a model written by the train stage: {error}") from error


def metrics_of(model: Model, root: Path) -> dict[str, Any]:
    """Return what the last evaluation measured, if it was of this very file; else nothing.

    DVC's lock file tells the hashes of the model that was evaluated and of the metrics that came of it.
    """
    try:
        stages = YAML(typ="safe").load(root / LOCK)["stages"]
        evaluate = stages["evaluate"]
        measured = {item["md5"] for item in evaluate["deps"] if item["path"].endswith(".safetensors")}
        written = {item["md5"] for item in evaluate["outs"] if item["path"] == METRICS.as_posix()}
        if _md5(model.path) not in measured or _md5(root / METRICS) not in written:
            return {}
        metrics: dict[str, Any] = json.loads((root / METRICS).read_text(encoding="utf-8"))
    except (OSError, YAMLError, KeyError, TypeError, ValueError):  # none of it is there, or not yet
        return {}
    return metrics


def facts_of(model: Model, metrics: dict[str, Any]) -> list[tuple[str, str]]:
    """What the page says of a model: pairs of a name and a value."""
    settings = model.settings
    size = settings["image_size"]
    facts = [
        ("model", model.name),
        ("task", TASKS[model.task].name),
        ("size", f"{size} x {size} px"),
        ("epochs", str(settings.get("epochs", "unknown"))),
        ("data", str(settings.get("dataset", "unknown"))),
    ]
    if not metrics:
        return [*facts, ("metrics", "not measured")]
    figures = [("L1", "l1", "{:.3f}"), ("PSNR", "psnr", "{:.1f} dB"), ("SSIM", "ssim", "{:.2f}")]
    return (
        facts
        + [(label, pattern.format(metrics[key])) for label, key, pattern in figures if key in metrics]
        + [("measured on", f"{metrics.get('n_images', 'unknown')} test pictures")]
    )


@dataclass(frozen=True)
class Task:
    """How the page speaks of a task: its name, a title, a line on what the model does, and on preparing."""

    name: str
    title: str
    line: str
    prepare: str = ""


TASKS = {
    "grayscale": Task(
        "grey to colour",
        "Colour a photo",
        "Drop in a photo, old or new. The model sees it in grey and paints it.",
        "Make my photo grey first",
    ),
    "edges": Task(
        "edges to photo",
        "From lines to a picture",
        "Draw with the pen, or drop in a photo for its outlines. The model fills them in.",
        "Take the outlines of my photo first",
    ),
    "sketch": Task(
        "sketch to photo",
        "From a sketch to a picture",
        "Draw with the pen, or drop in a photo to be sketched. The model fills it in.",
        "Make a sketch of my photo first",
    ),
    "photo": Task(
        "photo to input",
        "From a photo back",
        "Drop in a photo. The model makes grey, edges or a sketch of it.",
    ),
    "none": Task(
        "picture to picture",
        "From picture to picture",
        "Drop in a picture of the kind that the model was trained on, a label map say.",
    ),
}


def _model(path: Path, root: Path) -> Model:
    inside = path.resolve().is_relative_to(root.resolve())
    name = path.resolve().relative_to(root.resolve()).as_posix() if inside else str(path)
    return Model(name, path, read_settings(path))


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()
