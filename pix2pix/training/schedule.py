"""How the learning rates change from epoch to epoch."""

import math

from pix2pix.training.options import LearningRateOptions


def rate_factor(options: LearningRateOptions, epoch: int) -> float:
    """Return what the learning rates are multiplied by in ``epoch``, from 1 on; before that it is 1."""
    if epoch < 1 or options.lr_schedule == "constant":
        return 1.0
    if options.lr_schedule == "linear":
        decayed = max(0, epoch - (options.epochs - options.epochs_decay))
        return 1 - decayed / (options.epochs_decay + 1)
    if options.lr_schedule == "step":
        return float(options.lr_step_factor ** ((epoch - 1) // options.lr_step_epochs))
    return 0.5 * (1 + math.cos(math.pi * (epoch - 1) / options.epochs))
