"""A training put together from its options."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch
from lightning_fabric import Fabric

from pix2pix.core.choices import WherePossible
from pix2pix.core.errors import InputError
from pix2pix.machine.device import tune_for_training
from pix2pix.model.initial_weights import load_initial_weights
from pix2pix.model.model_file import BOTH_WAYS, back_options, read_palette
from pix2pix.model.pair_folder import PairFolder, open_sides, to_image
from pix2pix.networks.discriminator import PatchDiscriminator, ProjectedDiscriminator
from pix2pix.networks.efficientnet import pretrained_encoder
from pix2pix.networks.generators import Generator, build_generator
from pix2pix.networks.options import StartOptions
from pix2pix.networks.resnet_generator import ResnetGenerator
from pix2pix.networks.weight_files import checked_file
from pix2pix.pictures.pairs import TRAIN, VAL, are_unpaired
from pix2pix.pictures.palette import MOST_CLASSES, Palette, find_palette
from pix2pix.training.checkpoint import TrainingFiles
from pix2pix.training.curves import TrainingLog
from pix2pix.training.loop import Training, mean_over_processes
from pix2pix.training.objectives.cut import Cut
from pix2pix.training.objectives.cyclegan import CycleGan
from pix2pix.training.objectives.objective import Objective
from pix2pix.training.objectives.pix2pix import Pix2Pix
from pix2pix.training.options import MachineOptions, TrainingOptions
from pix2pix.training.set_validation import SetValidation
from pix2pix.training.training_pairs import TrainingPairs, TrainingSides
from pix2pix.training.validation import PairValidation

HELD_SHARE = 0.25  # of the free memory of a GPU: at most so much is for pairs
PALETTE_PAIRS = 200  # at most so many, from all over the split, are looked at for a palette


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
        InputError: there are no pairs, they are none and the objective needs some, or a file of weights is
            not what a setting says.
    """
    machine = machine or MachineOptions()
    tune_for_training(fabric.device)
    open_data = open_pairs if options.objective == "pix2pix" else open_two_sides
    train, validate, palette = open_data(fabric, options, pairs, machine.cache_gb)
    if isinstance(train, TrainingPairs) and _is_to_be_held(train, fabric.device, machine.data_on_device):
        train.hold_on(fabric.device)
    return Training(
        build_model(fabric, options, palette),
        train,
        validate,
        options,
        machine=machine,
        files=None if work is None else TrainingFiles(work, options.header),
        log=log,
    )


def _is_to_be_held(pairs: TrainingPairs, device: torch.device, data_on_device: WherePossible) -> bool:
    """Whether the device is to hold the pairs, by the setting of that name."""
    if data_on_device != "auto":
        return data_on_device
    return device.type == "cuda" and pairs.nbytes <= HELD_SHARE * torch.cuda.mem_get_info(device)[0]


def open_pairs(
    fabric: Fabric, options: TrainingOptions, pairs: Path, cache_gb: float
) -> tuple[TrainingPairs, PairValidation, Palette]:
    """Open the pairs of a training, what validates it, and the palette of the inputs where they have one.

    Raises:
        InputError: there are no pairs, or ``input_labels`` asks for what they are not.
    """
    if are_unpaired(pairs):
        raise InputError(
            f"objective: pix2pix learns from pairs, and {pairs} holds two sides, A and B, that are none; set "
            "objective to cyclegan or cut, or layout to pairs where equal names make a pair"
        )
    train, val = (PairFolder(pairs / split, cache_gb) for split in (TRAIN, VAL))
    palette = palette_of(train, options)
    if palette and fabric.is_global_zero:
        print(
            f"train: the inputs are label maps of {len(palette)} colours; G is told the class of each pixel"
        )
    mean = partial(mean_over_processes, fabric)
    validate = PairValidation(val, fabric, options.test_mode, mean)
    return TrainingPairs(train, options, options.pixel_range, options.seed), validate, palette


def open_two_sides(
    fabric: Fabric, options: TrainingOptions, pairs: Path, cache_gb: float
) -> tuple[TrainingSides, SetValidation, Palette]:
    """Open the two sides of a training, pairs or not, and what validates it; no palette is looked for.

    Raises:
        InputError: a side has no picture, or fewer than two for validation.
    """
    if not are_unpaired(pairs) and fabric.is_global_zero:
        print(f"train: objective: {options.objective} ignores which A and B are a pair")
    train, val = (open_sides(pairs, split, cache_gb) for split in (TRAIN, VAL))
    is_both_ways = options.objective == BOTH_WAYS
    validate = SetValidation(val, fabric, options.test_mode, is_both_ways=is_both_ways)
    return TrainingSides(train, options, options.pixel_range, options.seed), validate, ()


def palette_of(train: PairFolder, options: TrainingOptions) -> Palette:
    """Return the colours of the classes that a generator is told of, by ``input_labels``; empty without any.

    A training that starts from a model takes that model's.

    Raises:
        InputError: ``input_labels`` is true, and the inputs have no 2 to ``MOST_CLASSES`` colours.
    """
    if options.init_from:
        return read_palette(checked_file(options.init_from, options.init_from_sha256, "init_from"))
    if options.input_labels is False or options.generator == "resnet18_unet":
        return ()
    shown = np.unique(np.linspace(0, len(train) - 1, PALETTE_PAIRS).round().astype(int)).tolist()
    palette, are_labels = find_palette(to_image(train[index][0]) for index in shown)
    if options.input_labels is True and not 2 <= len(palette) < MOST_CLASSES:
        raise InputError(
            f"input_labels: true, but the training inputs have {len(palette)} colours that fill areas; label "
            f"maps have 2 to {MOST_CLASSES - 1}. Take auto or false"
        )
    return palette if are_labels or options.input_labels is True else ()


def build_model(fabric: Fabric, options: TrainingOptions, palette: Palette = ()) -> Objective:
    """Build the networks, the same ones in every process, and load what they start from.

    Args:
        fabric: device, processes and precision.
        options: how the training goes.
        palette: the colours of the inputs' classes, in [0, 255], where G is told of them.

    Raises:
        InputError: a file of weights is not what a setting says.
    """
    fabric.seed_everything(options.seed, verbose=False)
    generator = build_generator(options, palette)
    if options.objective == "pix2pix":
        return _build_pix2pix(fabric, options, generator)
    discriminators = PatchDiscriminator(options, pictures=1), PatchDiscriminator(options, pictures=1)
    load_initial_weights(generator, options)
    if options.objective == "cut":
        contrasted = cast(ResnetGenerator, generator)  # the settings of `train` allow no other
        return Cut(fabric, contrasted, discriminators[0], options, compile=options.compile)
    back = build_generator(back_options(options))
    load_initial_weights(back, replace(StartOptions.of(vars(options)), init_from=""))
    return CycleGan(fabric, (generator, back), discriminators, options, compile=options.compile)


def _build_pix2pix(fabric: Fabric, options: TrainingOptions, generator: Generator) -> Pix2Pix:
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
