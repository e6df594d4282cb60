"""The models of the page, loaded when they are asked for, and their work on uploaded pictures."""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pix2pix.core.choices import Accelerator, Fit
from pix2pix.core.errors import InputError
from pix2pix.model.last_evaluation import last_evaluation
from pix2pix.pages.demo.models import Model, facts_of, find_models
from pix2pix.pages.demo.uploads import Result, example_photos, read_upload, translate_photo
from pix2pix.translation.photo_file import Photo
from pix2pix.translation.preparation import Preparation
from pix2pix.translation.translator import TranslateOptions, Translator

MOST_LOADED = 2
CURRENT = "models/generator.safetensors"
TEST_PAIRS = Path("data/pairs/test")
CANVAS_PX = 512
MOST_NAME = 80  # characters of a file name that a result takes over
LINE_PX = 1.3  # of drawings, in pixels of the model's pictures: a line of an edge detector, antialiased
MOST_MEGAPIXELS_BY_ITSELF = 2  # at once, by ``auto``: a second or two

FitOrAuto = Fit | Literal["auto"]


@dataclass(frozen=True)
class AvailableOptions:
    """The options of translation that the page offers with a model.

    Attributes:
        pen_px: width of the pen on a canvas of ``CANVAS_PX``; None: the model takes no drawings.
        prepare: whether the input can be made of a photo.
        keep_luminance: whether the photo's brightness can be kept.
    """

    pen_px: float | None
    prepare: bool
    keep_luminance: bool


@dataclass(frozen=True)
class TranslationRequest:
    """A picture, and how it is to be translated.

    Attributes:
        model: name of the model.
        path: of the uploaded picture; None takes an example.
        is_drawing: whether it was drawn on the page, so that it is the input as it is.
        fit: ``tile`` translates it in overlapping squares, ``full`` at once, ``resize`` made small, and
            ``auto`` as it suits the model and the picture's size.
        prepare: whether the input is made of the picture, as training did, where the model can do it.
        keep_luminance: whether only the colours are the model's, where the model can do it.
    """

    model: str
    path: str | None
    is_drawing: bool = False
    fit: FitOrAuto = "auto"
    prepare: bool = False
    keep_luminance: bool = False


class TranslationService:
    """What the page asks of the models; threads may share it.

    Args:
        root: the project's folder.
        files: where uploads are, and results go.
        examples: where pictures to try a model on are written.
        named: models beside those of the project.
        accelerator: the device.
    """

    def __init__(
        self,
        root: Path,
        files: Path,
        examples: Path,
        named: Sequence[Path] = (),
        accelerator: Accelerator = "auto",
    ) -> None:
        self._root = root
        self._files = files
        self._examples = examples
        self._named = list(named)
        self._accelerator = accelerator
        self._loaded: dict[str, Translator] = {}
        self._example_files: dict[str, list[Path]] = {}
        self._lock = threading.Lock()
        self.left_out: list[str] = []

    def models(self) -> list[Model]:
        """The models there are now, the one to start with first."""
        models, self.left_out = find_models(self._root, self._named)
        if not self._named:
            models.sort(key=lambda model: model.place != CURRENT)
        return models

    def model(self, name: str) -> Model:
        """The model of that name.

        Raises:
            InputError: there is none.
        """
        for model in self.models():
            if model.name == name:
                return model
        raise InputError("That model is not in the list any more. Please reload the page.")

    def facts(self, model: Model) -> list[tuple[str, str]]:
        """What the page says of a model."""
        return facts_of(model, last_evaluation(model.path, self._root))

    def available_options(self, model: Model) -> AvailableOptions:
        """The options that the page offers with a model."""
        preparation = Preparation(model.settings)
        return AvailableOptions(
            pen_px=CANVAS_PX / model.settings["image_size"] * LINE_PX if preparation.takes_drawings else None,
            prepare=preparation.can_prepare and model.task != "photo",
            keep_luminance=preparation.can_keep_luminance,
        )

    def examples(self, model: Model) -> list[Path]:
        """Pictures to try a model on: test pictures of its own data, or photos of installed packages."""
        key = _key(model)
        with self._lock:
            if key not in self._example_files:
                self._example_files[key] = self._make_examples(model, key)
            return self._example_files[key]

    def _make_examples(self, model: Model, key: str) -> list[Path]:
        is_input = model.task in ("none", "photo")
        own_pairs = self._root / TEST_PAIRS
        if model.place == CURRENT and model.settings.get("dataset") != "sample" and own_pairs.is_dir():
            half: Literal["A", "B"] = "A" if is_input == (model.direction is None) else "B"
            return example_photos(own_pairs, half, self._examples / key)
        return [] if model.task == "none" else example_photos(None, "A", self._examples)

    def translate(self, request: TranslationRequest) -> Result | None:
        """Translate an uploaded picture, or an example where there is none; None where there is no example.

        Raises:
            InputError: the picture or the model cannot be used, or not with these options.
        """
        model = self.model(request.model)
        if request.path is not None:
            return self._translate(
                model, request, read_upload(request.path, self._files), Path(request.path).stem
            )
        for example in self.examples(model)[:1]:
            as_photo = replace(request, is_drawing=False, prepare=True)
            return self._translate(model, as_photo, read_upload(str(example), self._examples), example.stem)
        return None

    def _translate(self, model: Model, request: TranslationRequest, photo: Photo, name: str) -> Result:
        available = self.available_options(model)
        options = TranslateOptions(
            fit=_fit(request, model, photo),
            prepare=request.prepare and available.prepare and not request.is_drawing,
            keep_luminance=request.keep_luminance and available.keep_luminance,
        )
        return translate_photo(
            self._translator(model), photo, options, self._files, f"{name[:MOST_NAME]}_translated"
        )

    def _translator(self, model: Model) -> Translator:
        """Load a model, or take it from those loaded before if its file is still the same."""
        key = _key(model)
        with self._lock:
            translator = self._loaded.pop(key, None)
            if translator is None:
                while len(self._loaded) >= MOST_LOADED:
                    self._loaded.pop(next(iter(self._loaded)))
                translator = Translator.load(model.path, self._accelerator, direction=model.direction)
            self._loaded[key] = translator
            return translator


def _key(model: Model) -> str:
    """A name of the model's file and direction that changes with the file."""
    stat = model.path.stat()
    place = f"{model.path} {model.direction or ''}"
    return f"{hashlib.sha256(place.encode()).hexdigest()[:16]}_{stat.st_mtime_ns}_{stat.st_size}"


def _fit(request: TranslationRequest, model: Model, photo: Photo) -> Fit:
    """``auto``: colorizers take photos at once, unless they are large; else made small, as in training."""
    if request.fit != "auto":
        return request.fit
    height, width = photo.image.shape[:2]
    small = height * width <= MOST_MEGAPIXELS_BY_ITSELF * 1_000_000
    return "full" if small and model.task == "grayscale" else "resize"
