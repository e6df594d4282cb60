"""A trained model on its device: the generator of its training's direction, and the one back."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from lightning_fabric import Fabric

from pix2pix.core.choices import Accelerator, Direction, TestMode
from pix2pix.machine.device import open_fabric
from pix2pix.model.model_file import directions, load_generator
from pix2pix.networks.generators import Generator


@dataclass(frozen=True)
class TrainedModel:
    """A model's generators on their device, in evaluation mode.

    Attributes:
        generator: of the direction that is asked for.
        back: of the other one; None: the model translates in one direction alone.
        settings: those it was trained with, as in the model's header.
        fabric: of the device, and of the precision to work in, that of the training.
    """

    generator: Generator
    back: Generator | None
    settings: dict[str, Any]
    fabric: Fabric

    @classmethod
    def load(cls, path: Path, accelerator: Accelerator = "auto", direction: Direction | None = None) -> Self:
        """Load the model in a file written by the train stage.

        Args:
            path: of the safetensors file.
            accelerator: what kind of device; ``auto`` takes a GPU where there is one.
            direction: of the translation; None is that of the training.

        Raises:
            InputError: the file is missing, damaged, no model of this project, or of the other direction
                alone.
        """
        generator, settings = load_generator(path, direction)
        fabric = open_fabric(accelerator, precision=settings["precision"])
        others = [way for way in directions(settings) if way != settings["direction"]]
        back = load_generator(path, others[0])[0].to(fabric.device) if others else None
        return cls(generator.to(fabric.device), back, settings, fabric)

    @property
    def test_mode(self) -> TestMode:
        """Of norms and dropout, as ``pix2pix.model.inference`` has them."""
        mode: TestMode = self.settings["test_mode"]
        return mode

    def turned(self) -> Self:
        """The same model with its directions exchanged.

        Raises:
            ValueError: it translates in one direction alone.
        """
        if self.back is None:
            raise ValueError("the model translates in one direction alone")
        return type(self)(self.back, self.generator, self.settings, self.fabric)
