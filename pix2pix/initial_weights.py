"""Weights that a training starts from instead of random ones."""

from pathlib import Path
from typing import Any, cast
from urllib.error import URLError

import torch
from torchvision.models import ResNet18_Weights

from pix2pix.errors import InputError, first_line
from pix2pix.generators import Generator, ResnetUnetGenerator
from pix2pix.kept_work import file_hash
from pix2pix.model_file import load_generator

CLASSIFIER = "fc."  # the last layer of a ResNet, which no generator has


def load_pretrained_encoder(generator: Generator, source: str | bool, sha256: str) -> None:
    """Load ImageNet weights into the encoder of a ``resnet18_unet``.

    Args:
        generator: whose encoder is a ResNet-18.
        source: True lets torchvision download its weights, once; or the path of such a file.
        sha256: of the file at the path.

    Raises:
        InputError: the download fails, or the file is missing, another one, or holds other weights.
    """
    if source is True:
        weights = _downloaded()
    else:
        path = checked_file(str(source), sha256, "pretrained")
        try:
            weights = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:  # what is no such file can break the reader anywhere
            raise InputError(f"pretrained: {path} holds no weights: {first_line(error)}") from error
    try:
        kept = {name: value for name, value in weights.items() if not name.startswith(CLASSIFIER)}
        cast(ResnetUnetGenerator, generator).encoder.load_state_dict(kept)
    except (AttributeError, RuntimeError) as error:
        raise InputError(f"pretrained: {source} is no ResNet-18: {first_line(error)}") from error


def load_start(generator: Generator, path: str, sha256: str) -> None:
    """Load the weights of a saved model, to train it further.

    Raises:
        InputError: the file is missing, another one, no model of this project, or one of other layers.
    """
    saved, _ = load_generator(checked_file(path, sha256, "init_from"))
    try:
        generator.load_state_dict(saved.state_dict())
    except RuntimeError as error:
        raise InputError(
            f"init_from: {path} is a model of other layers; take its settings: {saved.options}"
        ) from error


def checked_file(name: str, sha256: str, setting: str) -> Path:
    """Return the path of a file that a setting names.

    Raises:
        InputError: it is missing, or its hash is another.
    """
    path = Path(name)
    if not path.is_file():
        raise InputError(
            f"{setting}: there is no file {name} (a queued experiment needs the absolute path of a file that "
            "git does not track)"
        )
    found = file_hash(path)
    if found != sha256:
        raise InputError(f"{setting}: the sha256 of {name} is {found}, expected {sha256}")
    return path


def _downloaded() -> dict[str, Any]:
    weights = ResNet18_Weights.IMAGENET1K_V1
    try:
        return cast(dict[str, Any], weights.get_state_dict(progress=True, check_hash=True))
    except (URLError, OSError, RuntimeError) as error:
        raise InputError(
            f"pretrained: {weights.url} could not be downloaded: {error}; with a copy of it, set "
            "pretrained: to its path and pretrained_sha256: to its hash"
        ) from error
