"""Weights that a training starts from instead of random ones."""

from typing import cast

from torchvision.models import ResNet18_Weights

from pix2pix.core.errors import InputError, first_line
from pix2pix.model.model_file import load_generator
from pix2pix.networks.efficientnet import pretrained_encoder
from pix2pix.networks.efficientnet_unet import EfficientnetUnetGenerator
from pix2pix.networks.generators import Generator, ResnetUnetGenerator
from pix2pix.networks.options import StartOptions
from pix2pix.networks.weight_files import checked_file, download_weights, read_weights

CLASSIFIER = "fc."  # the last layer of a ResNet, which no generator has


def load_initial_weights(generator: Generator, options: StartOptions) -> None:
    """Load what a generator starts from, where the options name something.

    Raises:
        InputError: a file of weights is not what a setting says, or cannot be had.
    """
    if isinstance(generator, EfficientnetUnetGenerator):
        generator.encoder.load_state_dict(pretrained_encoder().state_dict())
    elif options.pretrained not in (False, "auto"):
        load_pretrained_encoder(generator, options.pretrained, options.pretrained_sha256)
    if options.init_from:
        load_start(generator, options.init_from, options.init_from_sha256)


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
        weights = download_weights(ResNet18_Weights.IMAGENET1K_V1.url, "pretrained")
    else:
        weights = read_weights(str(source), sha256, "pretrained")
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
