from typing import Any

import pytest
import torch
from plain_unet import convolution, plain_unet
from torch import Tensor, nn
from torchvision.models import resnet18

from pix2pix.networks.generators import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    GeneratorOptions,
    ResnetUnetGenerator,
    UnetGenerator,
    build_generator,
)
from pix2pix.networks.layers import INITIAL_STD, Labels
from pix2pix.pictures.images import LUMA

# Parameters of each layer in the table of the CS583 report.
DOWN = [3072, 131072, 256, 524288, 512, 2097152, 1024, *[4194304, 1024] * 3, 4194304]
UP = [4194304, 1024, *[8388608, 1024] * 3, 4194304, 512, 1048576, 256, 262144, 128, 6147]


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def layers(module: nn.Module) -> list[int]:
    """Parameters of each convolution (with its bias) and norm, in order."""
    kinds = nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d | nn.InstanceNorm2d
    return [count(m) for m in module.modules() if isinstance(m, kinds)]


def without_memory(**options: Any) -> UnetGenerator:
    """A generator of full size whose weights have shapes but no values."""
    with torch.device("meta"):
        return UnetGenerator(GeneratorOptions(image_size=256, **options))


def small(size: int = 64, **options: Any) -> Any:
    return build_generator(GeneratorOptions(image_size=size, ngf=2, **options))


def outputs(generator: Any, picture: Tensor) -> tuple[Tensor, list[Tensor]]:
    """The output, and those of the encoder's levels, the outermost first."""
    levels: list[Tensor] = []
    hooks = [
        level.register_forward_hook(lambda _module, _inputs, output: levels.append(output))
        for level in generator.encoder
    ]
    output = generator(picture)
    for hook in hooks:
        hook.remove()
    return output, levels


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_parameters_are_those_of_the_cs583_report_layer_by_layer(norm: str) -> None:
    generator = without_memory(norm=norm)
    assert layers(generator) == DOWN + UP and count(generator) == 54_413_955


def test_without_outer_bias_the_count_is_that_of_the_columbia_report() -> None:
    assert count(without_memory(bias_outer=False)) == 54_413_952


@pytest.mark.parametrize("option", [{"dropout": 0.0}, {"dropout_blocks": 8}, {"activation": "mish"}])
def test_what_has_no_weights_changes_no_count(option: dict[str, Any]) -> None:
    assert count(without_memory(**option)) == 54_413_955


def gradients_of(output: Tensor, generator: nn.Module) -> tuple[Tensor, ...]:
    return torch.autograd.grad(output.square().mean(), list(generator.parameters()))


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"skip_connections": False},
        {"levels": 3, "leaky_slope": 0.01},
        {"bias_outer": False, "pixel_range": "unit"},
        {"activation": "relu"},
        {"activation": "silu"},
        {"activation": "mish", "skip_connections": False},
    ],
    ids=["paper", "encoder-decoder", "levels and slope", "outer bias and range", "relu", "silu", "mish"],
)
@pytest.mark.parametrize("size", [64, 128])
def test_network_is_that_of_plain_functions(norm: str, options: dict[str, Any], size: int) -> None:
    torch.manual_seed(0)
    generator = small(size, norm=norm, dropout=0.0, **options).double()
    for parameter in generator.parameters():
        nn.init.normal_(parameter, 0.0, 0.2)
    picture = torch.randn(2, 3, size, size, dtype=torch.double)
    for channels_last in (False, True):
        generator.to(memory_format=torch.channels_last if channels_last else torch.contiguous_format)
        ours, plain = generator(picture), plain_unet(generator, picture)
        assert torch.allclose(ours, plain, atol=1e-10)
        for gradients in zip(*(gradients_of(output, generator) for output in (ours, plain)), strict=True):
            assert torch.allclose(*gradients, atol=1e-10)


@pytest.mark.parametrize("size", [64, 128, 256, 512, 1024])
@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
def test_every_size_goes_down_to_one_pixel_and_back(size: int, norm: str) -> None:
    picture = torch.zeros(1, 3, size, size)
    output, levels = outputs(small(size, norm=norm), picture)
    assert output.shape == picture.shape and levels[-1].shape[-2:] == (1, 1)


def test_seven_levels_end_in_a_2x2_bottleneck_and_have_six_skips() -> None:
    generator = small(256, levels=7)
    output, levels = outputs(generator, torch.zeros(1, 3, 256, 256))
    assert [level.shape[-1] for level in levels] == [128, 64, 32, 16, 8, 4, 2]
    up = [*generator.decoder.blocks, generator.decoder.output]
    assert len(up) == 7 and output.shape == (1, 3, 256, 256)
    widths = [2, 4, 8, 16, 16, 16, 16]
    convolutions = [convolution(block) for block in up[1:]]
    joined = [layer.in_channels - width for layer, width in zip(convolutions, widths[-2::-1], strict=True)]
    assert joined == widths[-2::-1]  # the encoder's level of its size


@pytest.mark.parametrize("levels", [2, 3, 5, 6])
def test_levels_are_the_halvings(levels: int) -> None:
    output, encoded = outputs(small(levels=levels), torch.zeros(1, 3, 64, 64))
    assert len(encoded) == levels and encoded[-1].shape[-1] == 64 >> levels
    assert output.shape == (1, 3, 64, 64)


@pytest.mark.parametrize(("size", "levels"), [(0, 0), (2, 0), (96, 0), (100, 0), (64, 7), (64, 1), (64, -1)])
def test_sides_that_cannot_be_halved_so_often_are_refused(size: int, levels: int) -> None:
    with pytest.raises(ValueError, match=f"power of two.* found image_size {size} and levels"):
        small(size, levels=levels)


def test_every_level_is_carried_across() -> None:
    generator = small(norm="none", dropout=0.0)
    _, levels = outputs(generator, torch.randn(1, 3, 64, 64))
    for index in range(len(levels)):
        changed = [level.detach().clone() for level in levels]
        changed[index] += 1
        assert not torch.equal(generator.decoder(changed), generator.decoder(levels))


def test_encoder_decoder_has_no_skips() -> None:
    generator = small(norm="none", dropout=0.0, skip_connections=False)
    output, levels = outputs(generator, torch.randn(1, 3, 64, 64))
    only_innermost = [*(torch.zeros_like(level) for level in levels[:-1]), levels[-1]]
    assert torch.equal(generator.decoder(only_innermost).tanh(), output)
    up = [*generator.decoder.blocks, generator.decoder.output]
    assert [convolution(block).in_channels for block in up] == [16, 16, 16, 8, 4, 2]


@pytest.mark.parametrize("generator", ["unet", "resnet18_unet"])
@pytest.mark.parametrize("skip_connections", [True, False])
def test_resized_upsampling_has_no_transposed_convolution(generator: str, skip_connections: bool) -> None:
    network = small(generator=generator, upsample="resize", skip_connections=skip_connections)
    assert not any(isinstance(module, nn.ConvTranspose2d) for module in network.modules())
    assert network(torch.zeros(2, 3, 64, 64)).shape == (2, 3, 64, 64)


@pytest.mark.parametrize(
    ("activation", "encoder", "decoder"),
    [
        ("leaky_relu", nn.LeakyReLU, nn.ReLU),
        ("relu", nn.ReLU, nn.ReLU),
        ("silu", nn.SiLU, nn.SiLU),
        ("mish", nn.Mish, nn.Mish),
    ],
)
def test_activation_is_the_encoders_and_the_decoders_only_if_smooth(
    activation: str, encoder: type, decoder: type
) -> None:
    generator = small(activation=activation)
    assert [type(level[0]) for level in generator.encoder[1:]] == [encoder] * 5
    assert type(generator.decoder.activation) is decoder
    assert generator(torch.randn(1, 3, 64, 64)).isfinite().all()


@pytest.mark.parametrize("slope", [0.2, 0.01, 0.0])
def test_leaky_slope_is_the_slope_below_zero(slope: float) -> None:
    level = small(leaky_slope=slope).encoder[1]
    assert level[0](torch.tensor(-1.0)).item() == pytest.approx(-slope)


def dropout_of(generator: UnetGenerator) -> list[bool]:
    up = [*generator.decoder.blocks, generator.decoder.output]
    return [any(isinstance(module, nn.Dropout) for module in block) for block in up]


@pytest.mark.parametrize(("blocks", "expected"), [(3, 3), (0, 0), (1, 1), (7, 7), (8, 8), (20, 8)])
def test_dropout_is_in_the_innermost_blocks(blocks: int, expected: int) -> None:
    generator = small(256, dropout_blocks=blocks)
    assert dropout_of(generator) == [True] * expected + [False] * (8 - expected)


def test_eighth_dropout_is_before_the_convolution_to_pixels() -> None:
    dropout, convolution = small(256, dropout_blocks=8).decoder.output
    assert isinstance(dropout, nn.Dropout) and isinstance(convolution, nn.ConvTranspose2d)


def test_dropout_zero_is_none() -> None:
    assert not any(dropout_of(small(256, dropout=0.0, dropout_blocks=8)))


@pytest.mark.parametrize("p", [0.25, 0.5])
def test_dropout_drops_with_its_probability(p: float) -> None:
    block = small(dropout=p).decoder.blocks[0]
    dropped = block[-2](torch.ones(1, 16, 64, 64))
    assert (dropped == 0).float().mean().item() == pytest.approx(p, abs=0.02)


@pytest.mark.parametrize("generator", ["unet", "resnet18_unet"])
@pytest.mark.parametrize(("pixel_range", "lowest"), [("symmetric", -1.0), ("unit", 0.0)])
def test_output_fills_the_pixel_range_and_no_more(generator: str, pixel_range: str, lowest: float) -> None:
    network = small(generator=generator, pixel_range=pixel_range)
    with torch.no_grad():
        network.decoder.output[-1].weight.mul_(1e4)
        output = network(torch.randn(2, 3, 64, 64) * 10)
    assert output.min() == pytest.approx(lowest, abs=1e-3) and output.max() == pytest.approx(1, abs=1e-3)
    assert lowest <= output.min() and output.max() <= 1


@pytest.mark.parametrize("generator", ["unet", "resnet18_unet"])
def test_bias_outer_is_the_bias_of_the_last_layer(generator: str) -> None:
    assert small(generator=generator).decoder.output[-1].bias.shape == (3,)
    assert small(generator=generator, bias_outer=False).decoder.output[-1].bias is None


def test_chroma_is_two_channels_of_the_last_layer_instead_of_three() -> None:
    last = 2 * 128 * 16 + 2
    assert layers(without_memory(output="chroma")) == DOWN + UP[:-1] + [last]


@pytest.mark.parametrize("generator", ["unet", "resnet18_unet"])
@pytest.mark.parametrize(("pixel_range", "lowest"), [("symmetric", -1.0), ("unit", 0.0)])
def test_chroma_starts_with_the_input_in_grey_but_for_noise(
    generator: str, pixel_range: str, lowest: float
) -> None:
    torch.manual_seed(0)
    picture = lowest + (1 - lowest) * torch.rand(1, 3, 64, 64)
    luma = torch.tensor(LUMA).view(3, 1, 1)
    grey = (picture * luma).sum(1, keepdim=True)
    options: dict[str, Any] = {"generator": generator, "pixel_range": pixel_range, "output": "chroma"}
    colours = torch.cat([small(**options)(picture) for _ in range(8)]) - grey
    assert ((colours * luma).sum(1).abs() < 1e-6).all()
    assert (colours.mean(dim=(0, 2, 3)).abs() < 0.05 * (1 - lowest)).all()
    assert colours.std() > 0.001


def test_layers_have_a_bias_exactly_where_no_norm_follows_them() -> None:
    assert [level[1].bias is None for level in small(norm="batch").encoder[1:-1]] == [True] * 4
    assert all(level[1].bias is not None for level in small(norm="none").encoder[1:])
    assert small(norm="none").encoder[0].bias is not None


def test_weights_start_as_in_the_paper() -> None:
    torch.manual_seed(0)
    generator = build_generator(GeneratorOptions(image_size=256, ngf=16))
    weight, norm = generator.encoder[4][1].weight, generator.encoder[4][2]
    assert weight.mean().abs() < 1e-3 and weight.std().item() == pytest.approx(INITIAL_STD, rel=0.02)
    assert norm.weight.mean().item() == pytest.approx(1, abs=0.01) and (norm.bias == 0).all()
    assert (convolution(generator.decoder.output).bias == 0).all()


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
def test_other_sizes_than_that_of_training_pass_through(norm: str) -> None:
    """Fewer levels than the side has halvings leave a generator that translates larger pictures, too."""
    generator = small(levels=4, norm=norm).eval()
    assert generator(torch.zeros(1, 3, 128, 192)).shape == (1, 3, 128, 192)


@pytest.mark.parametrize("size", [64, 256])
@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
def test_resnet_encoder_halves_the_side_five_times(size: int, norm: str) -> None:
    generator = small(size, generator="resnet18_unet", norm=norm)
    deepest: list[Tensor] = []
    generator.encoder.layer4.register_forward_hook(lambda _module, _inputs, out: deepest.append(out))
    assert generator(torch.zeros(1, 3, size, size)).shape == (1, 3, size, size)
    assert deepest[0].shape == (1, 512, size // 32, size // 32)
    up = [*generator.decoder.blocks, generator.decoder.output]
    assert [convolution(block).in_channels for block in up] == [512, 512, 256, 128, 128]


def test_resnet_encoder_is_that_of_torchvision_on_imagenets_scale() -> None:
    torch.manual_seed(0)
    generator = small(generator="resnet18_unet").eval()
    reference = resnet18().eval()
    reference.load_state_dict(generator.encoder.state_dict(), strict=False)
    reference.fc = nn.Identity()
    deepest: list[Tensor] = []
    generator.encoder.layer4.register_forward_hook(lambda _module, _inputs, out: deepest.append(out))
    unit = torch.rand(2, 3, 64, 64)
    generator(unit * 2 - 1)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    expected = reference((unit - mean) / std)
    assert torch.allclose(deepest[0].mean(dim=(2, 3)), expected, rtol=1e-4, atol=1e-5)


def test_resnet_takes_pixels_of_either_range() -> None:
    symmetric = small(generator="resnet18_unet").eval()
    unit = small(generator="resnet18_unet", pixel_range="unit").eval()
    unit.load_state_dict(symmetric.state_dict())
    picture = torch.rand(1, 3, 64, 64)
    before: list[Tensor] = []
    for network in (symmetric, unit):
        network.decoder.register_forward_hook(lambda _module, _inputs, out: before.append(out))
    symmetric(picture * 2 - 1)
    unit(picture)
    assert torch.allclose(before[0], before[1], atol=1e-4)


def test_resnet_refuses_sides_that_are_no_multiple_of_32() -> None:
    with pytest.raises(ValueError, match="multiple of 32, found 100"):
        small(100, generator="resnet18_unet")


def test_resnets_constants_are_not_saved() -> None:
    generator = small(generator="resnet18_unet")
    assert isinstance(generator, ResnetUnetGenerator)
    assert {name.partition(".")[0] for name in generator.state_dict()} == {"encoder", "decoder"}
    assert not any(name.startswith("encoder.fc") for name in generator.state_dict())


def test_options_are_taken_out_of_settings() -> None:
    options = GeneratorOptions(image_size=128, ngf=8, levels=5, skip_connections=False, pixel_range="unit")
    assert GeneratorOptions.of({**vars(options), "epochs": 3}) == options


@pytest.mark.parametrize("pixel_range", ["symmetric", "unit"])
def test_classes_are_the_nearest_colours_of_the_palette(pixel_range: Any) -> None:
    labels = Labels([(255, 0, 0), (0, 0, 255)], pixel_range)
    unit = torch.tensor([[1.0, 0.1, 0.0], [0.2, 0.0, 0.9], [0.6, 0.0, 0.4]]).T.reshape(1, 3, 1, 3)
    real_a = 2 * unit - 1 if pixel_range == "symmetric" else unit
    result = labels(real_a)
    assert labels.channels == 5 and torch.equal(result[:, :3], real_a)
    assert result[0, 3:, 0].T.tolist() == [[1, 0], [0, 1], [1, 0]]


def test_without_a_palette_there_is_nothing_beside_the_input() -> None:
    labels, real_a = Labels((), "symmetric"), torch.rand(1, 3, 4, 4)
    assert labels.channels == 3 and labels(real_a) is real_a and not labels.state_dict()


def test_resnet_takes_no_classes() -> None:
    with pytest.raises(ValueError, match="takes no classes beside its input"):
        build_generator(GeneratorOptions(image_size=64, generator="resnet18_unet"), [(0, 0, 0), (9, 9, 9)])
