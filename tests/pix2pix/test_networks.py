import pytest
import torch
from torch import nn

from pix2pix.networks import PatchDiscriminator, UnetGenerator, initialize


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def layers(module: nn.Module) -> list[int]:
    """Parameters of each convolution (with its bias) and norm, in order."""
    return [
        count(m)
        for m in module.modules()
        if isinstance(m, nn.Conv2d | nn.ConvTranspose2d | nn.modules.batchnorm._NormBase)
    ]


DOWN = [3072, 131072, 256, 524288, 512, 2097152, 1024, *[4194304, 1024] * 3, 4194304]
UP = [4194304, 1024, *[8388608, 1024] * 3, 4194304, 512, 1048576, 256, 262144, 128, 6147]
DISCRIMINATOR = [6208, 131072, 256, 524288, 512, 2097152, 1024, 8193]


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_parameters_are_those_of_the_cs583_report_layer_by_layer(norm: str) -> None:
    generator, discriminator = UnetGenerator(256, norm=norm), PatchDiscriminator(norm=norm)
    assert layers(generator) == DOWN + UP
    assert layers(discriminator) == DISCRIMINATOR
    assert (count(generator), count(discriminator)) == (54_413_955, 2_768_705)


def test_without_outer_bias_the_counts_are_those_of_the_columbia_report() -> None:
    assert count(UnetGenerator(256, bias_outer=False)) == 54_413_952
    assert count(PatchDiscriminator(bias_outer=False)) == 2_768_641


@pytest.mark.parametrize("size", [64, 128, 256, 512, 1024])
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_every_size_goes_down_to_one_pixel_and_back(size: int, norm: str) -> None:
    generator = UnetGenerator(size, ngf=2, norm=norm)
    bottleneck: list[torch.Tensor] = []
    generator.encoder[-1].register_forward_hook(lambda _module, _inputs, output: bottleneck.append(output))
    output = generator(torch.zeros(1, 3, size, size))
    assert output.shape == (1, 3, size, size) and bottleneck[0].shape[-2:] == (1, 1)


@pytest.mark.parametrize("size", [0, 2, 100, 96])
def test_other_sizes_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        UnetGenerator(size)


def test_output_is_within_the_pixel_range() -> None:
    output = UnetGenerator(64, ngf=4)(torch.randn(2, 3, 64, 64) * 10)
    assert output.abs().max() <= 1


def test_dropout_is_in_the_first_three_decoder_blocks() -> None:
    generator = UnetGenerator(256, ngf=2)
    has_dropout = [any(isinstance(m, nn.Dropout) for m in block) for block in generator.decoder]
    assert has_dropout == [True] * 3 + [False] * 4
    assert not any(isinstance(m, nn.Dropout) for m in UnetGenerator(256, ngf=2, dropout=0).modules())


def test_discriminator_gives_30_by_30_patches_at_256_px() -> None:
    picture = torch.zeros(1, 3, 256, 256)
    assert PatchDiscriminator(ndf=2)(picture, picture).shape == (1, 1, 30, 30)


def test_receptive_field_is_70_by_70() -> None:
    discriminator = PatchDiscriminator(ndf=4).double().eval()  # eval: batch norm mixes no positions
    a, b = (torch.randn(1, 3, 256, 256, dtype=torch.double, requires_grad=True) for _ in range(2))
    discriminator(a, b)[0, 0, 15, 15].backward()
    for picture in (a, b):
        rows = picture.grad.abs().sum(dim=(0, 1, 3)).nonzero()
        columns = picture.grad.abs().sum(dim=(0, 1, 2)).nonzero()
        assert rows.max() - rows.min() + 1 == 70 and columns.max() - columns.min() + 1 == 70


def test_skip_carries_every_level_across() -> None:
    generator = UnetGenerator(64, ngf=2, norm="instance", dropout=0)
    assert [block[1].in_channels for block in generator.decoder] == [16, 32, 32, 16, 8]
    assert generator.output[1].in_channels == 4


def test_weights_start_as_in_the_paper() -> None:
    generator = UnetGenerator(256, ngf=16)
    initialize(generator)
    convolution, norm = generator.encoder[4][1], generator.encoder[4][2]
    assert convolution.weight.mean().abs() < 1e-3 and convolution.weight.std().item() == pytest.approx(
        0.02, rel=0.02
    )
    assert norm.weight.mean().item() == pytest.approx(1, abs=0.01) and (norm.bias == 0).all()
    assert (generator.output[1].bias == 0).all()
