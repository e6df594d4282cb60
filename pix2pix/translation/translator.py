"""A trained model, ready for use: pictures in, translated pictures out."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar, get_args, overload

import numpy as np
import torch
from lightning_fabric import Fabric
from PIL import Image

from pix2pix.core.choices import Accelerator, Direction, Fit, Precision, TestMode
from pix2pix.core.errors import InputError
from pix2pix.machine.device import open_fabric
from pix2pix.model.inference import batch_size, translating
from pix2pix.model.model_file import load_generator
from pix2pix.model.pair_folder import to_image
from pix2pix.networks.generators import Generator
from pix2pix.pictures.images import RgbImage
from pix2pix.translation.input_kinds import AnyArray, as_kind_of, to_photo
from pix2pix.translation.luminance import with_luminance_of
from pix2pix.translation.preparation import Preparation
from pix2pix.translation.tiling import Fitted, fitted, translate_fitted

Picture = TypeVar("Picture", AnyArray, Image.Image)


@dataclass(frozen=True)
class TranslateOptions:
    """How pictures are translated.

    Attributes:
        fit: what becomes of pictures of another size than the model's: ``tile`` translates overlapping
            squares of the model's size, ``full`` the whole picture at once, and ``resize`` the whole picture,
            made to fit into one such square.
        prepare: whether the input is made of a photo, as training did; else the picture is the input.
        keep_luminance: whether only the colours are the model's, and the brightness is the picture's.
    """

    fit: Fit = "tile"
    prepare: bool = False
    keep_luminance: bool = False


def no_progress(_: int) -> None:
    """Leave the progress untold."""


class Network:
    """A generator on its device; threads go through it by turns.

    Args:
        generator: in evaluation mode, on the device of ``fabric``.
        fabric: of the device, and of the precision to work in.
        test_mode: ``eval``, or ``train``: norms take their statistics from each picture; dropout stays on.
    """

    def __init__(self, generator: Generator, fabric: Fabric, test_mode: TestMode) -> None:
        self._generator = generator
        self._fabric = fabric
        self._test_mode = test_mode
        self._lock = threading.Lock()

    def translate(self, pieces: list[RgbImage]) -> list[RgbImage]:
        """Translate pictures of one shape, (H, W, 3) uint8, of sides that the generator takes."""
        batch = torch.from_numpy(np.stack(pieces)).permute(0, 3, 1, 2)
        with self._lock, translating(self._generator, self._fabric, self._test_mode) as translate:
            return [to_image(output) for output in translate(batch)]

    def batch_size(self, height: int, width: int) -> int:
        """How many pieces are translated at once; those larger than the generator's pictures go alone."""
        if height * width > self._generator.options.image_size**2:
            return 1
        return batch_size(self._generator, self._fabric.device)


class Translator:
    """A model that translates pictures of any size and kind.

    >>> from PIL import Image
    >>> from pix2pix import Translator
    >>> translator = Translator.load("models/generator.safetensors")
    >>> photo = Image.open("photo.jpg")
    >>> coloured = translator.translate(photo, prepare=True, keep_luminance=True)
    >>> coloured.size == photo.size
    True
    >>> arrays = [np.zeros((100, 80, 3), np.uint8), np.zeros((64, 64), np.uint8)]
    >>> [output.shape for output in translator.translate(arrays, fit="resize")]
    [(100, 80, 3), (64, 64, 3)]

    Threads may share it; their pictures go through the network by turns.

    Args:
        generator: in evaluation mode, on the device of ``fabric``.
        settings: those it was trained with, as in the model's header.
        fabric: of the device, and of the precision to work in.

    Attributes:
        settings: those it was trained with, as in the model's header, and the direction of the translation.
        image_size: side of the pictures it was trained on, in px.
        multiple: sides of what it takes are multiples of it, in px.
    """

    def __init__(self, generator: Generator, settings: dict[str, Any], fabric: Fabric) -> None:
        self._network = Network(generator, fabric, settings["test_mode"])
        self._preparation = Preparation(settings)
        self.settings = settings
        self.image_size: int = settings["image_size"]
        self.multiple: int = generator.options.multiple

    @classmethod
    def load(
        cls,
        path: str | Path,
        accelerator: Accelerator = "auto",
        precision: Precision | None = None,
        direction: Direction | None = None,
    ) -> Self:
        """Load the model in a file written by the train stage.

        Args:
            path: of the safetensors file.
            accelerator: what kind of device; ``auto`` takes a GPU where there is one.
            precision: of arithmetic; None is that of the training, in which the model was evaluated.
            direction: of the translation; None is that of the training. A model of ``objective: cyclegan``
                has both.

        Raises:
            InputError: the file is missing, damaged, no model of this project, or of the other direction
                alone.
        """
        generator, settings = load_generator(Path(path), direction)
        fabric = open_fabric(accelerator, precision=precision or settings["precision"])
        return cls(generator.to(fabric.device), settings, fabric)

    @property
    def is_colorizer(self) -> bool:
        """Whether it was trained to colour grey pictures; False also where the pairs were ready-made."""
        return self._preparation.is_colorizer

    @property
    def takes_drawings(self) -> bool:
        """Whether it was trained on edges or sketches, made of photos."""
        return self._preparation.takes_drawings

    @property
    def can_prepare(self) -> bool:
        """Whether it is known how inputs are made of photos."""
        return self._preparation.can_prepare

    @overload
    def translate(
        self, images: Picture, *, fit: Fit = ..., prepare: bool = ..., keep_luminance: bool = ...
    ) -> Picture: ...

    @overload
    def translate(
        self, images: Sequence[Picture], *, fit: Fit = ..., prepare: bool = ..., keep_luminance: bool = ...
    ) -> list[Picture]: ...

    def translate(
        self,
        images: Any,
        *,
        fit: Fit = "tile",
        prepare: bool = False,
        keep_luminance: bool = False,
    ) -> Any:
        """Translate a picture, or several; an output does not depend on what else is translated.

        Args:
            images: Pillow images, or arrays, (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA, uint8 or uint16.
            fit: ``tile`` translates overlapping squares of the model's size and blends them, ``full`` the
                whole picture at once, and ``resize`` the whole picture, made to fit into one such square.
            prepare: make the input, grey, edges or a sketch, of a colour photo as training did; else the
                picture is the input.
            keep_luminance: take only the colours from the model, and the brightness from the picture.

        Returns:
            the same kind, of the same size: Pillow images, or arrays, (H, W, 3) uint8. Transparency is kept,
            as (H, W, 4) or RGBA, unless the picture is taken as a drawing.

        Raises:
            InputError: a picture is of another kind, or the model cannot do what is asked for.
        """
        pictures = [images] if isinstance(images, np.ndarray | Image.Image) else list(images)
        photos = [to_photo(picture) for picture in pictures]
        options = TranslateOptions(fit, prepare, keep_luminance)
        outputs = self.stream((photo.image for photo in photos), options)
        results = [
            as_kind_of(picture, output, photo.alpha if self.keeps_alpha(options) else None)
            for picture, photo, output in zip(pictures, photos, outputs, strict=True)
        ]
        return results[0] if isinstance(images, np.ndarray | Image.Image) else results

    def stream(
        self,
        images: Iterable[RgbImage],
        options: TranslateOptions,
        on_progress: Callable[[int], object] = no_progress,
    ) -> Iterator[RgbImage]:
        """Translate pictures, (H, W, 3) uint8, as they come.

        Args:
            images: asked for one by one, at most a batch ahead of the outputs.
            options: how they are translated.
            on_progress: is told after every batch how many tiles the picture at work still lacks.

        Raises:
            InputError: at once, where the model cannot do what is asked for.
        """
        self.check(options)
        return self._stream(images, options, on_progress)

    def check(self, options: TranslateOptions) -> None:
        """Raise an InputError where the model cannot do what is asked for, with the reason."""
        if options.fit not in get_args(Fit):
            raise InputError(f"fit must be {', '.join(get_args(Fit))}, found {options.fit}")
        if options.prepare:
            self._preparation.pair_options()
        if options.keep_luminance:
            self._preparation.check_luminance()

    def keeps_alpha(self, options: TranslateOptions) -> bool:
        """Whether outputs are as transparent as the pictures; a drawing is laid on white paper instead."""
        return options.prepare or not self.takes_drawings

    def prepare(self, image: RgbImage) -> RgbImage:
        """Make the model's input of a colour photo, (H, W, 3) uint8, as training did.

        Raises:
            InputError: the model was trained on ready-made pairs, or its header does not tell how.
        """
        return self._preparation.prepare(image)

    def _stream(
        self, images: Iterable[RgbImage], options: TranslateOptions, on_progress: Callable[[int], object]
    ) -> Iterator[RgbImage]:
        prepare = self.prepare if options.prepare else _as_it_is

        def fit_one(image: RgbImage) -> Fitted:
            return fitted(image, options.fit, self.image_size, self.multiple, prepare)

        for image, output in translate_fitted(
            images, fit_one, self._network.translate, self._network.batch_size, on_progress
        ):
            yield with_luminance_of(image, output) if options.keep_luminance else output


def _as_it_is(image: RgbImage) -> RgbImage:
    return image
