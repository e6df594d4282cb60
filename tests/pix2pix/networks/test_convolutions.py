import copy

import pytest
import torch
from torch import nn

from pix2pix.networks.convolutions import FEW_POSITIONS, Doubling, Halving


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("ours", "torchs"), [(Halving, nn.Conv2d), (Doubling, nn.ConvTranspose2d)])
@pytest.mark.parametrize("shape", [(1, 2, 2), (3, 4, 6), (2, 8, 8), (9, 16, 16)])
def test_equals_torchs_convolution_in_value_and_gradient(
    ours: type[Halving] | type[Doubling],
    torchs: type[nn.Module],
    bias: bool,
    layout: torch.memory_format,
    shape: tuple[int, int, int],
) -> None:
    torch.manual_seed(0)
    n, h, w = shape
    layer = ours(6, 4, bias).double().to(memory_format=layout)
    plain = copy.deepcopy(layer)
    x, x_plain = (torch.randn(n, 6, h, w, dtype=torch.double, requires_grad=True) for _ in range(2))
    with torch.no_grad():
        x_plain.copy_(x)
    output, expected = layer(x.contiguous(memory_format=layout)), torchs.forward(plain, x_plain)
    assert torch.allclose(output, expected, atol=1e-12)
    upstream = torch.randn_like(expected)
    output.backward(upstream)
    expected.backward(upstream)
    assert torch.allclose(x.grad, x_plain.grad, atol=1e-12)
    for weight, weight_plain in zip(layer.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(weight.grad, weight_plain.grad, atol=1e-12)


@pytest.mark.parametrize("has_amx", [True, False])
@pytest.mark.parametrize("side", [4, 16, 32])
@pytest.mark.parametrize("layer", [Halving(8, 8, True), Doubling(8, 8, True)])
def test_bf16_is_as_exact_as_bf16_is(
    layer: Halving | Doubling, side: int, has_amx: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pix2pix.networks.convolutions._has_amx", lambda: has_amx)
    torch.manual_seed(0)
    x = torch.randn(2, 8, side, side, requires_grad=True)
    results = []
    for precision in (torch.bfloat16, torch.float32):
        with torch.autocast("cpu", precision, enabled=precision == torch.bfloat16):
            output = layer(x)
        assert output.dtype == precision
        loss = (output.float() * torch.linspace(-1, 1, output.shape[-1])).sum()
        results.append((output.detach(), *torch.autograd.grad(loss, (x, layer.weight))))
    for ours, exact in zip(*results, strict=True):
        assert (ours - exact).norm() < 0.01 * exact.norm()


def test_both_ways_are_taken() -> None:
    """The shapes above lie on both sides of the limit."""
    positions = {n * h * w for n, h, w in ((1, 2, 2), (3, 4, 6), (2, 8, 8), (9, 16, 16))}
    assert min(positions) < FEW_POSITIONS < max(positions) // 4
