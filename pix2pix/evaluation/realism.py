"""How real translated pictures look: FID, KID and LPIPS against their targets, through torchmetrics."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from pix2pix.core.errors import InputError, UnreadableError
from pix2pix.core.progress import with_progress
from pix2pix.evaluation.feature_distances import DECIMALS, Figures, Notes, compare_features
from pix2pix.evaluation.options import RealismOptions
from pix2pix.evaluation.realism_networks import load_inception, load_lpips
from pix2pix.model.pair_folder import to_tensor
from pix2pix.model.weight_files import UnavailableError, checked_file
from pix2pix.pictures.images import RgbImage, read_image
from pix2pix.pictures.pairs import read_pair

BATCH = 16


def check_weight_files(options: RealismOptions) -> None:
    """Check the files that will be needed, before work that takes long.

    Raises:
        InputError: one is missing, or another one.
    """
    if options.has_fid and options.feature_weights:
        checked_file(options.feature_weights, options.feature_weights_sha256, "feature_weights")
    if options.has_lpips and options.lpips_weights:
        checked_file(options.lpips_weights, options.lpips_weights_sha256, "lpips_weights")


def measure_realism(
    pictures: Sequence[tuple[Path, Path]], options: RealismOptions, device: torch.device
) -> tuple[Figures, Notes]:
    """Compare translated pictures with their targets.

    Args:
        pictures: the path of each output, and of the A|B pair whose right half is its target; in any order.
        options: what is measured.
        device: where the networks run.

    Returns:
        ``fid``, ``kid`` (mean over subsets, may be slightly negative), ``kid_std``, ``kid_subset_size``,
        ``lpips``, and with any of them ``realism_n`` and ``realism_seed``; and lines on what was left out,
        why, and what to mind.

    Raises:
        InputError: a file of weights is missing, another one or damaged; a picture cannot be read.
    """
    notes: Notes = []
    inception = lpips = None
    if options.has_fid:
        weights = options.feature_weights, options.feature_weights_sha256
        inception = _load_or_note("fid, kid", notes, load_inception, *weights)
    if options.has_lpips:
        weights = options.lpips_weights, options.lpips_weights_sha256
        lpips = _load_or_note("lpips", notes, load_lpips, *weights)
    figures, more = compare_pictures(pictures, inception, lpips, options.seed, device)
    return figures, notes + more


def compare_pictures(
    pictures: Sequence[tuple[Path, Path]],
    inception: nn.Module | None,
    lpips: nn.Module | None,
    seed: int,
    device: torch.device,
) -> tuple[Figures, Notes]:
    """Compare translated pictures with their targets, by networks that are loaded already.

    Each picture passes each network once. Its features stay in memory: 8 KB of InceptionV3.

    Args:
        pictures: the path of each output, and of the A|B pair whose right half is its target; in any order.
        inception: from ``load_inception``; None leaves FID and KID out.
        lpips: from ``load_lpips``; None leaves LPIPS out.
        seed: of KID's subsets.
        device: where the networks run.

    Returns:
        the figures and the lines that ``measure_realism`` gives.

    Raises:
        InputError: a picture cannot be read, or an output has another size than its target.
    """
    notes: Notes = []
    if inception is not None and len(pictures) < 2:
        notes.append(f"fid, kid: left out: they compare sets of 2 pictures or more, found {len(pictures)}")
        inception = None
    if not pictures or (inception is None and lpips is None):
        return {}, notes
    outputs, targets, scores = _through_networks(pictures, inception, lpips, device)
    figures: Figures = {}
    if inception is not None:
        figures, more = compare_features(torch.cat(outputs), torch.cat(targets), seed)
        notes += more
    if lpips is not None:
        figures["lpips"] = round(float(torch.cat(scores).double().mean()), DECIMALS)
    return figures | {"realism_n": len(pictures), "realism_seed": seed}, notes


@torch.inference_mode()
def _through_networks(
    pictures: Sequence[tuple[Path, Path]],
    inception: nn.Module | None,
    lpips: nn.Module | None,
    device: torch.device,
) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """Return, by batches, the outputs' and the targets' features, (N, D), and the scores of LPIPS, (N,)."""
    outputs: list[Tensor] = []
    targets: list[Tensor] = []
    scores: list[Tensor] = []
    for network in (inception, lpips):
        if network is not None:
            network.to(device).eval()
    with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
        for output, target in _batches(pictures, device):
            if inception is not None:
                outputs.append(inception(output).cpu())
                targets.append(inception(target).cpu())
            if lpips is not None:
                score = lpips(to_tensor(output, "symmetric"), to_tensor(target, "symmetric"))
                scores.append(score.flatten().cpu())
    return outputs, targets, scores


def _load_or_note(
    metrics: str, notes: Notes, load: Callable[[str, str], nn.Module], path: str, sha256: str
) -> nn.Module | None:
    """Load a network, or note that it is not available and which metrics are left out."""
    try:
        return load(path, sha256)
    except UnavailableError as error:
        notes.append(f"{metrics}: left out: {error}")
        return None


def _batches(pictures: Sequence[tuple[Path, Path]], device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
    """Read outputs and targets, (N, 3, H, W) uint8, in the order of their paths; a batch has one size."""
    read = (_read(output, pair) for output, pair in sorted(pictures))
    counted = with_progress(read, len(pictures), "evaluate: realism", "picture")
    for _, of_one_size in groupby(counted, key=lambda images: images[0].shape):
        while batch := list(islice(of_one_size, BATCH)):
            outputs, targets = zip(*batch, strict=True)
            yield _stacked(outputs).to(device), _stacked(targets).to(device)


def _read(output: Path, pair: Path) -> tuple[RgbImage, RgbImage]:
    """Read an output and its target, of the same size."""
    try:
        image = read_image(output)
        _, target = read_pair(pair)
    except UnreadableError as error:
        raise InputError(f"{output}, or {pair}: {error}") from error
    if image.shape != target.shape:
        raise InputError(f"{output} is (H, W, C) = {image.shape}, its target in {pair} {target.shape}")
    return image, target


def _stacked(images: Iterable[RgbImage]) -> Tensor:
    """The pictures as a tensor, (N, 3, H, W) uint8."""
    return torch.from_numpy(np.stack([image.transpose(2, 0, 1) for image in images]))  # HWC => CHW
