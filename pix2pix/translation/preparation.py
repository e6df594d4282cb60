"""What a model was trained to take, and how that is made of a photo, by the settings in the model's file."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from pix2pix.core.choices import PairTask
from pix2pix.core.errors import InputError
from pix2pix.pairs.making import input_of
from pix2pix.pictures.images import RgbImage
from pix2pix.pictures.options import PairOptions

Task = PairTask | Literal["photo"]
DRAWN = frozenset({"edges", "sketch"})


def task_of(settings: Mapping[str, Any]) -> Task:
    """Return what inputs were made by; ``none``: the pairs were ready-made; ``photo``: inputs are photos.

    Args:
        settings: those that the model was trained with, as in its header.
    """
    task: Task = settings["pair_task"]
    return "photo" if task != "none" and settings["direction"] == "BtoA" else task


@dataclass(frozen=True)
class Preparation:
    """The inputs that a model takes, and their making of photos.

    Attributes:
        settings: those that the model was trained with, as in its header, and the direction of the
            translation.
    """

    settings: Mapping[str, Any]

    @property
    def is_colorizer(self) -> bool:
        """Whether it was trained to colour grey pictures; False also where the pairs were ready-made."""
        return task_of(self.settings) == "grayscale"

    @property
    def takes_drawings(self) -> bool:
        """Whether it was trained on edges or sketches, made of photos."""
        return task_of(self.settings) in DRAWN

    @property
    def can_prepare(self) -> bool:
        """Whether it is known how inputs are made of photos."""
        try:
            self.pair_options()
        except InputError:
            return False
        return True

    @property
    def can_keep_luminance(self) -> bool:
        """Whether outputs are inputs in colour; those of a model of ready-made pairs may be."""
        return task_of(self.settings) in ("grayscale", "none")

    def prepare(self, image: RgbImage) -> RgbImage:
        """Make the model's input of a colour photo, (H, W, 3) uint8, as training did.

        Raises:
            InputError: the model was trained on ready-made pairs, or its header does not tell how.
        """
        options = self.pair_options()
        return image if options.direction == "BtoA" else input_of(image, options)

    def pair_options(self) -> PairOptions:
        """How training made its pairs of photos.

        Raises:
            InputError: the model was trained on ready-made pairs, or its header does not tell how.
        """
        if task_of(self.settings) == "none":
            raise InputError(
                "this model was trained on ready-made pairs or sets of pictures (pair_task: none), so how an "
                "input is made of a photo is not known; leave preparing out and hand over an input"
            )
        known = {field.name for field in fields(PairOptions)} & self.settings.keys()
        if self.takes_drawings and "sketch_strength" not in known:
            raise InputError(
                "this model's file, of an older version, does not tell how its drawings were made; train the "
                "model again, or leave preparing out and hand over a drawing"
            )
        return PairOptions(**{name: self.settings[name] for name in known})

    def check_luminance(self) -> None:
        """Check that the luminance of inputs can be kept.

        Raises:
            InputError: the model does not colour pictures.
        """
        if not self.can_keep_luminance:
            raise InputError(
                "keeping the luminance is for models that colour pictures; this one was trained with "
                f"pair_task: {self.settings['pair_task']}, direction: {self.settings['direction']}"
            )
