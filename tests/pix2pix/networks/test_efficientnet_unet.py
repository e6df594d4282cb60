from typing import Any

import pytest
import torch
from torch import Tensor

from pix2pix.networks.efficientnet_unet import EfficientnetUnetGenerator
from pix2pix.networks.generators import build_generator
from pix2pix.networks.options import GeneratorOptions


def small(size: int = 64, **changes: Any) -> EfficientnetUnetGenerator:
    torch.manual_seed(0)
    options = {"generator": "efficientnet_unet", "norm": "instance", "ngf": 8} | changes
    generator = build_generator(GeneratorOptions(image_size=size, **options))
    assert isinstance(generator, EfficientnetUnetGenerator)
    return generator


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize("output", ["colour", "chroma"])
def test_translates_to_the_same_size_within_the_pixel_range(norm: str, output: str) -> None:
    generator = small(norm=norm, output=output)
    with torch.no_grad():
        generator.to_channels.weight.mul_(100)
        fake_b = generator(torch.rand(2, 3, 64, 128) * 2 - 1)
    assert fake_b.shape == (2, 3, 64, 128)
    assert -1.000001 <= fake_b.min() < -0.5 and 0.5 < fake_b.max() <= 1.000001


@pytest.mark.parametrize("output", ["colour", "chroma"])
def test_takes_pixels_of_either_range(output: str) -> None:
    symmetric, unit = small(output=output), small(output=output, pixel_range="unit")
    unit.load_state_dict(symmetric.state_dict())
    picture = torch.rand(1, 3, 64, 64)
    channels: list[Tensor] = []
    for generator in (symmetric, unit):
        generator.to_channels.register_forward_hook(lambda _module, _inputs, out: channels.append(out))
    symmetric(2 * picture - 1)
    unit(picture)
    torch.testing.assert_close(*channels, rtol=1e-4, atol=1e-4)


def test_input_reaches_the_output_at_full_size() -> None:
    """Lines of one pixel, which the encoder's first level does not tell apart."""
    generator = small()
    lines = torch.full((1, 3, 64, 64), -1.0)
    lines[..., ::2] = 1.0
    assert (
        generator(lines).diff(dim=-1).abs().mean()
        > 2 * generator(-torch.ones_like(lines)).diff(dim=-1).abs().mean()
    )


def test_starts_near_grey() -> None:
    fake_b = small(ngf=32)(torch.rand(1, 3, 64, 64) * 2 - 1)
    assert fake_b.abs().mean() < 0.3


def test_size_that_cannot_be_halved_five_times_is_refused() -> None:
    with pytest.raises(ValueError, match="image_size must be a multiple of 32, found 100"):
        small(100)


def test_convolutions_continue_the_picture_beyond_its_edge() -> None:
    convolution = small().from_input
    x = torch.rand(2, 3, 6, 8)
    padded = torch.nn.functional.pad(x, (1, 1, 1, 1), mode="replicate")
    expected = torch.nn.functional.conv2d(padded, convolution.weight, convolution.bias)
    torch.testing.assert_close(convolution(x), expected)
