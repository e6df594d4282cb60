"""A training put together from its options."""

from pathlib import Path

from lightning_fabric import Fabric

from pix2pix.model.discriminator import PatchDiscriminator, ProjectedDiscriminator
from pix2pix.model.efficientnet import pretrained_encoder
from pix2pix.model.generators import build_generator
from pix2pix.model.initial_weights import load_initial_weights
from pix2pix.model.pair_folder import PairFolder
from pix2pix.pictures.pairs import TRAIN, VAL
from pix2pix.training.checkpoint import TrainingFiles
from pix2pix.training.curves import TrainingLog
from pix2pix.training.loop import Training
from pix2pix.training.options import MachineOptions, TrainingOptions
from pix2pix.training.step import Pix2Pix
from pix2pix.training.training_pairs import TrainingPairs


def build_training(
    fabric: Fabric,
    options: TrainingOptions,
    pairs: Path,
    *,
    machine: MachineOptions | None = None,
    work: Path | None = None,
    log: TrainingLog | None = None,
) -> Training:
    """Build the networks, load what they start from, and read the pairs.

    Args:
        fabric: device, processes and precision.
        options: how the training goes.
        pairs: the folder of ``train/`` and ``val/``.
        machine: how it runs here.
        work: the folder of what the training keeps; the first process's alone, others take None.
        log: receives curves and pictures; the first process's alone.

    Raises:
        InputError: there are no pairs, or a file of weights is not what a setting says.
    """
    machine = machine or MachineOptions()
    train, val = (PairFolder(pairs / split, machine.cache_gb) for split in (TRAIN, VAL))
    return Training(
        build_model(fabric, options),
        TrainingPairs(train, options, options.pixel_range, options.seed),
        val,
        options,
        machine=machine,
        files=None if work is None else TrainingFiles(work, options.header),
        log=log,
    )


def build_model(fabric: Fabric, options: TrainingOptions) -> Pix2Pix:
    """Build the networks, the same ones in every process, and load what they start from.

    Raises:
        InputError: a file of weights is not what a setting says.
    """
    fabric.seed_everything(options.seed, verbose=False)
    generator = build_generator(options)
    discriminator = PatchDiscriminator(options) if options.has_discriminator else None
    load_initial_weights(generator, options)
    sees = bool(options.lambda_perceptual or options.lambda_projected)
    return Pix2Pix(
        fabric,
        generator,
        discriminator,
        options,
        encoder=pretrained_encoder().requires_grad_(False) if sees else None,
        projected=ProjectedDiscriminator() if options.lambda_projected else None,
        compile=options.compile,
    )
