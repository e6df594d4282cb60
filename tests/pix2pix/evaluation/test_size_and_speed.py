from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from torch import nn
from unpaired_cases import write_unpaired_model

from pix2pix.evaluation.size_and_speed import inference_speed, network_sizes
from pix2pix.machine.device import open_fabric
from pix2pix.model.trained_model import TrainedModel
from pix2pix.networks.discriminator import PatchDiscriminator, ProjectedDiscriminator
from pix2pix.networks.generators import build_generator
from pix2pix.networks.options import DiscriminatorOptions, GeneratorOptions

PAPERS = (
    asdict(DiscriminatorOptions(image_size=256))
    | asdict(GeneratorOptions(image_size=256))
    | {"lambda_gan": 1, "track_gan": False}
)
WITHOUT_PAIRS = {"generator": "resnet_9blocks", "norm": "instance_plain", "dropout": 0.0}


def count(network: nn.Module) -> int:
    return sum(weights.numel() for weights in network.parameters())


def test_full_networks_are_as_large_as_the_reports_say() -> None:
    """Table I of the Columbia report, in which the outer layers have no bias: 217.7 + 11.1 = 228.8 MB."""
    settings = PAPERS | {"bias_outer": False}
    assert network_sizes(build_generator(GeneratorOptions.of(settings)), settings) == {
        "generator_parameters": 54_413_952,
        "discriminator_parameters": 2_768_641,
        "generator_mb": 217.7,
        "discriminator_mb": 11.1,
        "networks_mb": 228.7,
    }


@pytest.mark.parametrize(
    "changes",
    [{"generator": "resnet18_unet"}, {"ngf": 8, "ndf": 4, "spectral_norm": True, "lambda_projected": 1}],
)
def test_parameters_are_those_of_the_built_networks(changes: dict[str, Any]) -> None:
    settings = PAPERS | changes
    generator = build_generator(GeneratorOptions.of(settings))
    sizes = network_sizes(generator, settings)
    assert sizes["generator_parameters"] == count(generator)
    discriminator = PatchDiscriminator(DiscriminatorOptions.of(settings))
    assert sizes["discriminator_parameters"] == count(discriminator)
    if "lambda_projected" in changes:
        assert sizes["projected_discriminator_parameters"] == count(ProjectedDiscriminator())


def test_training_without_a_gan_term_has_no_discriminator() -> None:
    generator = build_generator(GeneratorOptions.of(PAPERS | {"ngf": 2}))
    sizes = network_sizes(generator, PAPERS | {"lambda_gan": 0})
    assert "discriminator_parameters" not in sizes and sizes["networks_mb"] == sizes["generator_mb"]
    assert "discriminator_parameters" in network_sizes(
        generator, PAPERS | {"lambda_gan": 0, "track_gan": True}
    )


def test_generator_of_the_other_direction_counts(tmp_path: Path) -> None:
    model = TrainedModel.load(write_unpaired_model(tmp_path / "both"), "cpu")
    one = network_sizes(model.generator, model.settings)
    both = network_sizes(model.generator, model.settings, model.back)
    assert both["back_generator_parameters"] == both["generator_parameters"] == one["generator_parameters"]
    assert both["networks_mb"] == pytest.approx(one["networks_mb"] + one["generator_mb"], abs=0.11)


def test_cyclegans_networks_are_as_large_as_its_code_prints() -> None:
    """The code prints 11.378 M of each generator, and 2.765 M of each discriminator."""
    settings = PAPERS | WITHOUT_PAIRS | {"objective": "cyclegan"}
    generator, back = (build_generator(GeneratorOptions.of(settings)) for _ in range(2))
    sizes = network_sizes(generator, settings, back)
    counts = {name: round(size / 1e6, 3) for name, size in sizes.items() if name.endswith("_parameters")}
    assert counts == {
        "generator_parameters": 11.378,
        "back_generator_parameters": 11.378,
        "discriminator_parameters": 2.765,
        "back_discriminator_parameters": 2.765,
    }
    assert sizes["networks_mb"] == pytest.approx(4 * 2 * (11.378 + 2.765), abs=0.05)


def test_heads_of_cut_count_and_another_discriminator_does_not() -> None:
    settings = PAPERS | WITHOUT_PAIRS | {"objective": "cut", "lambda_projected": 1}
    sizes = network_sizes(build_generator(GeneratorOptions.of(settings)), settings)
    depths = (3, 128, 256, 256, 256)  # channels of the picture, of both halvings and of two residual blocks
    assert sizes["patch_heads_parameters"] == sum((channels + 256 + 2) * 256 for channels in depths)
    assert round(sizes["discriminator_parameters"] / 1e6, 3) == 2.765
    assert {name for name in sizes if name.endswith("_parameters")} == {
        "generator_parameters",
        "discriminator_parameters",
        "patch_heads_parameters",
    }


def test_speed_is_that_of_single_pictures_and_of_batches() -> None:
    generator = build_generator(GeneratorOptions(image_size=64, ngf=4)).eval()
    figures = inference_speed(generator, open_fabric("cpu"))
    assert figures["inference_ms"] == pytest.approx(1e3 / figures["inference_per_second_batch1"], rel=0.1)
    assert set(figures) == {"inference_ms", *(f"inference_per_second_batch{n}" for n in (1, 4, 16))}
    assert all(value > 0 for value in figures.values())
