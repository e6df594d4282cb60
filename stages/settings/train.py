"""Settings of ``train``."""

from pydantic import Field, field_validator, model_validator

from pix2pix.core.choices import (
    Activation,
    Direction,
    DiscriminatorUpdates,
    GanLoss,
    GeneratorKind,
    ImageSize,
    LearningRateSchedule,
    Norm,
    Padding,
    PairTask,
    PatchSize,
    PixelRange,
    Precision,
    Resize,
    Select,
    TestMode,
    Upsample,
)
from pix2pix.model.patches import patch_grid
from stages.shared.settings import Settings, Sha256

Weight = Field(ge=0, allow_inf_nan=False)
Probability = Field(ge=0, le=1)


class NetworkSettings(Settings):
    """Generator and discriminator."""

    image_size: ImageSize
    generator: GeneratorKind
    pretrained: bool | str
    pretrained_sha256: str = Sha256
    ngf: int = Field(ge=1)
    levels: int = Field(ge=0)
    skip_connections: bool
    upsample: Upsample
    norm: Norm
    activation: Activation
    leaky_slope: float = Field(ge=0, lt=1)
    dropout: float = Field(ge=0, lt=1)
    dropout_blocks: int = Field(ge=0)
    bias_outer: bool
    pixel_range: PixelRange
    ndf: int = Field(ge=1)
    patch_size: PatchSize
    discriminator_padding: Padding
    spectral_norm: bool

    @field_validator("levels")
    @classmethod
    def _two_or_more(cls, levels: int) -> int:
        if levels == 1:
            raise ValueError("found 1; 0 follows image_size, else 2 or more are needed")
        return levels

    @model_validator(mode="after")
    def _fits_the_picture(self) -> "NetworkSettings":
        patch_grid(self.image_size, self.patch_size, self.discriminator_padding)
        if 2**self.levels > self.image_size:
            raise ValueError(
                f"levels: found {self.levels}; a picture of {self.image_size} px can be halved "
                f"{self.image_size.bit_length() - 1} times"
            )
        if self.pretrained and self.generator != "resnet18_unet":
            raise ValueError(f"pretrained: found {self.pretrained!r}; only resnet18_unet has such weights")
        return self


class TrainSettings(NetworkSettings):
    """Networks, objective, optimiser and schedule; the model's header keeps them all."""

    # Not used in training: whoever has the model file can make inputs of photos, and knows the data's terms.
    dataset: str
    pair_task: PairTask
    direction: Direction
    resize: Resize
    edge_blur: float = Field(ge=0, le=20)
    edge_low: float = Field(gt=0, le=10)
    edge_high: float = Field(gt=0, le=10)
    sketch_line_px: float = Field(gt=0, le=20)
    sketch_strength: float = Field(gt=0, le=1000)

    lambda_l1: float = Weight
    lambda_l2: float = Weight
    lambda_gan: float = Weight
    gan_loss: GanLoss
    track_gan: bool
    discriminator_loss_factor: float = Field(gt=0, allow_inf_nan=False)
    discriminator_updates: DiscriminatorUpdates

    learning_rate: float = Field(gt=0, le=1)
    discriminator_learning_rate: float = Field(ge=0, le=1)
    beta1: float = Field(ge=0, lt=1)
    beta2: float = Field(ge=0, lt=1)
    lr_schedule: LearningRateSchedule
    epochs_decay: int = Field(ge=0)
    lr_step_epochs: int = Field(ge=1)
    lr_step_factor: float = Field(gt=0, le=1)
    batch_size: int = Field(ge=1)
    accumulate_steps: int = Field(ge=1)
    epochs: int = Field(ge=1)
    pretrain_epochs: int = Field(ge=0)
    ema_decay: float = Field(ge=0, lt=1)
    init_from: str
    init_from_sha256: str = Sha256

    augment_jitter: bool
    augment_mirror: bool
    augment_color_jitter: float = Probability
    augment_mosaic: float = Probability
    sample_with_replacement: bool

    precision: Precision
    compile: bool

    test_mode: TestMode
    select: Select
    early_stop_epochs: int = Field(ge=0)
    keep_every: int = Field(ge=0)
    log_every: int = Field(ge=1)
    sample_every: int = Field(ge=1)
    seed: int = Field(ge=0)

    @model_validator(mode="after")
    def _has_an_objective(self) -> "TrainSettings":
        if not (self.lambda_l1 or self.lambda_l2 or self.lambda_gan):
            raise ValueError("lambda_l1, lambda_l2 and lambda_gan are all 0: there is nothing to learn from")
        if self.epochs_decay > self.epochs:
            raise ValueError(f"epochs_decay: found {self.epochs_decay}; it is part of epochs, {self.epochs}")
        self.check_hashes("pretrained", "init_from")
        return self
