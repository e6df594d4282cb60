from typing import Any

import pytest
import torch
from original_networks import original
from torch import nn
from torch.nn import functional as F

from pix2pix.networks.discriminator import PatchDiscriminator
from pix2pix.networks.generators import build_generator
from pix2pix.networks.layers import InstanceNorm
from pix2pix.networks.options import DiscriminatorOptions, GeneratorOptions
from pix2pix.networks.resnet_generator import ResnetGenerator


def build(**options: Any) -> ResnetGenerator:
    torch.manual_seed(0)
    values = {"image_size": 64, "generator": "resnet_6blocks", "ngf": 4, "norm": "instance_plain"} | options
    generator = build_generator(GeneratorOptions(**values))
    assert isinstance(generator, ResnetGenerator)
    return generator


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(("kind", "published"), [("resnet_9blocks", 11.378), ("resnet_6blocks", 7.838)])
def test_networks_of_cyclegan_have_the_published_number_of_weights(kind: Any, published: float) -> None:
    """As the authors' code prints it at the start of a training, in millions."""
    options = GeneratorOptions(image_size=256, generator=kind, norm="instance_plain")
    with torch.device("meta"):
        assert round(count(build_generator(options)) / 1e6, 3) == published
        discriminator = PatchDiscriminator(DiscriminatorOptions(image_size=256, norm="instance_plain"))
    assert round(count(discriminator) / 1e6, 3) == 2.768  # of pairs; CycleGAN's own takes three channels


@pytest.mark.parametrize("norm", ["batch", "instance_plain", "none"])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_layers_are_as_many_and_as_large_as_in_the_original(norm: str, dropout: float) -> None:
    word = {"instance_plain": "instance"}.get(norm, norm)
    others = original("resnet_6blocks", norm=word, dropout=dropout > 0).modules()
    ours = build(norm=norm, dropout=dropout).modules()
    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d, nn.InstanceNorm2d, nn.Dropout, nn.ReflectionPad2d)
    shapes = [
        [
            (tuple(module.weight.shape) if getattr(module, "weight", None) is not None else ())
            for module in some
        ]
        for some in ([m for m in modules if isinstance(m, kinds)] for modules in (ours, others))
    ]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize(
    "changes", [{}, {"upsample": "resize"}, {"pixel_range": "unit"}, {"output": "chroma"}]
)
@pytest.mark.parametrize("sides", [(64, 64), (32, 100)])
def test_translates_to_the_same_size_within_the_pixel_range(
    changes: dict[str, Any], sides: tuple[int, int]
) -> None:
    lowest = 0.0 if "pixel_range" in changes else -1.0
    fake_b = build(**changes)(torch.rand(2, 3, *sides) * (1 - lowest) + lowest)
    assert fake_b.shape == (2, 3, *sides) and lowest - 1e-5 <= fake_b.min() and fake_b.max() <= 1 + 1e-5


def test_every_weight_learns() -> None:
    generator = build()
    generator(torch.rand(1, 3, 32, 32)).square().mean().backward()
    assert all(weight.grad is not None for weight in generator.parameters())


def test_side_that_cannot_be_quartered_is_refused() -> None:
    with pytest.raises(ValueError, match="image_size must be a multiple of 4, found 66"):
        build(image_size=66)


@pytest.mark.parametrize("side", [2, 64, 300])
@pytest.mark.parametrize("is_used", [True, False], ids=["in use", "in training"])
def test_instance_norm_without_weights_is_torchs(side: int, is_used: bool) -> None:
    torch.manual_seed(0)
    x = (3 * torch.randn(2, 5, side, side + 1) + 2).contiguous(memory_format=torch.channels_last)
    expected = F.instance_norm(x.double())
    with torch.set_grad_enabled(not is_used):
        found = InstanceNorm(5, affine=False)(x)
    assert (found - expected).abs().max() <= (3e-6 if is_used else 1e-4)
    assert found.is_contiguous(memory_format=torch.channels_last)
