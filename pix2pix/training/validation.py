"""The validation pairs, measured and shown while a generator is trained."""

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from lightning_fabric import Fabric
from torch import Tensor

from pix2pix.core.choices import TestMode
from pix2pix.model.inference import batch_size, translating
from pix2pix.model.pair_folder import PairFolder, to_image
from pix2pix.networks.generators import Generator
from pix2pix.pictures.contact_sheet import TRIPTYCH
from pix2pix.pictures.images import RgbImage

PICTURES_SHOWN = 6

Example = tuple[str, list[RgbImage]]


class Validation(Protocol):
    """What generators are measured by after each epoch; the lower, the better.

    Attributes:
        name: of the number.
        titles: of the pictures of each example.
    """

    name: str
    titles: tuple[str, ...]

    def __call__(self, generators: Sequence[Generator]) -> tuple[float, list[Example]]:
        """Measure generators, G first; return the number, and in the first process some examples."""


class PairValidation:
    """Measures the mean L1 of G's outputs, in [0, 1].

    Args:
        pairs: to measure on.
        fabric: of the device and the precision.
        test_mode: of norms and dropout.
        mean: over the processes.
    """

    name = "l1"
    titles: tuple[str, ...] = TRIPTYCH

    def __init__(
        self, pairs: PairFolder, fabric: Fabric, test_mode: TestMode, mean: Callable[[Tensor], Tensor]
    ) -> None:
        self._pairs, self._fabric, self._test_mode, self._mean = pairs, fabric, test_mode, mean

    def __call__(self, generators: Sequence[Generator]) -> tuple[float, list[Example]]:
        """Measure G, as ``validate`` does."""
        return validate(generators[0], self._pairs, self._fabric, self._test_mode, self._mean)


def validate(
    generator: Generator,
    pairs: PairFolder,
    fabric: Fabric,
    test_mode: TestMode,
    mean: Callable[[Tensor], Tensor],
) -> tuple[float, list[Example]]:
    """Measure a generator, in the precision of its training; each process takes its share of the pairs.

    Returns:
        the mean L1 over the pairs, in [0, 1], and, in the first process, some of them: a name, and input,
        output and target.
    """
    count = min(len(pairs), PICTURES_SHOWN)
    shown = {i * len(pairs) // count for i in range(count)}
    examples: list[Example] = []
    l1 = torch.zeros(len(pairs), dtype=torch.double)
    mine = set(range(fabric.global_rank, len(pairs), fabric.world_size))
    needed = sorted(mine | (shown if fabric.is_global_zero else set()))
    with translating(generator, fabric, test_mode) as translate:
        batch = batch_size(generator, fabric.device)
        for start in range(0, len(needed), batch):
            indices = needed[start : start + batch]
            real_a, real_b = torch.stack([pairs[index] for index in indices], dim=1)
            for index, a, b, output in zip(indices, real_a, real_b, translate(real_a), strict=True):
                if index in mine:
                    l1[index] = (output.double() - b.double()).abs().mean() / 255 * fabric.world_size
                if index in shown and fabric.is_global_zero:
                    caption = pairs.name(index).with_suffix("").as_posix()
                    examples.append((caption, [to_image(picture) for picture in (a, output, b)]))
    return float(mean(l1).mean()), examples
