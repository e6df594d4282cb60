"""Generators in the form of the original code, ``latest_net_G.pth`` (junyanz/pytorch-CycleGAN-and-pix2pix).

Such a file names no settings: what its network is made of is told from its tensors alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import torch
from torch import Tensor, nn

from pix2pix.core.choices import ImageSize, Norm, TestMode
from pix2pix.core.errors import InputError, first_line
from pix2pix.core.outputs import whole_file
from pix2pix.model.model_file import PALETTE
from pix2pix.networks.generators import Generator, build_generator
from pix2pix.networks.options import RESIDUAL_BLOCKS, GeneratorOptions
from pix2pix.pictures.images import LUMA
from pix2pix.pictures.options import PairOptions

PARALLEL = "module."  # before each name, where DataParallel wrote the file
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
RESNET_SIZE = 256  # px: that network takes any, and the original code trains it on this by default
MAY_BE_MISSING = ("bias", "num_batches_tracked")  # then 0: PyTorch before 0.4.1 did not count batches
DROPOUT = 0.5  # the original code's, where it has one
Weights = dict[str, Tensor]


class _NotOriginalError(ValueError):
    """What a file is, instead of a generator of the original code."""


def read_original(path: Path, test_mode: TestMode = "eval") -> tuple[Generator, dict[str, Any]]:
    """Read a generator that the original code saved; no code of the file is run.

    A network that takes grey pictures is given the brightness of those in colour, and one that makes them
    makes three equal channels.

    Args:
        path: of the file.
        test_mode: how the model is used: ``train`` is the original code's default, dropout and batch
            statistics in use; ``eval`` what its ``--eval`` does.

    Returns:
        the generator, in evaluation mode, and settings for the header of its file.

    Raises:
        InputError: the file is missing, or no such generator.
    """
    try:
        weights = _by_name(torch.load(path, map_location="cpu", weights_only=True))
        options = _options(weights)
        generator = build_generator(options)
        generator.load_state_dict(_ours(weights, generator))
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}") from error
    except Exception as error:  # what is no such file can break the reader anywhere
        raise InputError(
            f"{path} is no generator of the original code (unet_128, unet_256, resnet_6blocks or "
            f"resnet_9blocks, as latest_net_G.pth): {first_line(error)}"
        ) from error
    pairs = PairOptions(pair_task="none", image_size=options.image_size)
    settings = asdict(options) | asdict(pairs) | {"test_mode": test_mode, "precision": "fp32"}
    return generator.eval().to(memory_format=torch.channels_last), settings


def write_original(generator: Generator, path: Path) -> None:
    """Write a generator as the original code saves one, which that code loads.

    Raises:
        InputError: that code has no such network.
    """
    options = generator.options
    _check_original_has_it(generator)
    weights: Weights = {}
    for (_, module), name in zip(_layers(generator), _original_names(options), strict=True):
        for key, tensor in module.state_dict().items():
            weights[f"{name}.{key}"] = tensor.detach().cpu().contiguous()
    with whole_file(path) as partial, partial.open("wb") as file:
        torch.save(weights, file)


def _by_name(content: Any) -> Weights:
    """Check that a file's content is tensors by their names, and leave out what a name begins with."""
    if not isinstance(content, Mapping) or not all(isinstance(tensor, Tensor) for tensor in content.values()):
        raise _NotOriginalError("it holds more than tensors by their names, or something else")
    return {str(name).removeprefix(PARALLEL): tensor for name, tensor in content.items()}


def _options(weights: Weights) -> GeneratorOptions:
    """Tell from the names and shapes of its tensors what a network is made of."""
    convolutions = [tensor for name, tensor in weights.items() if tensor.ndim == 4]
    if "model.1.weight" in weights:
        first, kind = "model.1", _resnet_kind(weights)
        dropout = 0.0 if "model.10.conv_block.5.weight" in weights else DROPOUT  # a dropout would come before
        size, norm = RESNET_SIZE, _norm(weights, "model.4", "model.5")
    elif "model.model.0.weight" in weights:
        first, kind, dropout = "model.model.0", "unet", DROPOUT
        size = 2 ** (len(convolutions) // 2)
        norm = _norm(weights, "model.model.1.model.1", "model.model.1.model.2")
        if size not in get_args(ImageSize):
            raise _NotOriginalError(f"it halves its input {len(convolutions) // 2} times")
    else:
        raise _NotOriginalError("its first layer is that of another network")
    return GeneratorOptions(
        image_size=size,  # type: ignore[arg-type]
        generator=kind,  # type: ignore[arg-type]
        ngf=len(weights[f"{first}.weight"]),
        norm=norm,
        dropout=dropout,
    )


def _resnet_kind(weights: Weights) -> str:
    blocks = len({name.split(".")[1] for name in weights if ".conv_block." in name})
    for kind, count in RESIDUAL_BLOCKS.items():
        if count == blocks:
            return kind
    raise _NotOriginalError(f"it has {blocks} residual blocks")


def _norm(weights: Weights, convolution: str, norm: str) -> Norm:
    """Which norm a network has: instance norm has no tensors, and lets its convolution have a bias."""
    if f"{norm}.weight" in weights:
        return "batch"
    return "instance_plain" if f"{convolution}.bias" in weights else "none"


def _ours(weights: Weights, generator: Generator) -> Weights:
    """Name the tensors as ours are, and make three channels of one where pictures go in and come out."""
    layers = list(_layers(generator))
    originals = _original_names(generator.options)
    ours: Weights = {}
    known = set()
    for (name, module), original in zip(layers, originals, strict=True):
        for key, expected in module.state_dict().items():
            known.add(f"{original}.{key}")
            tensor = weights.get(f"{original}.{key}")
            if tensor is None and key in MAY_BE_MISSING:
                tensor = torch.zeros_like(expected)
            if tensor is None:
                raise _NotOriginalError(f"it has no {original}.{key}")
            if original == originals[0] and key == "weight" and tensor.shape[1] == 1:
                tensor = tensor * torch.tensor(LUMA).view(1, 3, 1, 1)
            if original == originals[-1]:
                tensor = _three_channels(tensor, expected)
            if tensor.shape != expected.shape:
                shapes = ["x".join(map(str, of.shape)) for of in (tensor, expected)]
                raise _NotOriginalError(f"{original}.{key} is {shapes[0]}, expected {shapes[1]}")
            ours[f"{name}.{key}"] = tensor
    unknown = [name for name in weights if name not in known and name.rpartition(".")[2] not in STATISTICS]
    if unknown:
        raise _NotOriginalError(f"it has {unknown[0]}, which that network has not")
    return ours


def _three_channels(tensor: Tensor, expected: Tensor) -> Tensor:
    """Repeat the one channel of a last layer that makes grey pictures."""
    axes = [axis for axis, length in enumerate(expected.shape) if length == 3 and tensor.shape[axis] == 1]
    return tensor.repeat_interleave(3, dim=axes[0]) if axes else tensor


def _layers(generator: Generator) -> Iterator[tuple[str, nn.Module]]:
    """The layers with tensors, and the norms without, by their names in ours, in the order of their work."""
    kinds = nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d | nn.InstanceNorm2d
    return ((name, module) for name, module in generator.named_modules() if isinstance(module, kinds))


def _original_names(options: GeneratorOptions) -> list[str]:
    """The names of the same layers in the original code."""
    has_norm = options.norm != "none"
    if options.generator != "unet":
        return _resnet_names(RESIDUAL_BLOCKS[options.generator], has_norm, options.dropout > 0)
    return _unet_names(options.multiple.bit_length() - 1, has_norm)


def _resnet_names(blocks: int, has_norm: bool, has_dropout: bool) -> list[str]:
    """A sequence: padding, three convolutions, each with norm and activation, the blocks, and back."""
    second = 6 if has_dropout else 5
    names = _normed("model", (1, 4, 7), has_norm)
    for block in range(10, 10 + blocks):
        names += _normed(f"model.{block}.conv_block", (1, second), has_norm)
    names += _normed("model", (10 + blocks, 13 + blocks), has_norm)
    return [*names, f"model.{17 + blocks}"]


def _unet_names(levels: int, has_norm: bool) -> list[str]:
    """A nest: each level holds its convolution down, the level below, and its convolution up."""
    outermost, inner = "model.model", ["model.model.1.model" + ".3.model" * i for i in range(levels - 1)]
    down = [f"{outermost}.0"]
    for level in inner[:-1]:
        down += _normed(level, (1,), has_norm)
    down.append(f"{inner[-1]}.1")
    up = _normed(inner[-1], (3,), has_norm)
    for level in reversed(inner[:-1]):
        up += _normed(level, (5,), has_norm)
    return [*down, *up, f"{outermost}.3"]


def _normed(prefix: str, convolutions: tuple[int, ...], has_norm: bool) -> list[str]:
    """The names of convolutions, and of the norm that follows each."""
    names = []
    for index in convolutions:
        names += [f"{prefix}.{index}", *([f"{prefix}.{index + 1}"] if has_norm else [])]
    return names


def _check_original_has_it(generator: Generator) -> None:
    options = generator.options
    is_unet = options.generator == "unet"
    wanted = {
        "generator": ("unet", *RESIDUAL_BLOCKS),
        "norm": ("batch", "instance_plain"),
        "upsample": ("transpose",),
        "activation": ("leaky_relu",) if is_unet else ("leaky_relu", "relu"),
        "pixel_range": ("symmetric",),
        "output": ("colour",),
        "bias_outer": (True,),
        **({"leaky_slope": (0.2,), "skip_connections": (True,)} if is_unet else {}),
    }
    for name, allowed in wanted.items():
        if getattr(options, name) not in allowed:
            raise InputError(
                f"the original code has no such network: this one has {name}: {getattr(options, name)}; "
                f"there it is {' or '.join(map(str, allowed))}"
            )
    if is_unet and options.levels not in (0, options.image_size.bit_length() - 1):
        raise InputError(f"the original code's networks halve the side down to 1, not {options.levels} times")
    if PALETTE in generator.state_dict():
        raise InputError(
            "the original code's networks take pictures, and this one takes classes of label maps"
        )
