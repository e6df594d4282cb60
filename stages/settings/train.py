"""Settings of ``train``."""

from typing import Literal

from pydantic import Field

from stages.settings.base import Settings


class TrainSettings(Settings):
    """Networks, objective, optimiser and schedule; the model's header keeps them all."""

    pair_task: Literal["grayscale", "edges", "sketch", "none"]
    direction: Literal["AtoB", "BtoA"]
    image_size: Literal[64, 128, 256, 512, 1024]
    ngf: int = Field(ge=1)
    ndf: int = Field(ge=1)
    norm: Literal["batch", "instance"]
    dropout: float = Field(ge=0, lt=1)
    bias_outer: bool
    lambda_l1: float = Field(ge=0, allow_inf_nan=False)
    learning_rate: float = Field(gt=0, le=1)
    beta1: float = Field(ge=0, lt=1)
    beta2: float = Field(ge=0, lt=1)
    batch_size: int = Field(ge=1)
    epochs: int = Field(ge=1)
    augment_jitter: bool
    augment_mirror: bool
    log_every: int = Field(ge=1)
    sample_every: int = Field(ge=1)
    seed: int = Field(ge=0)
