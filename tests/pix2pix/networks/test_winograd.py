import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from pix2pix.networks import winograd
from pix2pix.networks.winograd import Conv3x3

CHANNELS = (3, 5)


@pytest.fixture(autouse=True)
def small_work_by_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winograd, "FEWEST_CHANNELS", 1)
    monkeypatch.setattr(winograd, "FEWEST_POSITIONS", 1)
    monkeypatch.setattr(winograd, "MOST_TILES", 12)  # several strips of rows
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")


def convolved(layer: Conv3x3, x: Tensor) -> tuple[Tensor, ...]:
    """The result, and the gradients of input and weights for a loss that weighs each value differently."""
    x = x.clone().requires_grad_()
    result = layer(x)
    loss = (result * torch.arange(result.numel()).view_as(result).sin()).sum()
    return result, *torch.autograd.grad(loss, [x, *layer.parameters()])


def directly(layer: Conv3x3, x: Tensor) -> Tensor:
    return F.conv2d(x, layer.weight, layer.bias, padding=layer.padding)


@pytest.mark.parametrize("sides", [(4, 4), (6, 20), (16, 10), (2, 2)])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("bias", [True, False])
def test_result_and_gradients_are_those_of_the_direct_convolution(
    sides: tuple[int, int], padding: int, bias: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if min(sides) == 2 and not padding:
        pytest.skip("nothing is left of two pixels without padding")
    torch.manual_seed(0)
    layer = Conv3x3(*CHANNELS, bias, padding)
    x = torch.randn(2, CHANNELS[0], *sides).to(memory_format=torch.channels_last)
    assert layer._is_faster_by_tiles(x)
    by_tiles = convolved(layer, x)
    monkeypatch.setattr(Conv3x3, "_is_faster_by_tiles", lambda layer, x: False)
    for tensor, expected in zip(by_tiles, convolved(layer, x), strict=True):
        torch.testing.assert_close(tensor, expected, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("padding", [0, 1])
def test_gradients_are_right_in_double_precision(padding: int) -> None:
    torch.manual_seed(0)
    x = torch.randn(1, 6, 4, 2, dtype=torch.double, requires_grad=True)
    kernel = torch.randn(3, 2, 3, 3, dtype=torch.double, requires_grad=True)

    def by_tiles(x: Tensor, kernel: Tensor) -> Tensor:
        result: Tensor = winograd._Convolution.apply(x, kernel, padding)
        return result

    assert torch.autograd.gradcheck(by_tiles, (x, kernel))


def test_result_lies_in_channels_last_order() -> None:
    layer = Conv3x3(*CHANNELS, bias=True, padding=1)
    result = layer(torch.rand(1, 3, 8, 8).to(memory_format=torch.channels_last))
    assert result.is_contiguous(memory_format=torch.channels_last)


def test_what_has_no_whole_tiles_or_another_precision_is_convolved_directly() -> None:
    layer = Conv3x3(*CHANNELS, bias=True, padding=1)
    odd = torch.rand(1, 3, 7, 8)
    assert torch.equal(layer(odd), directly(layer, odd))
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(torch.rand(1, 3, 8, 8)).dtype == torch.bfloat16
    x = torch.rand(1, 3, 8, 8, dtype=torch.double)
    assert torch.equal(layer.double()(x), directly(layer, x))


def test_a_processor_that_was_not_measured_convolves_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    layer, x = Conv3x3(*CHANNELS, bias=True, padding=1), torch.rand(1, 3, 8, 8)
    assert torch.equal(layer(x), directly(layer, x))
