"""Settings of ``build_pairs``."""

from typing import Self

from pydantic import Field, field_validator, model_validator

from pix2pix.core.choices import SplitBy
from pix2pix.core.options import Count
from pix2pix.pictures.options import PairOptions
from stages.shared.settings import Settings


class BuildPairsSettings(Settings, PairOptions, frozen=True):
    """What a pair is, and how pairs are split."""

    max_images: Count
    val_fraction: float = Field(gt=0, lt=1)
    test_fraction: float = Field(gt=0, lt=1)
    split_by: SplitBy
    seed: Count

    @field_validator("max_images")
    @classmethod
    def _fills_three_splits(cls, count: int) -> int:
        if count in (1, 2):
            raise ValueError(f"found {count}; 0 takes all, else 3 or more are needed for train, val and test")
        return count

    @model_validator(mode="after")
    def _leaves_training_pairs(self) -> Self:
        if self.val_fraction + self.test_fraction >= 1:
            raise ValueError(
                f"val_fraction + test_fraction is {self.val_fraction + self.test_fraction:g}; "
                "it must be below 1, to leave pairs to train on"
            )
        return self
