"""How real translated pictures look beside a set that they are no pairs with: KID and FID of sets."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path

import torch
from torch import Tensor, nn

from pix2pix.core.errors import InputError, UnreadableError
from pix2pix.core.progress import with_progress
from pix2pix.machine.device import pictures_at_once
from pix2pix.pictures.images import RgbImage, read_image
from pix2pix.realism.comparison import (
    BATCH,
    LEAST_FOR_LITE0,
    Features,
    feature_figures,
    load_networks,
    stacked,
)
from pix2pix.realism.feature_distances import Figures, Notes
from pix2pix.realism.options import RealismOptions


def measure_sets(
    outputs: Sequence[Path],
    inputs: Sequence[Path],
    targets: Sequence[Path],
    options: RealismOptions,
    device: torch.device,
) -> tuple[Figures, Notes]:
    """Compare translated pictures, as a set, with real pictures, of which there may be another number.

    Args:
        outputs: the paths of the translated pictures, in any order.
        inputs: those of the pictures that they were made of.
        targets: those of the real pictures.
        options: what is measured; ``kid_lite0`` of 30 pictures or more on both sides.
        device: where the networks run.

    Returns:
        the figures of ``pix2pix.realism.comparison.measure_realism`` without LPIPS, with the numbers of
        outputs and of targets as ``realism_n`` and ``realism_n_b``; and lines on what was left out, why, and
        what to mind.

    Raises:
        InputError: a file of weights is missing, another one or damaged; a picture cannot be read.
    """
    n, n_larger = sorted([len(outputs), len(targets)])
    networks, notes = load_networks(options, n, of_pairs=False)
    found = f"found {n} and {n_larger}"
    if options.has_lite0 and networks.lite0 is None:
        notes.append(f"kid_lite0: left out: it compares sets of {LEAST_FOR_LITE0} pictures or more, {found}")
    if options.has_lpips:
        notes.append("lpips: left out: it compares an output with its target, and there are no pairs")
    features: Features = {}
    if networks.lite0 is not None:
        features["lite0"] = _features(networks.lite0, (outputs, targets, inputs), device)
    if networks.inception is not None and n >= 2:
        features["inception"] = _features(networks.inception, (outputs, targets), device)
    elif networks.inception is not None:
        notes.append(f"fid, kid: left out: they compare sets of 2 pictures or more, {found}")
    if not features:
        return {}, notes
    figures, more = feature_figures(features, options.seed)
    counts = {"realism_n": len(outputs), "realism_n_b": len(targets), "realism_seed": options.seed}
    return figures | counts, notes + more


@torch.inference_mode()
def _features(network: nn.Module, sets: Iterable[Sequence[Path]], device: torch.device) -> tuple[Tensor, ...]:
    """Return the features of each set of pictures, (N, D)."""
    extract = network.to(device).eval()
    with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
        return tuple(torch.cat([extract(batch).cpu() for batch in _batches(paths, device)]) for paths in sets)


def _batches(paths: Sequence[Path], device: torch.device) -> Iterator[Tensor]:
    """Read pictures, (N, 3, H, W) uint8, in the order of their paths; a batch has one size."""
    count = pictures_at_once(BATCH, device)
    counted = with_progress(map(_read, sorted(paths)), len(paths), "evaluate: realism", "picture")
    for _, of_one_size in groupby(counted, key=lambda image: image.shape):
        while batch := list(islice(of_one_size, count)):
            yield stacked(batch).to(device)


def _read(path: Path) -> RgbImage:
    try:
        return read_image(path)
    except UnreadableError as error:
        raise InputError(f"{path}: {error}") from error
