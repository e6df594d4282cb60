"""A training put together from settings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning_fabric import Fabric

from pix2pix.model.discriminator import DiscriminatorOptions, PatchDiscriminator
from pix2pix.model.generators import GeneratorOptions, build_generator
from pix2pix.model.initial_weights import load_pretrained_encoder, load_start
from pix2pix.model.pair_folder import PairFolder
from pix2pix.training.augment import Augmentation
from pix2pix.training.curves import TrainingLog
from pix2pix.training.loop import Training
from pix2pix.training.schedule import Pace, Schedule
from pix2pix.training.step import Objective, Pix2Pix
from pix2pix.training.training_pairs import TrainingPairs


def build_training(
    fabric: Fabric,
    settings: Mapping[str, Any],
    pairs: Path,
    *,
    cache_gb: float = 0.0,
    pace: Pace | None = None,
    work: Path | None = None,
    log: TrainingLog | None = None,
) -> Training:
    """Build the networks, load what they start from, and read the pairs.

    Args:
        fabric: device, processes and precision.
        settings: those of the ``train`` stage.
        pairs: the folder of ``train/`` and ``val/``.
        cache_gb: memory for decoded pairs, in GB.
        pace: as in ``pix2pix.training.loop.Training``.
        work: likewise.
        log: likewise.

    Raises:
        InputError: there are no pairs, or a file of weights is not what a setting says.
    """
    train, val = (PairFolder(pairs / split, cache_gb) for split in ("train", "val"))
    augmentation = Augmentation(
        jitter=settings["augment_jitter"],
        mirror=settings["augment_mirror"],
        color_jitter=settings["augment_color_jitter"],
        mosaic=settings["augment_mosaic"],
    )
    return Training(
        build_model(fabric, settings),
        TrainingPairs(train, augmentation, settings["pixel_range"], settings["seed"]),
        val,
        Schedule.of(settings),
        header=settings,
        pace=pace or Pace(),
        work=work,
        log=log,
    )


def build_model(fabric: Fabric, settings: Mapping[str, Any]) -> Pix2Pix:
    """Build the networks, the same ones in every process, and load what they start from.

    Raises:
        InputError: a file of weights is not what a setting says.
    """
    fabric.seed_everything(settings["seed"], verbose=False)
    generator = build_generator(GeneratorOptions.of(settings))
    discriminator = None
    if settings["lambda_gan"] or settings["track_gan"]:
        discriminator = PatchDiscriminator(DiscriminatorOptions.of(settings))
    if settings["pretrained"]:
        load_pretrained_encoder(generator, settings["pretrained"], settings["pretrained_sha256"])
    if settings["init_from"]:
        load_start(generator, settings["init_from"], settings["init_from_sha256"])
    goal = Objective.of(settings)
    return Pix2Pix(fabric, generator, discriminator, goal, compile=settings["compile"])
