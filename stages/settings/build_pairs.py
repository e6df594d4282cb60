"""Settings of ``build_pairs``."""

from pydantic import Field, field_validator, model_validator

from pix2pix.core.choices import Direction, ImageSize, PairTask, Resize, SplitBy
from stages.shared.settings import Settings


class BuildPairsSettings(Settings):
    """What a pair is, and how pairs are split."""

    pair_task: PairTask
    direction: Direction
    image_size: ImageSize
    resize: Resize
    edge_blur: float = Field(ge=0, le=20)
    edge_low: float = Field(gt=0, le=10)
    edge_high: float = Field(gt=0, le=10)
    sketch_line_px: float = Field(gt=0, le=20)
    sketch_strength: float = Field(gt=0, le=1000)
    max_images: int = Field(ge=0)
    val_fraction: float = Field(gt=0, lt=1)
    test_fraction: float = Field(gt=0, lt=1)
    split_by: SplitBy
    seed: int = Field(ge=0)

    @field_validator("max_images")
    @classmethod
    def _fills_three_splits(cls, count: int) -> int:
        if count in (1, 2):
            raise ValueError(f"found {count}; 0 takes all, else 3 or more are needed for train, val and test")
        return count

    @model_validator(mode="after")
    def _leaves_training_pairs(self) -> "BuildPairsSettings":
        if self.val_fraction + self.test_fraction >= 1:
            raise ValueError(
                f"val_fraction + test_fraction is {self.val_fraction + self.test_fraction:g}; "
                "it must be below 1, to leave pairs to train on"
            )
        return self
