"""How real translated pictures look: FID, KID and LPIPS against their targets, through torchmetrics."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from pix2pix.core.errors import InputError, UnreadableError
from pix2pix.core.progress import with_progress
from pix2pix.machine.device import pictures_at_once
from pix2pix.model.pair_folder import to_tensor
from pix2pix.networks.weight_files import UnavailableError, checked_file
from pix2pix.pictures.images import RgbImage, read_image
from pix2pix.pictures.pairs import read_pair
from pix2pix.realism.feature_distances import DECIMALS, Figures, Notes, compare_features, whole_kid
from pix2pix.realism.networks import load_inception, load_lite0, load_lpips
from pix2pix.realism.options import BASELINE_INPUT, RealismOptions

BATCH = 16  # on a CPU
LEAST_FOR_LITE0 = 30  # pictures; the estimate of fewer says little
KID_SCALE = 1000

Features = dict[str, tuple[Tensor, ...]]
Images = tuple[RgbImage, RgbImage, RgbImage]  # input, output, target
Batch = tuple[Tensor, Tensor, Tensor]  # of the same


def check_weight_files(options: RealismOptions) -> None:
    """Check the files that will be needed, before work that takes long.

    Raises:
        InputError: one is missing, or another one.
    """
    if options.has_fid and options.feature_weights:
        checked_file(options.feature_weights, options.feature_weights_sha256, "feature_weights")
    if options.has_lpips and options.lpips_weights:
        checked_file(options.lpips_weights, options.lpips_weights_sha256, "lpips_weights")


@dataclass(frozen=True)
class RealismNetworks:
    """Networks of ``pix2pix.realism.networks``, in evaluation mode or not; None leaves out what each is for.

    Attributes:
        lite0: for ``kid_lite0``.
        inception: for FID and KID.
        lpips: for LPIPS.
    """

    lite0: nn.Module | None = None
    inception: nn.Module | None = None
    lpips: nn.Module | None = None


def measure_realism(
    pictures: Sequence[tuple[Path, Path]], options: RealismOptions, device: torch.device
) -> tuple[Figures, Notes]:
    """Compare translated pictures with their targets.

    Args:
        pictures: the path of each output, and of the A|B pair of its input and target; in any order.
        options: what is measured; ``kid_lite0`` of 30 pictures or more.
        device: where the networks run.

    Returns:
        ``kid_lite0`` and ``baseline_input_kid_lite0``, that of the inputs (both times 1000), ``fid``, ``kid``
        (mean over subsets), ``kid_std``, ``kid_subset_size``, ``lpips``, and with any of them ``realism_n``
        and ``realism_seed``; and lines on what was left out, why, and what to mind. KID may be slightly
        negative.

    Raises:
        InputError: a file of weights is missing, another one or damaged; a picture cannot be read.
    """
    networks, notes = load_networks(options, len(pictures))
    figures, more = compare_pictures(pictures, networks, options.seed, device)
    return figures, notes + more


def load_networks(options: RealismOptions, n: int, *, of_pairs: bool = True) -> tuple[RealismNetworks, Notes]:
    """Load the networks that are asked for, and note which are not available.

    Args:
        options: what is measured.
        n: how many pictures there are, of the smaller set.
        of_pairs: whether each output has a target, which LPIPS needs.

    Raises:
        InputError: a file of weights is missing, another one or damaged.
    """
    notes: Notes = []
    inception = lpips = None
    if options.has_fid:
        weights = options.feature_weights, options.feature_weights_sha256
        inception = _load_or_note("fid, kid", notes, load_inception, *weights)
    if options.has_lpips and of_pairs:
        weights = options.lpips_weights, options.lpips_weights_sha256
        lpips = _load_or_note("lpips", notes, load_lpips, *weights)
    lite0 = load_lite0() if options.has_lite0 and n >= LEAST_FOR_LITE0 else None
    return RealismNetworks(lite0, inception, lpips), notes


def compare_pictures(
    pictures: Sequence[tuple[Path, Path]], networks: RealismNetworks, seed: int, device: torch.device
) -> tuple[Figures, Notes]:
    """Compare translated pictures with their targets, by networks that are loaded already.

    Each picture passes each network once, an input only lite0. Its features stay in memory: 8 KB of
    InceptionV3, 5 of lite0.

    Args:
        pictures: the path of each output, and of the A|B pair of its input and target; in any order.
        networks: those that are to compare them.
        seed: of the subsets of InceptionV3's KID.
        device: where the networks run.

    Returns:
        the figures and the lines that ``measure_realism`` gives.

    Raises:
        InputError: a picture cannot be read, or an output has another size than its target.
    """
    notes: Notes = []
    if networks.inception is not None and len(pictures) < 2:
        notes.append(f"fid, kid: left out: they compare sets of 2 pictures or more, found {len(pictures)}")
        networks = replace(networks, inception=None)
    if not pictures or networks == RealismNetworks():
        return {}, notes
    features, scores = _through_networks(pictures, networks, device)
    figures, more = feature_figures(features, seed)
    notes += more
    if networks.lpips is not None:
        figures["lpips"] = round(float(scores.double().mean()), DECIMALS)
    return figures | {"realism_n": len(pictures), "realism_seed": seed}, notes


def feature_figures(features: Features, seed: int) -> tuple[Figures, Notes]:
    """Compare sets of pictures by their features.

    Args:
        features: by network, each (N, D), with N of each set: by ``lite0`` of outputs, targets and inputs, by
            ``inception`` of outputs and targets; either may be missing.
        seed: of the subsets of InceptionV3's KID.

    Returns:
        those of ``measure_realism``'s figures that need no pairs, and lines on what to mind.

    Raises:
        InputError: a feature is infinite or NaN.
    """
    figures: Figures = {}
    notes: Notes = []
    if "lite0" in features:
        outputs, targets, inputs = features["lite0"]
        for name, answers in (("kid_lite0", outputs), (f"{BASELINE_INPUT}_kid_lite0", inputs)):
            figures[name] = round(KID_SCALE * whole_kid(answers, targets), DECIMALS)
    if "inception" in features:
        outputs, targets = features["inception"]
        more, notes = compare_features(outputs, targets, seed)
        figures |= more
    return figures, notes


@torch.inference_mode()
def _through_networks(
    pictures: Sequence[tuple[Path, Path]], networks: RealismNetworks, device: torch.device
) -> tuple[Features, Tensor]:
    """Return features by network, (N, D), and the scores of LPIPS, (N,).

    The features are those of the outputs and of the targets, and by ``lite0`` also of the inputs.
    """
    extractors = {
        name: network.to(device).eval()
        for name, network in (("lite0", networks.lite0), ("inception", networks.inception))
        if network is not None
    }
    lpips = None if networks.lpips is None else networks.lpips.to(device).eval()
    features: dict[str, list[tuple[Tensor, ...]]] = {name: [] for name in extractors}
    scores = [torch.zeros(0)]
    with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
        for real_a, output, target in _batches(pictures, device):
            shown = {"lite0": (output, target, real_a), "inception": (output, target)}
            for name, extract in extractors.items():
                features[name].append(tuple(extract(images).cpu() for images in shown[name]))
            if lpips is not None:
                score = lpips(to_tensor(output, "symmetric"), to_tensor(target, "symmetric"))
                scores.append(score.flatten().cpu())
    joined = {name: tuple(map(torch.cat, zip(*of, strict=True))) for name, of in features.items()}
    return joined, torch.cat(scores)


def _load_or_note(
    metrics: str, notes: Notes, load: Callable[[str, str], nn.Module], path: str, sha256: str
) -> nn.Module | None:
    """Load a network, or note that it is not available and which metrics are left out."""
    try:
        return load(path, sha256)
    except UnavailableError as error:
        notes.append(f"{metrics}: left out: {error}")
        return None


def _batches(pictures: Sequence[tuple[Path, Path]], device: torch.device) -> Iterator[Batch]:
    """Read inputs, outputs and targets, (N, 3, H, W) uint8, in the order of the outputs' paths.

    A batch has one size.
    """
    read = (_read(output, pair) for output, pair in sorted(pictures))
    counted = with_progress(read, len(pictures), "evaluate: realism", "picture")
    for _, of_one_size in groupby(counted, key=lambda images: images[0].shape):
        while batch := list(islice(of_one_size, pictures_at_once(BATCH, device))):
            inputs, outputs, targets = (stacked(images).to(device) for images in zip(*batch, strict=True))
            yield inputs, outputs, targets


def _read(output: Path, pair: Path) -> Images:
    """Read an input, its output and its target, of the same size."""
    try:
        image = read_image(output)
        real_a, target = read_pair(pair)
    except UnreadableError as error:
        raise InputError(f"{output}, or {pair}: {error}") from error
    if image.shape != target.shape:
        raise InputError(f"{output} is (H, W, C) = {image.shape}, its target in {pair} {target.shape}")
    return real_a, image, target


def stacked(images: Iterable[RgbImage]) -> Tensor:
    """Pictures of one size, each (H, W, 3) uint8, as a tensor, (N, 3, H, W) uint8."""
    return torch.from_numpy(np.stack([image.transpose(2, 0, 1) for image in images]))  # HWC => CHW
