"""How a training goes, as settings; torch-free, so that the check of all settings need not wait."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import Field

from pix2pix.core.choices import (
    DiscriminatorUpdates,
    GanLoss,
    InputLabels,
    LearningRateSchedule,
    Objective,
    Precision,
    Select,
    TestMode,
    WherePossible,
)
from pix2pix.core.options import AtLeastOne, Count, Options, Probability, Weight
from pix2pix.networks.options import DiscriminatorOptions, GeneratorOptions, StartOptions
from pix2pix.pictures.options import PairOptions

BelowOne = Annotated[float, Field(ge=0, lt=1)]


@dataclass(frozen=True, kw_only=True)
class ObjectiveOptions(Options):
    """What G and D minimise, and how.

    Attributes:
        objective: ``pix2pix``: of pairs; ``cyclegan`` and ``cut``: of unpaired pictures, with the weights
            that follow and, of those of pix2pix, ``lambda_gan`` alone.
        lambda_cycle, lambda_identity: ``cyclegan``: weights of the cycle's mean absolute error, and of that
            of a picture that is in G's domain already, as a share of the first (arXiv:1703.10593).
        lambda_nce, lambda_nce_identity: ``cut``: weights of the patchwise contrastive loss between input and
            output, and of that of a picture that is in G's domain already (arXiv:2007.15651).
        nce_flip: ``cut``: half of the steps see the input mirrored, and the output's features mirrored back.
        lambda_l1, lambda_l2, lambda_gan: weights of G's terms: mean absolute and mean squared error in the
            model's pixel range, and the GAN term; 0 leaves a term out.
        lambda_feature_matching: weight of G's term by D's features, as
            ``pix2pix.training.objectives.losses`` has it.
        lambda_perceptual: weight of G's term by the features of EfficientNet-lite1, likewise.
        lambda_projected: weight of a second GAN term, by a discriminator of these features; its loss is
            ``hinge``.
        gan_loss: of D and G, as ``pix2pix.training.objectives.losses`` has them.
        track_gan: train a discriminator for its curves also where ``lambda_gan`` is 0.
        augment_discriminator: D sees pairs only as ``pix2pix.training.augment.Disguise`` changes them.
        discriminator_loss_factor: D's loss on real plus that on fake is multiplied by it.
        discriminator_updates: ``joint``: D takes one step on both; ``separate``: on real, then on fake.
        learning_rate: Adam's, of G.
        discriminator_learning_rate: Adam's, of D; 0 is the same as G's.
        beta1, beta2: Adam's.
        ema_decay: of the average of G's weights that is measured and saved; 0 takes the weights themselves.
        seed: of dropout.
    """

    objective: Objective = "pix2pix"
    lambda_cycle: Weight = 10.0
    lambda_identity: Weight = 0.5
    lambda_nce: Weight = 1.0
    lambda_nce_identity: Weight = 1.0
    nce_flip: bool = False
    lambda_l1: Weight
    lambda_l2: Weight
    lambda_gan: Weight
    lambda_feature_matching: Weight
    lambda_perceptual: Weight
    lambda_projected: Weight
    gan_loss: GanLoss
    track_gan: bool
    augment_discriminator: bool
    discriminator_loss_factor: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    discriminator_updates: DiscriminatorUpdates
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    discriminator_learning_rate: Probability
    beta1: BelowOne
    beta2: BelowOne
    ema_decay: BelowOne
    seed: Count

    @property
    def learns_from_d(self) -> bool:
        """Whether a term of G comes from D."""
        return bool(self.lambda_gan or self.lambda_feature_matching)


@dataclass(frozen=True, kw_only=True)
class AugmentOptions(Options):
    """What is done to a training pair (arXiv:1611.07004, section 3.3; the last two are of later reports).

    Attributes:
        augment_jitter: scale to 286/256 of the size and crop back at random.
        augment_mirror: flip left and right with probability 0.5.
        augment_color_jitter: probability of changing brightness, contrast, saturation and hue of A.
        augment_mosaic: probability of putting the pair together from quarters of four.
    """

    augment_jitter: bool = False
    augment_mirror: bool = False
    augment_color_jitter: Probability = 0.0
    augment_mosaic: Probability = 0.0


@dataclass(frozen=True, kw_only=True)
class LearningRateOptions(Options):
    """How the learning rates change from epoch to epoch.

    Attributes:
        lr_schedule: ``constant``; ``linear``: to zero over the last ``epochs_decay`` epochs, as the pix2pix
            authors' code does; ``step``: times ``lr_step_factor`` every ``lr_step_epochs`` epochs;
            ``cosine``: to zero over all epochs (Loshchilov and Hutter 2016, arXiv:1608.03983).
        epochs: of the training, without its pretraining, which keeps the first rate.
    """

    lr_schedule: LearningRateSchedule
    epochs: AtLeastOne
    epochs_decay: Count
    lr_step_epochs: AtLeastOne
    lr_step_factor: Annotated[float, Field(gt=0, le=1)]


@dataclass(frozen=True, kw_only=True)
class ScheduleOptions(LearningRateOptions):
    """How long to train, on what batches, and what to keep.

    Attributes:
        pretrain_epochs: epochs before the others, in which G alone is trained, with L1.
        batch_size: pairs per batch, of all processes together.
        accumulate_steps: batches per step.
        sample_with_replacement: draw every pair from all, so that an epoch has some twice, some not at all.
        test_mode: of norms and dropout after training, as ``pix2pix.model.inference`` has them.
        select: the weights to save: those of the ``last`` epoch, or of the ``best`` by validation L1.
        early_stop_epochs: stop after so many epochs without a better validation L1; 0 does not.
        keep_every: epochs per kept weights; 0 keeps none.
        log_every: steps per point of the curves.
        sample_every: epochs per sample picture.
        seed: of the order of the pairs.
    """

    pretrain_epochs: Count
    batch_size: AtLeastOne
    accumulate_steps: AtLeastOne
    sample_with_replacement: bool
    test_mode: TestMode
    select: Select
    early_stop_epochs: Count
    keep_every: Count
    log_every: AtLeastOne
    sample_every: AtLeastOne
    seed: Count


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(
    GeneratorOptions,
    DiscriminatorOptions,
    StartOptions,
    ObjectiveOptions,
    AugmentOptions,
    ScheduleOptions,
    PairOptions,
):
    """All settings of a training.

    Those of the pairs and of the dataset are not used in training: whoever has the model's file, whose header
    holds them all, can make inputs of photos, and knows the data's terms.

    Attributes:
        dataset: the data's name.
        input_labels: whether G is given, beside each input, which of the inputs' colours each pixel has, as
            classes; ``auto``: where the training inputs are label maps, as ``pix2pix.pictures.palette``
            tells them.
        precision: of arithmetic.
        compile: whether ``torch.compile`` compiles the networks.
    """

    dataset: str
    input_labels: InputLabels
    precision: Precision
    compile: bool

    @property
    def has_discriminator(self) -> bool:
        """Whether there is a D: for its term, or for its curves."""
        return self.learns_from_d or self.track_gan

    @property
    def header(self) -> dict[str, Any]:
        """What the header of every saved model holds."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class MachineOptions(Options):
    """How a training runs on its machine: how fast, not what.

    Attributes:
        cuda_graphs: whether steps are captured as a CUDA graph; ``auto``: on a GPU, where that is possible.
        data_on_device: whether the training pairs lie on the device and are changed there; ``auto``: on a
            GPU, where they fit.
        loader_workers: processes that prepare pairs; the result is the same for any number.
        checkpoint_minutes: between states kept within an epoch; one is kept after each epoch, too.
        cache_gb: memory for decoded pairs, in GB.
    """

    cuda_graphs: WherePossible = "auto"
    data_on_device: WherePossible = "auto"
    loader_workers: int = 0
    checkpoint_minutes: float = 10.0
    cache_gb: float = 0.0
