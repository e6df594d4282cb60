"""The validation pictures of two sides that are no pairs, measured as sets and shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from pix2pix.core.choices import TestMode
from pix2pix.core.errors import InputError
from pix2pix.machine.device import pictures_at_once
from pix2pix.model.inference import translating
from pix2pix.model.pair_folder import Pictures, to_image
from pix2pix.networks.generators import Generator
from pix2pix.pictures.pairs import LEAST_VALIDATED, SIDES
from pix2pix.realism.comparison import KID_SCALE
from pix2pix.realism.feature_distances import whole_kid
from pix2pix.realism.networks import load_lite0
from pix2pix.training.validation import PICTURES_SHOWN, Example

BATCH = 16  # on a CPU
MOST_MEASURED = 200  # pictures of each side, from all over it


@dataclass(frozen=True)
class _Way:
    """A direction: its generator, that back where there is one, and the sides it comes from and goes to."""

    generator: Generator
    back: Generator | None
    source: Pictures
    target: Pictures


class SetValidation:
    """Measures how far translated pictures are, as a set, from the real ones: by KID of lite0's features.

    Args:
        sides: the validation pictures of A and of B.
        fabric: of the device and the precision; the first process measures for all.
        test_mode: of norms and dropout.
        is_both_ways: whether there is a generator back from B to A, which counts the same.

    Raises:
        InputError: a side has fewer than two pictures.
    """

    name = "kid_lite0"

    def __init__(
        self, sides: tuple[Pictures, Pictures], fabric: Fabric, test_mode: TestMode, *, is_both_ways: bool
    ) -> None:
        for side, pictures in zip(SIDES, sides, strict=True):
            if len(pictures) < LEAST_VALIDATED:
                raise InputError(
                    f"side {side} has {len(pictures)} validation picture; to compare sets {LEAST_VALIDATED} "
                    "are needed: take a larger val_fraction"
                )
        titles = ("picture", "translated", "and back")
        self.titles: tuple[str, ...] = titles if is_both_ways else titles[:2]
        self._sides, self._fabric, self._test_mode = sides, fabric, test_mode
        self._lite0: nn.Module | None = None
        self._real: dict[int, Tensor] = {}

    def __call__(self, generators: Sequence[Generator]) -> tuple[float, list[Example]]:
        """Measure G, and the generator back where there is one.

        Returns:
            1000 times KID of lite0's features between outputs and real pictures, the mean over the
            directions; and, in the first process, some pictures with their outputs.
        """
        kid, examples = 0.0, list[Example]()
        if self._fabric.is_global_zero:
            back = generators[1] if len(generators) > 1 else None
            ways = [_Way(generators[0], back, *self._sides)]
            if back is not None:
                ways.append(_Way(back, generators[0], *reversed(self._sides)))
            kid = float(np.mean([self._kid(way) for way in ways]))
            shown = PICTURES_SHOWN // len(ways)
            examples = [example for way in ways for example in self._examples(way, shown)]
        return float(self._fabric.broadcast(kid)), examples

    def _kid(self, way: _Way) -> float:
        with translating(way.generator, self._fabric, self._test_mode) as translate:
            outputs = self._features(map(translate, self._batches_of(way.source)))
        side = self._sides.index(way.target)
        if side not in self._real:
            self._real[side] = self._features(self._batches_of(way.target))
        return KID_SCALE * whole_kid(outputs, self._real[side])

    def _batches_of(self, pictures: Pictures) -> Iterator[Tensor]:
        return batches_of(pictures, pictures_at_once(BATCH, self._fabric.device))

    @torch.inference_mode()
    def _features(self, batches: Iterator[Tensor]) -> Tensor:
        """The features of pictures, (N, 3, H, W) uint8 each, as (N, D) on the CPU."""
        if self._lite0 is None:
            self._lite0 = load_lite0().to(self._fabric.device).eval()
        return torch.cat([self._lite0(batch.to(self._fabric.device)).cpu() for batch in batches])

    def _examples(self, way: _Way, count: int) -> list[Example]:
        indices = _spread(len(way.source), count)
        rows = [torch.stack([way.source[index] for index in indices])]
        for generator in (way.generator, way.back):
            if generator is not None:
                with translating(generator, self._fabric, self._test_mode) as translate:
                    rows.append(translate(rows[-1]))
        captions = [way.source.name(index).with_suffix("").as_posix() for index in indices]
        return [
            (caption, [to_image(picture) for picture in pictures])
            for caption, *pictures in zip(captions, *rows, strict=True)
        ]


def batches_of(pictures: Pictures, count: int) -> Iterator[Tensor]:
    """Yield pictures from all over a side, at most ``MOST_MEASURED``, by ``count``, as (N, 3, H, W) uint8."""
    indices = _spread(len(pictures), MOST_MEASURED)
    for start in range(0, len(indices), count):
        yield torch.stack([pictures[index] for index in indices[start : start + count]])


def _spread(length: int, most: int) -> list[int]:
    """At most so many indices, from all over."""
    count = min(length, most)
    return [i * length // count for i in range(count)]
