import copy
from typing import Any

import pytest
import torch
from small_model import last_layer
from torch import Tensor, nn

from pix2pix.machine.device import open_fabric
from pix2pix.model.inference import batch_size, translating
from pix2pix.model.pair_folder import to_image, to_tensor, to_uint8
from pix2pix.networks.generators import build_generator
from pix2pix.networks.options import GeneratorOptions
from pix2pix.pictures.images import grayscale

CPU = open_fabric("cpu")
GENERATORS = ["unet", "resnet_6blocks", "resnet18_unet", "efficientnet_unet"]


def trained(**options: Any) -> Any:
    """A generator whose running statistics have moved."""
    torch.manual_seed(0)
    generator = build_generator(GeneratorOptions(image_size=64, **({"ngf": 4} | options)))
    generator.train()
    with torch.no_grad():
        last_layer(generator).weight.mul_(20)  # so that outputs are no even grey
        for _ in range(3):
            generator(torch.randn(4, 3, 64, 64) * 2 + 1)
    return generator


def pictures(count: int = 4) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (count, 3, 64, 64), dtype=torch.uint8, generator=generator)


def translated(generator: Any, images: Tensor, test_mode: Any = "eval") -> list[Tensor]:
    with translating(generator, CPU, test_mode) as translate:
        return list(translate(images))


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
def test_output_depends_on_no_other_picture(name: str, norm: str) -> None:
    generator = trained(generator=name, norm=norm)
    images = pictures(7)  # more than a batch, and no multiple of it
    together = translated(generator, images)
    alone = [translated(generator, image[None])[0] for image in images]
    backwards = translated(generator, images.flip(0))
    assert all(map(torch.equal, together, alone)) and all(map(torch.equal, together, reversed(backwards)))


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
def test_output_of_a_picture_in_a_batch_is_that_of_the_picture_alone(name: str, norm: str) -> None:
    generator = trained(generator=name, norm=norm).double().eval()
    batch = to_tensor(pictures(), "symmetric").double()
    with torch.no_grad():
        singles = torch.cat([generator(picture[None]) for picture in batch])
        assert torch.allclose(generator(batch), singles, atol=1e-12)
    rounded = translated(generator.float(), pictures())
    differences = to_uint8(singles, "symmetric").int() - torch.stack(rounded).int()
    assert differences.abs().max() <= 1


@pytest.mark.parametrize(
    ("size", "device", "count"),
    [
        (64, "cpu", 8),
        (256, "cpu", 4),
        (64, "cuda", 64),
        (256, "cuda", 16),
        (512, "cuda", 4),
        (1024, "cuda", 4),
    ],
)
def test_device_and_size_decide_how_many_pictures_go_together(size: Any, device: str, count: int) -> None:
    generator = build_generator(GeneratorOptions(image_size=size, ngf=2))
    assert batch_size(generator, torch.device(device)) == count


@pytest.mark.gpu
@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_output_on_a_gpu_is_near_the_cpus_and_depends_on_no_other_picture(name: str, precision: Any) -> None:
    generator, images = trained(generator=name, norm="instance"), pictures(70)
    on_cpu = translated(generator, images)
    fabric = open_fabric("cuda", precision=precision)
    with translating(generator.to(fabric.device), fabric, "eval") as translate:
        together, alone = list(translate(images)), [translate(image[None])[0] for image in images[:3]]
    assert all(map(torch.equal, together, alone))
    difference = torch.stack(together).float() - torch.stack(on_cpu).float()
    assert float(difference.abs().mean()) < (1 if precision == "fp32" else 6)  # of 255


@pytest.mark.parametrize("pixel_range", ["symmetric", "unit"])
def test_pictures_go_in_and_out_as_uint8(pixel_range: Any) -> None:
    generator, image = trained(pixel_range=pixel_range), pictures(1)
    (output,) = translated(generator, image)
    with torch.no_grad():
        expected = generator.eval()(to_tensor(image, pixel_range))
    assert output.dtype == torch.uint8 and torch.equal(output, to_uint8(expected[0], pixel_range))
    assert output.float().std() > 1


def saturated() -> Tensor:
    """Noise, the corners of the colour cube, black, white, and grey."""
    cube = torch.randint(0, 2, (1, 3, 8, 8), generator=torch.Generator().manual_seed(2)) * 255
    corners = cube.repeat_interleave(8, dim=2).repeat_interleave(8, dim=3).to(torch.uint8)
    ends = [torch.full((1, 3, 64, 64), level, dtype=torch.uint8) for level in (0, 1, 254, 255)]
    return torch.cat([pictures(2), corners, *ends, pictures(1)[:, :1].expand(-1, 3, -1, -1)])


@pytest.mark.parametrize("name", ["unet", "resnet18_unet", "efficientnet_unet"])
@pytest.mark.parametrize("pixel_range", ["symmetric", "unit"])
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("test_mode", ["eval", "train"])
def test_chroma_keeps_the_brightness_to_a_level(
    name: str, pixel_range: str, precision: Any, test_mode: Any
) -> None:
    generator, images = trained(generator=name, pixel_range=pixel_range, output="chroma"), saturated()
    with translating(generator, open_fabric("cpu", precision=precision), test_mode) as translate:
        outputs = translate(images)
    for image, output in zip(images, outputs, strict=True):
        difference = grayscale(to_image(output)).astype(int) - grayscale(to_image(image))
        assert abs(difference).max() <= 1
    assert (outputs.amax(1) - outputs.amin(1)).float()[:2].mean() > 20


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize("test_mode", ["eval", "train"])
def test_output_does_not_depend_on_chance(name: str, norm: str, test_mode: str) -> None:
    generator = trained(generator=name, norm=norm)
    torch.manual_seed(1)
    first = translated(generator, pictures(), test_mode)
    torch.manual_seed(2)
    assert all(map(torch.equal, first, translated(generator, pictures(), test_mode)))
    reverse = translated(generator, pictures().flip(0), test_mode)
    assert all(map(torch.equal, first, reversed(reverse)))


def test_train_mode_differs_from_eval_by_dropout() -> None:
    generator = trained(norm="instance")
    by_eval, by_train = (translated(generator, pictures(1), mode)[0] for mode in ("eval", "train"))
    assert not torch.equal(by_eval, by_train)
    without = trained(norm="instance", dropout=0.0)
    by_eval, by_train = (translated(without, pictures(1), mode)[0] for mode in ("eval", "train"))
    assert torch.equal(by_eval, by_train)


@pytest.mark.parametrize("name", GENERATORS)
def test_batch_norm_takes_its_statistics_from_the_picture_in_train_mode(name: str) -> None:
    generator, image = trained(generator=name, norm="batch", dropout=0.0), pictures(1)
    (output,) = translated(generator, image, "train")
    real_a = to_tensor(image, "symmetric").contiguous(memory_format=torch.channels_last)  # rounds alike
    with torch.no_grad():
        expected = copy.deepcopy(generator).train()(real_a)
    assert torch.equal(output, to_uint8(expected[0], "symmetric"))
    assert not torch.equal(output, translated(generator, image)[0])


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize("test_mode", ["eval", "train"])
def test_generator_is_left_as_it_was_and_in_eval_mode(name: str, norm: str, test_mode: str) -> None:
    generator = trained(generator=name, norm=norm).train()
    before = copy.deepcopy(generator.state_dict())
    translated(generator, pictures(), test_mode)
    assert all(torch.equal(tensor, before[key]) for key, tensor in generator.state_dict().items())
    assert not any(module.training for module in generator.modules())


def test_generator_can_be_trained_after_it_has_translated() -> None:
    generator = trained(norm="batch")
    translated(generator, pictures(), "train")
    generator.train()(torch.randn(2, 3, 64, 64)).mean().backward()
    assert all(weight.grad is not None for weight in generator.parameters())


def test_only_norm_and_dropout_are_in_training_mode() -> None:
    generator = trained(norm="batch")
    with translating(generator, CPU, "train"):
        kinds = {type(module) for module in generator.modules() if module.training}
    assert kinds == {nn.Dropout, nn.BatchNorm2d}
