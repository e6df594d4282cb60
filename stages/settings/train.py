"""Settings of ``train``."""

from collections.abc import Mapping
from typing import Any, Self, get_args

from pydantic import field_validator, model_validator

from pix2pix.core.choices import AutoOutput, Output
from pix2pix.networks.options import RESIDUAL_BLOCKS, patch_grid
from pix2pix.training.options import TrainingOptions
from stages.shared.settings import Settings

# What `pretrained` may be: an efficientnet_unet is not trained from random weights, because it has no norm
# in its encoder.
PRETRAINED: dict[str, tuple[object, ...]] = {
    **dict.fromkeys(("unet", "resnet_6blocks", "resnet_9blocks"), ("auto", False)),
    "resnet18_unet": ("auto", True, False, "a path"),
    "efficientnet_unet": ("auto", True),
}
# The weights of what pix2pix learns by; without pairs the GAN term alone shows G what B's pictures are like.
TERMS_OF_PIX2PIX = (
    "lambda_l1",
    "lambda_l2",
    "lambda_gan",
    "lambda_feature_matching",
    "lambda_perceptual",
    "lambda_projected",
)


class TrainSettings(Settings, TrainingOptions, frozen=True):
    """Networks, objective, optimiser and schedule; the model's header keeps them all.

    ``output: auto`` is none of them: it becomes what it stands for with the pairs' settings.
    """

    @model_validator(mode="before")
    @classmethod
    def _auto_output_suits_the_pairs(cls, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("output") not in get_args(AutoOutput):
            return values
        return values | {"output": "chroma" if _is_grey_to_colour(values) else "colour"}

    @field_validator("output", mode="before")
    @classmethod
    def _output_may_be_auto(cls, output: Any) -> Any:
        if output not in get_args(Output):
            raise ValueError(f"found {output!r}; input should be 'auto', 'colour' or 'chroma'")
        return output

    @field_validator("levels")
    @classmethod
    def _two_or_more(cls, levels: int) -> int:
        if levels == 1:
            raise ValueError("found 1; 0 follows image_size, else 2 or more are needed")
        return levels

    @model_validator(mode="after")
    def _networks_fit_the_picture(self) -> Self:
        patch_grid(self.image_size, self.patch_size, self.discriminator_padding)
        if 2**self.levels > self.image_size:
            raise ValueError(
                f"levels: found {self.levels}; a picture of {self.image_size} px can be halved "
                f"{self.image_size.bit_length() - 1} times"
            )
        allowed = PRETRAINED[self.generator]
        if self.pretrained not in allowed and not (isinstance(self.pretrained, str) and "a path" in allowed):
            words = " or ".join(map(str, allowed)).lower()
            raise ValueError(f"pretrained: found {self.pretrained!r}; of {self.generator} it is {words}")
        if self.input_labels is True and self.generator == "resnet18_unet":
            raise ValueError("input_labels: found True; a resnet18_unet takes pictures alone")
        return self

    @model_validator(mode="after")
    def _chroma_suits_the_pairs(self) -> Self:
        if self.output == "chroma" and self.pair_task != "none" and not _is_grey_to_colour(vars(self)):
            raise ValueError(
                "output: found 'chroma', which keeps the input's brightness; the targets of pair_task: "
                f"{self.pair_task}, direction: {self.direction} have another: take colour, or auto"
            )
        return self

    @model_validator(mode="after")
    def _has_an_objective(self) -> Self:
        terms = TERMS_OF_PIX2PIX if self.objective == "pix2pix" else ("lambda_gan",)
        if not any(getattr(self, name) for name in terms):
            are_0 = f"{', '.join(terms)} are all 0" if len(terms) > 1 else f"{terms[0]}: found 0"
            raise ValueError(f"{are_0}: objective: {self.objective} has nothing to learn from")
        if self.epochs_decay > self.epochs:
            raise ValueError(f"epochs_decay: found {self.epochs_decay}; it is part of epochs, {self.epochs}")
        self.check_hashes("pretrained", "init_from")
        return self

    @model_validator(mode="after")
    def _asks_for_no_pairs_without_any(self) -> Self:
        if self.objective == "pix2pix":
            return self
        if self.pretrain_epochs:
            raise ValueError(
                f"pretrain_epochs: found {self.pretrain_epochs}; in them G learns from pairs, by L1, and "
                f"objective: {self.objective} has none: take 0"
            )
        if self.input_labels is True:
            raise ValueError(
                f"input_labels: found True; objective: {self.objective} takes pictures alone: take auto or "
                "false"
            )
        if self.objective == "cut" and self.generator not in RESIDUAL_BLOCKS:
            raise ValueError(
                f"generator: found {self.generator!r}; objective: cut compares features of "
                f"{' or '.join(RESIDUAL_BLOCKS)}"
            )
        return self


def _is_grey_to_colour(values: Mapping[str, Any]) -> bool:
    return (values.get("pair_task"), values.get("direction")) == ("grayscale", "AtoB")
