"""One training of a comparison: its pairs, the training, and what is measured of it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from benchmarks.comparisons import COMPARISONS, WORK, Run, digest_of
from benchmarks.timing import machine
from pix2pix.core.errors import InputError, UnreadableError
from pix2pix.core.kept_work import kept_work, locked
from pix2pix.core.outputs import link_or_copy, whole_folder, write_json
from pix2pix.core.progress import with_progress
from pix2pix.evaluation.measurement import BASELINE_MEAN, mean_target, measure
from pix2pix.evaluation.results import translate_folder
from pix2pix.evaluation.summary import summarize
from pix2pix.machine.device import open_fabric
from pix2pix.model.model_file import load_generator, save_generator
from pix2pix.model.pair_folder import PairFolder
from pix2pix.pairs.making import make_pair
from pix2pix.pictures.images import IMAGE_SUFFIXES, read_image, write_png
from pix2pix.pictures.options import PairOptions
from pix2pix.pictures.pairs import TEST, TRAIN, VAL
from pix2pix.realism.comparison import measure_realism
from pix2pix.realism.options import BASELINE_INPUT, RealismOptions
from pix2pix.training.build import build_training
from pix2pix.training.options import MachineOptions
from stages.settings.train import TrainSettings

VALIDATION_PAIRS = 8  # of those for training: a training needs some, and no weights are chosen by them
MACHINE = MachineOptions(cache_gb=1.0)
REALISM = RealismOptions(realism_metrics="auto", seed=0)
MEASURED = (
    "l1",
    "psnr",
    "ssim",
    "histogram_distance",
    "colorfulness",
    "kid_lite0",
    "checkerboard",
    "border_error",
)
MODEL = "model.safetensors"  # in the folder of a run
TRAINED = "training.json"
RESULTS = "results"

Figures = dict[str, Any]


def pictures_in(folder: Path) -> list[Path]:
    """Return the pictures of a dataset's folder, and of those below it.

    Raises:
        InputError: there are none.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    if not files:
        raise InputError(
            f"no pictures in {folder}: expected A|B pairs; DATASETS_DIR=/path/to/datasets names the folder "
            f"that holds {', '.join(COMPARISONS)}"
        )
    return files


def pairs_of(run: Run) -> Path:
    """The folder of a training's pairs, whole or absent."""
    return WORK / "pairs" / f"{run.data}-{run.changes['image_size']}"


def prepare_pairs(run: Run, datasets: Path) -> None:
    """Write the pairs of a training, where they are not there yet.

    Raises:
        InputError: the dataset is missing, or a picture of it is no A|B pair.
    """
    if pairs_of(run).exists():
        return
    comparison = COMPARISONS[run.data]
    options = PairOptions(
        pair_task="none", direction=comparison.direction, image_size=run.changes["image_size"]
    )
    with locked(WORK / "pairs.lock", "compare"), whole_folder(pairs_of(run)) as pairs:
        for split, folder in zip((TRAIN, TEST), comparison.folders, strict=True):
            _write_pairs(datasets / run.data / folder, pairs / split, options)
        for path in sorted((pairs / TRAIN).rglob("*.png"))[:VALIDATION_PAIRS]:
            link_or_copy(path, pairs / VAL / path.relative_to(pairs / TRAIN))


def _write_pairs(source: Path, out: Path, options: PairOptions) -> None:
    files = pictures_in(source)
    for path in with_progress(files, len(files), f"compare: pairs of {source.parent.name}", "picture"):
        try:
            pair = make_pair(read_image(path), options)
        except UnreadableError as error:
            raise InputError(f"{path}: {error}") from error
        write_png(out / path.relative_to(source).with_suffix(".png"), pair)


def trained(run: Run, settings: TrainSettings) -> Figures:
    """Train, and save the model; or take the figures of one that is trained, but not measured yet.

    A training that was killed goes on.

    Returns:
        its settings in short, its steps, and how often D won.
    """
    record = run.folder / TRAINED
    if is_trained(run, digest_of(settings)):
        return dict(json.loads(record.read_text()))
    fabric = open_fabric("auto", precision=settings.precision)
    with kept_work(WORK / "work", run.slug, settings.header) as work:
        training = build_training(fabric, settings, pairs_of(run), machine=MACHINE, work=work)
        result = training.run()
        save_generator(run.folder / MODEL, result.weights, settings.header)
        images = training.epochs * training.pairs
        figures = {
            "digest": digest_of(settings),
            "machine": machine_of(fabric.device),
            "recipe": run.recipe,
            "image_size": settings.image_size,
            "epochs": training.epochs,
            "train_pairs": training.pairs,
            "images_seen": images,
            "steps": int(result.metrics["steps"]),
            "epochs_d_won": result.metrics["epochs_d_won"],
            "generator_parameters": sum(weights.numel() for weights in training.model.generator.parameters()),
        }
        write_json(record, figures)
    return figures


def is_trained(run: Run, digest: str) -> bool:
    """Whether the model on this machine is one of the settings with this digest."""
    record = run.folder / TRAINED
    return record.exists() and json.loads(record.read_text())["digest"] == digest


def machine_of(device: torch.device) -> str:
    """What figures are measured on."""
    gpu = f"{torch.cuda.get_device_name(device)}, " if device.type == "cuda" else ""
    return f"{gpu}{machine()}"


def measured(run: Run) -> Figures:
    """Translate the test pairs by the model, and measure the results and the trivial answers."""
    generator, settings = load_generator(run.folder / MODEL)
    fabric = open_fabric("auto", precision=settings["precision"])
    pairs = PairFolder(pairs_of(run) / TEST)
    results = run.folder / RESULTS
    with whole_folder(results) as out:
        translate_folder(generator.to(fabric.device), pairs, out, fabric, settings["test_mode"])
    mean = mean_target(pairs_of(run) / TRAIN)
    summary = summarize(measure(pairs.folder, pairs.names, results, mean))
    outputs = {pairs.folder / name: results / name for name in pairs.names}
    summary |= _realism(outputs, fabric.device)
    if mean is not None:
        path = run.folder / "mean_target.png"
        write_png(path, mean)
        of_mean = _realism(dict.fromkeys(outputs, path), fabric.device)
        summary |= {f"{BASELINE_MEAN}_{name}": value for name, value in of_mean.items()}
    prefixes = ("", f"{BASELINE_INPUT}_", f"{BASELINE_MEAN}_")
    names = ["n_images", "target_colorfulness", *(prefix + name for prefix in prefixes for name in MEASURED)]
    return {name: summary[name] for name in names if name in summary}


def _realism(outputs: Mapping[Path, Path], device: torch.device) -> Figures:
    """Measure how real outputs look, by the pair of each; nothing where there are too few."""
    return measure_realism([(output, pair) for pair, output in outputs.items()], REALISM, device)[0]
