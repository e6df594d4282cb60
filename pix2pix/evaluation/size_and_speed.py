"""How large the networks of a training are, and how fast its generator is."""

import time
from collections.abc import Mapping
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import nn

from pix2pix.core.choices import BACK_PREFIX
from pix2pix.networks.discriminator import PatchDiscriminator, ProjectedDiscriminator
from pix2pix.networks.generators import Generator
from pix2pix.networks.options import DiscriminatorOptions
from pix2pix.networks.patch_heads import PatchHeads
from pix2pix.networks.resnet_generator import ResnetGenerator

BATCHES = (1, 4, 16)
TRIALS = 5
BYTES_PER_WEIGHT = 4


def network_sizes(
    generator: Generator, settings: Mapping[str, Any], back: Generator | None = None
) -> dict[str, float]:
    """Count the parameters of the networks of a training, and their megabytes (10^6 bytes) in fp32.

    Args:
        generator: that was trained.
        settings: that it was trained with; those that it does not name are off. An objective that has no
            term by a discriminator, and tracks none, has none.
        back: the generator of the other direction, where one was trained.
    """
    networks: dict[str, nn.Module] = {"generator": generator}
    if back is not None:
        networks[f"{BACK_PREFIX}generator"] = back
    with torch.device("meta"):  # shapes without memory
        if settings.get("objective", "pix2pix") == "pix2pix":
            networks |= _judges_of_pairs(settings)
        else:
            networks |= _judges_of_pictures(generator, settings)
    counts = {name: sum(weights.numel() for weights in net.parameters()) for name, net in networks.items()}
    return {
        **{f"{name}_parameters": count for name, count in counts.items()},
        **{f"{name}_mb": _megabytes(count) for name, count in counts.items()},
        "networks_mb": _megabytes(sum(counts.values())),
    }


@torch.inference_mode()
def inference_speed(generator: Generator, fabric: Fabric) -> dict[str, float]:
    """Time the generator on pictures in memory: milliseconds of one, and pictures per second in batches."""
    size = generator.options.image_size
    figures = {}
    for batch in BATCHES:
        pictures = torch.zeros(batch, 3, size, size, device=fabric.device)
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        with fabric.autocast():
            seconds = min(_seconds(generator, pictures) for _ in range(TRIALS))
        if batch == 1:
            figures["inference_ms"] = round(1e3 * seconds, 2)
        figures[f"inference_per_second_batch{batch}"] = round(batch / seconds, 1)
    return figures


def _judges_of_pairs(settings: Mapping[str, Any]) -> dict[str, nn.Module]:
    """The discriminators of pix2pix."""
    judges: dict[str, nn.Module] = {}
    if any(settings.get(name) for name in ("lambda_gan", "lambda_feature_matching", "track_gan")):
        judges["discriminator"] = PatchDiscriminator(DiscriminatorOptions.of(settings))
    if settings.get("lambda_projected"):
        judges["projected_discriminator"] = ProjectedDiscriminator()
    return judges


def _judges_of_pictures(generator: Generator, settings: Mapping[str, Any]) -> dict[str, nn.Module]:
    """The discriminators of CycleGAN, or that of CUT and the heads by which it compares patches."""
    options = DiscriminatorOptions.of(settings)
    judges: dict[str, nn.Module] = {"discriminator": PatchDiscriminator(options, pictures=1)}
    if settings["objective"] == "cyclegan":
        judges[f"{BACK_PREFIX}discriminator"] = PatchDiscriminator(options, pictures=1)
    elif isinstance(generator, ResnetGenerator):
        judges["patch_heads"] = PatchHeads(generator.feature_channels)
    return judges


def _seconds(generator: Generator, pictures: torch.Tensor) -> float:
    start = time.perf_counter()
    generator(pictures).cpu()  # waits for a GPU to be done
    return time.perf_counter() - start


def _megabytes(parameters: int) -> float:
    return round(parameters * BYTES_PER_WEIGHT / 1e6, 1)
