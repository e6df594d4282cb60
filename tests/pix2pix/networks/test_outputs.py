from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from pix2pix.networks.outputs import ChromaOutput, ColourOutput, picture_output
from pix2pix.pictures.images import LUMA

RANGES = [("symmetric", -1.0), ("unit", 0.0)]


def inputs(lowest: float, dtype: torch.dtype = torch.float32) -> Tensor:
    """Random colours, (2, 3, 64, 64), with stretches of black, white, and saturated colours."""
    unit = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0), dtype=dtype)
    unit[:, :, :8] = 0
    unit[:, :, 8:16] = 1
    unit[:, :, 16:32] = unit[:, :, 16:32].round()
    return lowest + (1 - lowest) * unit


def channels(scale: float, dtype: torch.dtype = torch.float32) -> Tensor:
    return scale * torch.randn(2, 2, 64, 64, generator=torch.Generator().manual_seed(1), dtype=dtype)


def brightness(pictures: Tensor) -> Tensor:
    return (pictures * torch.tensor(LUMA, dtype=pictures.dtype).view(3, 1, 1)).sum(1, keepdim=True)


def colour(cb: Tensor, cr: Tensor) -> Tensor:
    """What BT.601 adds to the brightness, as the standard's table has it."""
    return torch.cat([1.402 * cr, -0.344136 * cb - 0.714136 * cr, 1.772 * cb], dim=1)


def test_colour_is_within_the_pixel_range_whatever_the_input() -> None:
    wide = torch.linspace(-10, 10, 102).view(1, 3, 2, 17)
    assert torch.equal(ColourOutput("symmetric")(wide, wide), torch.tanh(wide))
    assert torch.allclose(ColourOutput("unit")(wide, 0 * wide), 1 / (1 + torch.exp(-wide)), atol=1e-6)


@pytest.mark.parametrize(("pixel_range", "lowest"), RANGES)
def test_chroma_is_the_ycbcr_of_pillow(pixel_range: Any, lowest: float) -> None:
    rng = np.random.default_rng(0)
    ycbcr = rng.integers((60, 68, 68), (196, 188, 188), (64, 64, 3)).astype(np.uint8)
    expected = np.asarray(Image.fromarray(ycbcr, "YCbCr").convert("RGB")).astype(int)
    values = torch.from_numpy(ycbcr).permute(2, 0, 1)[None].float()
    grey = lowest + (1 - lowest) * values[:, :1].expand(-1, 3, -1, -1) / 255
    output = ChromaOutput(pixel_range)(torch.atanh((values[:, 1:] - 128) / 127.5), grey)
    found = ((output - lowest) / (1 - lowest) * 255)[0].permute(1, 2, 0).numpy()
    fits = ((expected > 0) & (expected < 255)).all(axis=2)
    assert fits.mean() > 0.8 and np.abs(found - expected)[fits].max() <= 1


@pytest.mark.parametrize(("pixel_range", "lowest"), RANGES)
@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_brightness_is_the_inputs_and_no_channel_is_out_of_range(
    pixel_range: Any, lowest: float, scale: float
) -> None:
    real_a = inputs(lowest)
    output = ChromaOutput(pixel_range)(channels(scale), real_a)
    assert output.shape == real_a.shape
    assert torch.allclose(brightness(output), brightness(real_a), atol=1e-6)
    assert lowest - 1e-6 <= output.min() and output.max() <= 1 + 1e-6


@pytest.mark.parametrize(("pixel_range", "lowest"), RANGES)
def test_colour_that_does_not_fit_is_made_just_so_much_paler_that_it_does(
    pixel_range: Any, lowest: float
) -> None:
    real_a, drawn = inputs(lowest, torch.double), channels(0.5, torch.double)
    cb, cr = ((1 - lowest) / 2 * drawn.tanh()).split(1, dim=1)
    wished = colour(cb, cr)
    found = ChromaOutput(pixel_range)(drawn, real_a) - brightness(real_a)
    share = (found * wished).sum(1, keepdim=True) / wished.square().sum(1, keepdim=True)
    assert torch.allclose(found, share * wished, atol=1e-5)  # the hue is the same
    picture = brightness(real_a) + found
    touches = ((picture - lowest).abs() < 1e-9) | ((picture - 1).abs() < 1e-9)
    pale = share[:, 0] < 1 - 1e-5
    assert 0.1 < pale.double().mean() < 0.9
    assert touches.any(dim=1)[pale].all() and (share <= 1 + 1e-5).all()


@pytest.mark.parametrize(("pixel_range", "lowest"), RANGES)
def test_black_and_white_stay_and_zero_is_grey(pixel_range: Any, lowest: float) -> None:
    output = ChromaOutput(pixel_range)
    for end in (lowest, 1.0):
        picture = torch.full((1, 3, 2, 2), end)
        assert torch.allclose(output(torch.full((1, 2, 2, 2), 9.0), picture), picture, atol=1e-6)
    coloured = inputs(lowest)
    grey = output(torch.zeros(2, 2, 64, 64), coloured)
    assert torch.allclose(grey, brightness(coloured).expand(-1, 3, -1, -1), atol=1e-6)


@pytest.mark.parametrize(("pixel_range", "lowest"), RANGES)
def test_gradient_is_that_of_finite_differences(pixel_range: Any, lowest: float) -> None:
    real_a = lowest + (1 - lowest) * torch.rand(1, 3, 4, 4, dtype=torch.double)
    for scale in (0.1, 2.0):  # most fit, and few
        drawn = (channels(scale, torch.double)[:1, :, :4, :4]).requires_grad_()
        assert torch.autograd.gradcheck(lambda x: ChromaOutput(pixel_range)(x, real_a), drawn)


@pytest.mark.parametrize(("pixel_range", "lowest"), RANGES)
@pytest.mark.parametrize("scale", [0.0, 1e-7, 1.0, 100.0])
def test_gradient_is_finite_everywhere(pixel_range: Any, lowest: float, scale: float) -> None:
    drawn = channels(scale).requires_grad_()
    ChromaOutput(pixel_range)(drawn, inputs(lowest)).square().sum().backward()
    assert drawn.grad is not None and drawn.grad.isfinite().all() and drawn.grad.abs().max() < 100


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_brightness_is_exact_also_where_the_channels_are_not(dtype: torch.dtype) -> None:
    real_a = inputs(-1.0)
    with torch.autocast("cpu", dtype):
        output = picture_output("chroma", "symmetric")(channels(1.0).to(dtype), real_a)
    assert output.dtype == torch.float32
    assert torch.allclose(brightness(output), brightness(real_a), atol=1e-6)
