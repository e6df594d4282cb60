"""What a training keeps on disk: the state to go on from after an interruption, and models of its epochs."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import load_file
from torch import Tensor

from pix2pix.core.errors import InputError, first_line
from pix2pix.core.outputs import whole_file
from pix2pix.model.model_file import save_generator
from pix2pix.pictures.images import RgbImage, read_image, write_png

STATE = "state.pt"


class TrainingFiles:
    """The folder of a training's state, and of models and pictures of its epochs (in ``epochs/``).

    Args:
        folder: all of it lies there.
        header: what every saved model carries.
    """

    def __init__(self, folder: Path, header: dict[str, Any]) -> None:
        self._folder = folder
        self._header = header

    def save_state(self, state: dict[str, Any]) -> None:
        """Write ``state``, made of tensors, numbers, texts and collections of them, whole or not at all."""
        with whole_file(self._folder / STATE) as partial, partial.open("wb") as file:
            torch.save(state, file)

    def load_state(self) -> dict[str, Any] | None:
        """Read the state, or None where there is none; no code of the file is run.

        Raises:
            InputError: the file is damaged, or holds what no state does.
        """
        path = self._folder / STATE
        if not path.exists():
            return None
        try:
            with zipfile.ZipFile(path) as archive:
                if broken := archive.testzip():
                    raise InputError(f"the checksum of {broken} is wrong")
            return cast(dict[str, Any], torch.load(path, map_location="cpu", weights_only=True))
        except Exception as error:  # a damaged file can break the reader anywhere
            raise InputError(
                f"{path} is not a training's state, or damaged ({first_line(error)}); remove {self._folder} "
                "to start afresh"
            ) from error

    def save_epoch(self, epoch: int, weights: Mapping[str, Tensor]) -> None:
        """Keep the generator of an epoch."""
        save_generator(self._epoch("epochs", epoch), weights, self._header)

    def save_picture(self, epoch: int, picture: RgbImage) -> None:
        """Keep the sample picture of an epoch, (H, W, 3) uint8."""
        write_png(self._epoch("epochs", epoch, ".png"), picture)

    def last_picture(self, epoch: int) -> RgbImage | None:
        """The newest sample picture up to an epoch, where there is one."""
        for earlier in range(epoch, 0, -1):
            path = self._epoch("epochs", earlier, ".png")
            if path.exists():
                return read_image(path)
        return None

    def save_best(self, epoch: int, weights: Mapping[str, Tensor]) -> None:
        """Keep the generator of the best epoch so far; the one before stays until ``keep_best_alone``."""
        save_generator(self._epoch("best", epoch), weights, self._header)

    def keep_best_alone(self, epoch: int) -> None:
        """Remove the generators of epochs that were the best before."""
        for path in (self._folder / "best").glob("*.safetensors"):
            if path != self._epoch("best", epoch):
                path.unlink()

    def best_weights(self, epoch: int) -> dict[str, Tensor]:
        """Read the weights of the best epoch."""
        return dict(load_file(self._epoch("best", epoch)))

    def save_last_good(self, weights: Mapping[str, Tensor]) -> Path:
        """Keep the generator of the last state before a training diverged, and return its file."""
        path = self._folder / "last_good.safetensors"
        save_generator(path, weights, self._header)
        return path

    def _epoch(self, kind: str, epoch: int, suffix: str = ".safetensors") -> Path:
        return self._folder / kind / f"epoch_{epoch:04}{suffix}"
