import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pix2pix.networks.layers import (
    InstanceNorm,
    activation_layer,
    decoder_activation,
    initialize,
    norm_layers,
    upsampling,
)

X = torch.linspace(-3, 3, 61)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("leaky_relu", torch.where(X < 0, 0.01 * X, X)),
        ("relu", X.clamp(min=0)),
        ("silu", X / (1 + torch.exp(-X))),
        ("mish", X * torch.tanh(torch.log1p(torch.exp(X)))),
    ],
)
def test_activations_are_their_formulas(name: str, expected: torch.Tensor) -> None:
    assert torch.allclose(activation_layer(name, 0.01)(X.clone()), expected, atol=1e-6)


@pytest.mark.parametrize("name", ["leaky_relu", "relu"])
def test_decoder_keeps_the_relu_of_the_paper(name: str) -> None:
    assert torch.equal(decoder_activation(name)(X.clone()), X.clamp(min=0))


@pytest.mark.parametrize("name", ["silu", "mish"])
def test_decoder_takes_a_smooth_activation_too(name: str) -> None:
    assert torch.equal(decoder_activation(name)(X), activation_layer(name, 0.2)(X))


def test_instance_norm_is_affine_and_keeps_no_statistics() -> None:
    (norm,) = norm_layers("instance", 4)
    assert {name for name, _ in norm.named_parameters()} == {"weight", "bias"} and not list(norm.buffers())
    x = torch.randn(2, 4, 8, 8) * 5 + 3
    output = norm(x)
    assert torch.allclose(output.mean(dim=(2, 3)), torch.zeros(2, 4), atol=1e-5)
    assert torch.allclose(output.var(dim=(2, 3), unbiased=False), torch.ones(2, 4), atol=1e-3)


def test_batch_norm_takes_its_statistics_over_the_batch() -> None:
    (norm,) = norm_layers("batch", 4)
    output = norm(torch.randn(3, 4, 8, 8) * 5 + 3)
    assert torch.allclose(output.mean(dim=(0, 2, 3)), torch.zeros(4), atol=1e-5)
    assert norm.running_mean.abs().min() > 0


def test_no_norm_is_no_layer() -> None:
    assert norm_layers("none", 4) == []


@pytest.mark.parametrize("upsample", ["transpose", "resize"])
@pytest.mark.parametrize("side", [1, 2, 7])
def test_upsampling_doubles_the_side(upsample: str, side: int) -> None:
    layers = nn.Sequential(*upsampling(3, 5, upsample, bias=True))
    assert layers(torch.randn(2, 3, side, side)).shape == (2, 5, 2 * side, 2 * side)
    assert upsampling(3, 5, upsample, bias=False)[-1].bias is None


def test_resize_repeats_pixels_and_convolves_them() -> None:
    layers = nn.Sequential(*upsampling(3, 5, "resize", bias=True))
    x = torch.randn(2, 3, 6, 6)
    repeated = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    assert torch.allclose(
        layers(x), F.conv2d(repeated, layers[1].weight, layers[1].bias, padding=1), atol=1e-6
    )


def test_resize_leaves_no_checkerboard() -> None:
    """On an even area every output pixel, away from the border, has the same value."""
    inner = {}
    for upsample in ("transpose", "resize"):
        output = nn.Sequential(*upsampling(3, 1, upsample, bias=False))(torch.ones(1, 3, 8, 8))
        inner[upsample] = output[0, 0, 4:12, 4:12].std().item()
    assert inner["resize"] < 1e-6 < 1e-3 < inner["transpose"]


def test_weights_start_as_in_the_paper() -> None:
    network = nn.Sequential(
        nn.Conv2d(64, 128, 4), nn.BatchNorm2d(4096), nn.InstanceNorm2d(4096, affine=True), nn.ReLU()
    )
    transposed = nn.ConvTranspose2d(64, 128, 4)
    network.append(transposed)
    torch.manual_seed(0)
    initialize(network)
    for module, mean in zip((network[0], network[1], network[2], transposed), (0, 1, 1, 0), strict=True):
        assert module.weight.mean().item() == pytest.approx(mean, abs=1e-3)
        assert module.weight.std().item() == pytest.approx(0.02, rel=0.03)
        assert (module.bias == 0).all()


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("pictures", [1, 3])
def test_instance_norm_is_torchs_in_value_and_gradient(layout: torch.memory_format, pictures: int) -> None:
    torch.manual_seed(0)
    ours = InstanceNorm(5).double()
    nn.init.normal_(ours.weight)
    nn.init.normal_(ours.bias)
    theirs = nn.InstanceNorm2d(5, affine=True).double()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(pictures, 5, 4, 6, dtype=torch.double).contiguous(memory_format=layout)
    gradients = []
    for norm in (ours, theirs):
        norm.eval()  # it has no other way of working
        copy = x.clone().requires_grad_()
        output = norm(copy)
        output.square().sum().backward()
        gradients.append((output, copy.grad, norm.weight.grad, norm.bias.grad))
    assert all(torch.allclose(a, b, atol=1e-12) for a, b in zip(*gradients, strict=True))
