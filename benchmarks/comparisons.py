"""What ``benchmarks.quality`` compares: on which data, which trainings, by which settings."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pix2pix.core.choices import Direction
from pix2pix.core.errors import InputError
from stages.settings.train import TrainSettings
from stages.shared.settings import read_settings_file, validate

RECIPES = Path("recipes")
WORK = Path(".compare")  # pairs, trainings and pictures; git ignores it
PLAIN, OURS = "plain", "ours"  # rows of every table
PLAIN_RECIPE = "isola_facades"
FULL = {"image_size": 128, "ngf": 64, "ndf": 64}
SMALL = {"image_size": 64, "ngf": 32, "ndf": 32}
# Of every training: the last weights count, and no recipe says `compile`, which is not of a paper.
SAME_FOR_ALL = {
    "dataset": "folder",
    "compile": False,
    "select": "last",
    "early_stop_epochs": 0,
    "keep_every": 0,
    "log_every": 50,
    "sample_every": 10**6,
}

Changes = Mapping[str, Any]


@dataclass(frozen=True)
class Comparison:
    """A dataset to compare on.

    Attributes:
        task: what is made of what.
        recipe: of ours.
        direction: of the halves of its pictures.
        folders: of its pictures for training and for testing.
        epochs: of both.
        seeds: trainings of each.
        fewer_epochs: of ours alone, against plain with all; 0 is none.
        ablation_epochs: of the small trainings; 0 is none.
    """

    task: str
    recipe: str
    direction: Direction
    folders: tuple[str, str]
    epochs: int
    seeds: int = 1
    fewer_epochs: int = 0
    ablation_epochs: int = 0


COMPARISONS = {
    "facades": Comparison(
        "label map to photo",
        "best_labels",
        "BtoA",
        ("train", "test"),
        20,
        3,
        fewer_epochs=10,
        ablation_epochs=5,
    ),
    "shortie": Comparison(
        "grey flower to colour",
        "best_colour",
        "AtoB",
        ("train", "test"),
        10,
        fewer_epochs=4,
        ablation_epochs=3,
    ),
    "edges2shoes": Comparison("edges to photo", "best_edges", "AtoB", ("train", "val"), 40),
}

# Ours with something else: what it is called in the table, and the settings that it changes.
ABLATION: dict[str, dict[str, Changes]] = {
    "facades": {
        "label maps as pictures": {"input_labels": False},
        "no projected discriminator": {"lambda_projected": 0},
        "no perceptual loss": {"lambda_perceptual": 0},
        "no feature matching": {"lambda_feature_matching": 0},
        "no discriminator of patches": {"lambda_gan": 0, "lambda_feature_matching": 0},
        "pairs not changed for the discriminator": {"augment_discriminator": False},
        "no average of the weights": {"ema_decay": 0},
        "a constant rate": {"lr_schedule": "constant"},
        "the paper's U-Net, resized": {"generator": "unet"},
        "the paper's U-Net": {"generator": "unet", "upsample": "transpose"},
        "spectral norm": {"spectral_norm": True},
    },
    "shortie": {
        "brightness drawn, too": {"output": "colour"},
        "no projected discriminator": {"lambda_projected": 0},
        "with a perceptual loss": {"lambda_perceptual": 5},
        "lambda_l1 of 100": {"lambda_l1": 100},
        "the paper's U-Net, resized": {"generator": "unet"},
    },
}


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
        data: the name of its comparison.
        row: of the table that it belongs to.
        seed: of the training.
        recipe: that its settings start from.
        changes: settings laid over the recipe's.
        is_ablation: whether it is one of the small trainings.
    """

    data: str
    row: str
    seed: int
    recipe: str = field(repr=False)
    changes: Changes = field(repr=False)
    is_ablation: bool = False

    @property
    def name(self) -> str:
        """What it is called in the results."""
        return f"{self.data} {'ablation ' * self.is_ablation}{self.row} seed {self.seed}"

    @property
    def slug(self) -> str:
        """The name as one of a file."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower())

    @property
    def folder(self) -> Path:
        """Where its model and its pictures lie."""
        return WORK / self.slug


def full_runs(data: str) -> list[Run]:
    """Plain, ours, and ours with fewer epochs, seed by seed."""
    of = COMPARISONS[data]
    rows = {PLAIN: (PLAIN_RECIPE, of.epochs), OURS: (of.recipe, of.epochs)}
    if of.fewer_epochs:
        rows[f"{OURS}, {of.fewer_epochs} epochs"] = of.recipe, of.fewer_epochs
    return [
        Run(data, row, seed, recipe, FULL | {"epochs": epochs})
        for seed in range(1, of.seeds + 1)
        for row, (recipe, epochs) in rows.items()
    ]


def ablation_runs(data: str) -> list[Run]:
    """Plain, ours, and ours with one thing changed, all small; none where the comparison wants none."""
    of = COMPARISONS[data]
    if not of.ablation_epochs:
        return []
    small: Changes = SMALL | {"epochs": of.ablation_epochs}
    rows: dict[str, tuple[str, Changes]] = {PLAIN: (PLAIN_RECIPE, {}), OURS: (of.recipe, {})}
    rows |= {row: (of.recipe, changes) for row, changes in ABLATION.get(data, {}).items()}
    return [
        Run(data, row, 1, recipe, {**small, **changes}, is_ablation=True)
        for row, (recipe, changes) in rows.items()
    ]


def settings_of(run: Run) -> TrainSettings:
    """Return all settings of a training: its recipe's, with as large a part of the epochs to decay in.

    Raises:
        InputError: there is no such recipe, or a setting is unknown or has a value that is not allowed.
    """
    path = RECIPES / f"{run.recipe}.yaml"
    recipe = read_settings_file(path)
    changes = {**SAME_FOR_ALL, "direction": COMPARISONS[run.data].direction, "seed": run.seed, **run.changes}
    if unknown := changes.keys() - TrainSettings.model_fields.keys():
        raise InputError(f"{run.name}: {min(unknown)}: train has no such setting")
    decay = round(recipe["epochs_decay"] * changes["epochs"] / recipe["epochs"])
    return validate(TrainSettings, recipe | {"epochs_decay": decay} | changes, path)


def digest_of(settings: TrainSettings) -> str:
    """Return a hash of all settings but the seed: what the trainings of a row have in common.

    What is off counts as not there, and so does the objective that there was before it could be chosen: a new
    setting changes no digest where it is off.
    """
    off = {"objective": "pix2pix"}
    values = {
        name: value
        for name, value in settings.header.items()
        if value and name != "seed" and off.get(name) != value
    }
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
