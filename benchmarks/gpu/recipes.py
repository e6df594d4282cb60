"""The part ``recipes``: a published training by its recipe, for as many epochs as fit, and what came of it.

A recipe's epochs are cut to what the time allows by the speed of first steps, and those in which its rates
decay are scaled with them; ``precision: auto`` is the one other change. Test pictures are translated and
measured as the stage ``evaluate`` does it, and some of them shown in ``recipe_NAME.png``.
"""

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from lightning_fabric import Fabric

from benchmarks.gpu.clock import forget_peak_memory, peak_memory, seconds_per_call, wait_for
from benchmarks.gpu.pairs import write_pairs
from benchmarks.gpu.record import Notes, Plan
from benchmarks.gpu.ways import endless, machine_options
from pix2pix.evaluation.measurement import BASELINE_MEAN, mean_target
from pix2pix.evaluation.measurement import measure as measure_pictures
from pix2pix.evaluation.results import translate_folder
from pix2pix.evaluation.summary import summarize
from pix2pix.machine.device import open_fabric
from pix2pix.machine.memory import keep_freed_memory
from pix2pix.model.pair_folder import PairFolder
from pix2pix.networks.generators import Generator
from pix2pix.pictures.contact_sheet import TRIPTYCH, contact_sheet
from pix2pix.pictures.images import RgbImage, read_image, write_png
from pix2pix.pictures.pairs import TEST, TRAIN, read_pair
from pix2pix.realism.comparison import measure_realism
from pix2pix.realism.options import BASELINE_INPUT, RealismOptions
from pix2pix.training.build import build_training
from pix2pix.training.captured_step import step_of
from pix2pix.training.loop import Training
from stages.settings.train import TrainSettings
from stages.shared.settings import read_settings_file, validate

RECIPES = Path("recipes")
TOY = {"image_size": 64, "ngf": 4, "ndf": 4}
SHOWN = 6
SAFETY = 0.9  # of the time, by the estimate
MEASURED = ("l1", "psnr", "ssim", "histogram_distance", "colorfulness", "target_colorfulness")
PREFIXES = ("", f"{BASELINE_INPUT}_", f"{BASELINE_MEAN}_")


class OutOfTimeError(Exception):
    """The time of a training is over."""


@dataclass(frozen=True)
class Deadline:
    """A training's log that ends it at a time, in s since the epoch."""

    at: float

    def metrics(self, _step: int, _values: Mapping[str, float]) -> None:
        """Look at the clock."""
        if time.time() > self.at:
            raise OutOfTimeError

    def samples(self, _picture: RgbImage) -> None:
        """Show nothing."""


def measure(plan: Plan, notes: Notes, which: str) -> None:
    """Train by a recipe, and note what was trained and how good it is."""
    keep_freed_memory()
    recipe = RECIPES / f"{which}.yaml"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        changes: dict[str, Any] = {"precision": "auto"} | (TOY if plan.is_dry else {})
        full = recipe_settings(recipe, changes)
        notes.add(data=write_pairs(Path(plan.datasets), folder / "pairs", full.image_size, plan.size(0, 4)))
        fabric = open_fabric(plan.accelerator, precision=full.precision)
        epoch_s = _seconds_per_epoch(plan, fabric, full, folder / "pairs")
        fitting = int(SAFETY * plan.train_s / epoch_s)
        epochs = plan.size(max(1, min(full.epochs, fitting)), 1)
        notes.add(
            epochs=epochs, epochs_of_recipe=full.epochs, image_size=full.image_size, batch=full.batch_size
        )
        settings = recipe_settings(recipe, changes | {"epochs": epochs})
        generator = _trained(plan, fabric, settings, folder / "pairs", notes)
        _evaluate(plan, fabric, generator, settings, folder, notes)
        _show(folder, Path(plan.out, f"recipe_{which}.png"))
        notes.add(sheet=f"recipe_{which}.png")


def recipe_settings(path: Path, changes: Mapping[str, Any]) -> TrainSettings:
    """A recipe's settings, with changes; the last weights count, and as large a part of the epochs decays."""
    recipe = read_settings_file(path)
    decay = round(recipe["epochs_decay"] * changes.get("epochs", recipe["epochs"]) / recipe["epochs"])
    same = {
        "compile": False,
        "select": "last",
        "early_stop_epochs": 0,
        "keep_every": 0,
        "epochs_decay": decay,
    }
    return validate(TrainSettings, recipe | same | dict(changes), path)


def _training(
    plan: Plan, fabric: Fabric, settings: TrainSettings, pairs: Path, log: Deadline | None = None
) -> Training:
    return build_training(fabric, settings, pairs, machine=machine_options(plan), log=log)


def _seconds_per_epoch(plan: Plan, fabric: Fabric, settings: TrainSettings, pairs: Path) -> float:
    """How long an epoch takes, validation included, by the steps of a training that is thrown away."""
    training = _training(plan, fabric, settings, pairs)
    take = step_of(training.model, "auto", settings.accumulate_steps)
    batches, numbers = endless(training), count(1)
    calls = plan.size(15, 1)
    seconds = seconds_per_call(
        {"": lambda: take([next(batches)], next(numbers))},
        fabric.device,
        plan.seconds(1.5),
        rounds=plan.size(2, 1),
        calls=calls,
    )[""]
    start = time.perf_counter()
    training.validate(training.model.results)
    wait_for(fabric.device)
    return len(training.batches) * max(seconds) + time.perf_counter() - start


def _trained(plan: Plan, fabric: Fabric, settings: TrainSettings, pairs: Path, notes: Notes) -> Generator:
    """Train, until the end or until the time is over, and return the generator that would be saved."""
    before = forget_peak_memory(fabric.device)
    start = time.time()
    training = _training(plan, fabric, settings, pairs, Deadline(start + max(plan.train_s, 1.0)))
    try:
        training.run()
    except OutOfTimeError:
        notes.add(stopped="the time was over before the last epoch")
    at, seconds = training.position, time.time() - start
    images = at.epoch * training.pairs + at.batch * settings.batch_size
    notes.add(
        train_s=round(seconds, 1),
        steps=at.step,
        images_per_s_with_validation=round(images / seconds, 2),
        **peak_memory(fabric.device, before),
    )
    return training.model.result


def _evaluate(
    plan: Plan, fabric: Fabric, generator: Generator, settings: TrainSettings, folder: Path, notes: Notes
) -> None:
    pairs = PairFolder(folder / "pairs" / TEST)
    start = time.perf_counter()
    (folder / "results").mkdir()
    translate_folder(generator, pairs, folder / "results", fabric, settings.test_mode)
    notes.add(translated_per_s=round(len(pairs) / (time.perf_counter() - start), 2), test_pictures=len(pairs))
    mean = mean_target(folder / "pairs" / TRAIN)
    summary = summarize(measure_pictures(pairs.folder, pairs.names, folder / "results", mean))
    with notes.failing_alone("kid_lite0"):
        shown = [(folder / "results" / name, pairs.folder / name) for name in pairs.names]
        realism = RealismOptions(realism_metrics="auto", seed=0)
        summary |= measure_realism(shown, realism, fabric.device)[0]
    names = [prefix + name for prefix in PREFIXES for name in (*MEASURED, "kid_lite0")]
    notes.add(metrics={name: summary[name] for name in names if name in summary})


def _show(folder: Path, path: Path) -> None:
    """Write a sheet of test pictures from all over the split."""
    test = folder / "pairs" / TEST
    names = [file.relative_to(test) for file in sorted(test.rglob("*.png"))]
    places = np.unique(np.linspace(0, len(names) - 1, SHOWN).round().astype(int))
    examples = []
    for name in (names[place] for place in places):
        real_a, real_b = read_pair(test / name)
        examples.append((name.stem, [real_a, read_image(folder / "results" / name), real_b]))
    write_png(path, contact_sheet(examples, TRIPTYCH))
