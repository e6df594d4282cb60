from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pix2pix.networks.discriminator import PatchDiscriminator, ProjectedDiscriminator
from pix2pix.networks.efficientnet import LITE1_WIDTHS
from pix2pix.networks.options import DiscriminatorOptions

# Parameters of each layer in the table of the CS583 report.
TABLE = [6208, 131072, 256, 524288, 512, 2097152, 1024, 8193]


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def build(size: int = 64, ndf: int = 2, **options: Any) -> PatchDiscriminator:
    return PatchDiscriminator(DiscriminatorOptions(image_size=size, ndf=ndf, **options))


def convolutions(network: nn.Module) -> list[nn.Conv2d]:
    return [module for module in network.modules() if isinstance(module, nn.Conv2d)]


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_parameters_are_those_of_the_cs583_report_layer_by_layer(norm: str) -> None:
    discriminator = build(256, 64, norm=norm)
    kinds = nn.Conv2d | nn.BatchNorm2d | nn.InstanceNorm2d
    assert [count(m) for m in discriminator.modules() if isinstance(m, kinds)] == TABLE
    assert count(discriminator) == 2_768_705


def test_without_outer_bias_the_count_is_that_of_the_columbia_report() -> None:
    discriminator = build(256, 64, bias_outer=False)
    assert count(discriminator) == 2_768_641 and convolutions(discriminator)[0].bias is None


def test_spectral_norm_changes_no_count() -> None:
    assert count(build(256, 64, spectral_norm=True)) == 2_768_705


def test_discriminator_of_the_tutorial_has_one_more_layer_of_512() -> None:
    discriminator = build(256, 64, patch_size=142, discriminator_padding="same")
    shapes = [(layer.in_channels, layer.out_channels) for layer in convolutions(discriminator)]
    assert shapes == [(6, 64), (64, 128), (128, 256), (256, 512), (512, 512), (512, 1)]
    assert [layer.stride[0] for layer in convolutions(discriminator)] == [2, 2, 2, 2, 1, 1]


@pytest.mark.parametrize(
    ("patch_size", "padding", "side"),
    [(70, 1, 30), (1, 1, 256), (16, 1, 126), (286, 1, 6), (142, "same", 16), (142, 1, 14), (70, "same", 32)],
)
def test_outputs_at_256_px(patch_size: Any, padding: Any, side: int) -> None:
    picture = torch.zeros(2, 3, 256, 256)
    discriminator = build(256, patch_size=patch_size, discriminator_padding=padding)
    assert discriminator(picture, picture).shape == (2, 1, side, side)


@pytest.mark.parametrize(
    ("patch_size", "padding"), [(1, 1), (16, 1), (70, 1), (142, 1), (286, 1), (142, "same"), (70, "same")]
)
def test_receptive_field_is_the_patch(patch_size: Any, padding: Any) -> None:
    """Of the middle output, by its gradient, on a picture that reaches beyond the field on all sides."""
    size = 512 if patch_size > 100 else 256
    options = {"patch_size": patch_size, "discriminator_padding": padding, "norm": "none"}
    discriminator = build(size, 1, **options).double()
    a, b = (torch.randn(1, 3, size, size, dtype=torch.double, requires_grad=True) for _ in range(2))
    logits = discriminator(a, b)
    middle = logits.shape[-1] // 2
    logits[0, 0, middle, middle].backward()
    for picture in (a, b):
        for axis in (2, 3):
            seen = picture.grad.abs().amax(dim=tuple({0, 1, 2, 3} - {axis})).nonzero()
            assert seen.max() - seen.min() + 1 == patch_size
            assert seen.min() > 0 and seen.max() < size - 1


def test_pixels_are_judged_one_by_one() -> None:
    discriminator = build(patch_size=1, norm="none")
    a, b = torch.randn(2, 1, 3, 64, 64)
    assert {layer.kernel_size for layer in convolutions(discriminator)} == {(1, 1)}
    assert torch.allclose(discriminator(a.flip(-1), b.flip(-1)), discriminator(a, b).flip(-1), atol=1e-6)


def test_same_padding_is_that_of_tensorflow() -> None:
    """1 px before and 2 after where the side stays, 1 px on each side where it is halved."""
    discriminator = build(patch_size=142, discriminator_padding="same", norm="none")
    a, b = torch.randn(2, 1, 3, 64, 64)
    *inner, last = convolutions(discriminator)
    x = torch.cat([a, b], dim=1)
    for layer in inner:
        padding: Any = "same" if layer.stride == (1, 1) else 1
        x = F.leaky_relu(F.conv2d(x, layer.weight, layer.bias, layer.stride, padding), 0.2)
    expected = F.conv2d(x, last.weight, last.bias, padding="same")
    assert torch.allclose(discriminator(a, b), expected, atol=1e-6)


@pytest.mark.parametrize("patch_size", [286, 142])
def test_patch_too_large_for_the_picture_names_the_settings(patch_size: Any) -> None:
    smallest = {286: 64, 142: 32}[patch_size]
    with pytest.raises(ValueError, match=f"patch_size {patch_size} .* image_size {smallest}: nothing"):
        build(smallest, patch_size=patch_size)


def test_norm_is_in_the_inner_layers_alone() -> None:
    norms = [
        [isinstance(layer, nn.BatchNorm2d) for layer in build(norm=norm).layers].count(True)
        for norm in ("batch", "instance", "none")
    ]
    assert norms == [3, 0, 0]
    assert sum(isinstance(m, nn.InstanceNorm2d) for m in build(norm="instance").modules()) == 3
    assert all(layer.bias is not None for layer in convolutions(build(norm="none")))


@pytest.mark.parametrize(
    ("activation", "kind"),
    [("leaky_relu", nn.LeakyReLU), ("relu", nn.ReLU), ("silu", nn.SiLU), ("mish", nn.Mish)],
)
def test_activation_is_after_every_layer_but_the_last(activation: Any, kind: type) -> None:
    layers = build(activation=activation).layers
    assert sum(isinstance(layer, kind) for layer in layers) == 4 and isinstance(layers[-1], nn.Conv2d)


def test_leaky_slope_is_the_slope_below_zero() -> None:
    assert build(leaky_slope=0.01).layers[1](torch.tensor(-1.0)).item() == pytest.approx(-0.01)


def largest_singular_values(network: nn.Module) -> list[float]:
    return [torch.linalg.matrix_norm(c.weight.detach().flatten(1), 2).item() for c in convolutions(network)]


@pytest.mark.parametrize("is_bf16", [False, True])
@pytest.mark.parametrize(
    ("patch_size", "padding"), [(70, 1), (1, 1), (142, "same")], ids=["70", "1", "142 same"]
)
def test_spectral_norm_makes_the_largest_singular_value_one(
    is_bf16: bool, patch_size: Any, padding: Any
) -> None:
    torch.manual_seed(0)
    discriminator = build(spectral_norm=True, patch_size=patch_size, discriminator_padding=padding)
    a, b = torch.randn(2, 1, 3, 64, 64)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=is_bf16):
        for _ in range(40):
            logits = discriminator(a, b)
    logits.float().square().mean().backward()
    values = largest_singular_values(discriminator.eval())
    assert values == pytest.approx([1.0] * len(values), abs=0.03)
    gradients = [weight.grad for weight in discriminator.parameters()]
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)


def test_without_spectral_norm_weights_start_as_in_the_paper() -> None:
    torch.manual_seed(0)
    layer: Tensor = convolutions(build(256, 32))[3].weight
    assert layer.std().item() == pytest.approx(0.02, rel=0.02) and layer.mean().abs() < 1e-3


def test_options_are_taken_out_of_settings() -> None:
    options = DiscriminatorOptions(image_size=128, ndf=8, patch_size=16, spectral_norm=True)
    assert DiscriminatorOptions.of({**vars(options), "epochs": 3}) == options


def test_features_are_what_the_activations_hand_on_and_the_logits() -> None:
    discriminator = build(norm="instance", ndf=2)
    a, b = torch.rand(2, 1, 3, 64, 64)
    *features, logits = discriminator.features(a, b)
    assert torch.equal(logits, discriminator(a, b))
    assert [tuple(each.shape[1:]) for each in features] == [(2, 32, 32), (4, 16, 16), (8, 8, 8), (16, 7, 7)]


def levels(size: int = 64, count: int = 2) -> list[Tensor]:
    """Features as an encoder gives them."""
    return [torch.rand(count, width, size >> i, size >> i) for i, width in enumerate(LITE1_WIDTHS, start=1)]


def test_features_are_judged_at_four_sizes_that_count_the_same() -> None:
    discriminator = ProjectedDiscriminator().eval()
    of_pictures = levels()
    logits = discriminator(*of_pictures)
    assert logits.shape == (2, 4, 16, 16)
    for i, head in enumerate(discriminator.heads):
        own = head(of_pictures[i + 1])
        torch.testing.assert_close(logits[:, i].mean(), own.mean())
        assert torch.equal(logits[:, i, :: own_step(own), :: own_step(own)], own[:, 0])
    assert torch.equal(discriminator.features(*of_pictures)[-1], logits)


def own_step(own: Tensor) -> int:
    return 16 // own.shape[2]


def test_weights_of_the_heads_have_spectral_norm() -> None:
    discriminator = ProjectedDiscriminator().train()
    for _ in range(30):  # the norm is found step by step
        discriminator(*levels())
    for convolution in convolutions(discriminator):
        assert torch.linalg.matrix_norm(convolution.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.05)
