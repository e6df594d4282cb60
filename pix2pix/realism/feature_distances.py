"""FID and KID of two sets of features, through torchmetrics."""

import warnings

import torch
from torch import Tensor, nn

from pix2pix.core.errors import InputError

UNBIASED_FROM = 2048  # pictures; of fewer, the covariance of 2,048 features lacks its full rank
KID_SUBSETS = 100
KID_SUBSET_SIZE = 1000
DECIMALS = 6

Figures = dict[str, float]
Notes = list[str]


def compare_features(outputs: Tensor, targets: Tensor, seed: int) -> tuple[Figures, Notes]:
    """Compare two sets of features by FID (arXiv:1706.08500) and KID (arXiv:1801.01401).

    KID is the mean over random subsets. They hold at most half of the pictures of the smaller set: subsets of
    all pictures would be equal, and the standard deviation 0. The mean has no bias, whatever the size of the
    subsets, where the two sets are drawn independently; for two copies of one set it is slightly below 0.

    Args:
        outputs: (N, D) float, N at least 2.
        targets: (M, D) float, M at least 2.
        seed: of the subsets.

    Returns:
        ``fid``, ``kid``, ``kid_std`` and ``kid_subset_size``; and lines on what to mind.

    Raises:
        InputError: a feature is infinite or NaN.
    """
    if not (outputs.isfinite().all() and targets.isfinite().all()):
        raise InputError("feature_weights: the features are no numbers; take another copy of the file")
    n = min(len(outputs), len(targets))
    size = min(KID_SUBSET_SIZE, max(2, n // 2))
    mean, std = _kid(outputs.double(), targets.double(), size, seed)
    figures = {
        "fid": round(_fid(outputs.double(), targets.double()), DECIMALS),
        "kid": round(mean, DECIMALS),
        "kid_std": round(std, DECIMALS),
        "kid_subset_size": size,
    }
    notes = [
        f"fid, kid: all {what} look the same to the network: copies of one picture, or a collapsed model"
        for what, features in (("outputs", outputs), ("targets", targets))
        if torch.allclose(features, features[:1].expand_as(features), rtol=1e-4, atol=1e-4)
    ]
    if n < UNBIASED_FROM:
        notes.append(
            f"fid: {n} pictures are too few, it is biased upwards: compare it only with one of as many, and "
            f"look at kid; from {UNBIASED_FROM:,} on the bias is small"
        )
    return figures, notes


def whole_kid(outputs: Tensor, targets: Tensor) -> float:
    """Return the unbiased estimate of KID (arXiv:1801.01401) from all features of both sets at once.

    It is the squared maximum mean discrepancy under a cubic kernel, as of Gretton et al. 2012 (JMLR 13),
    equation 3, which takes sets of different sizes; torchmetrics' takes subsets of equal ones.

    Args:
        outputs: (N, D) float, N at least 2.
        targets: (M, D) float, M at least 2.
    """
    from torchmetrics.image.kid import poly_kernel

    x, y = outputs.double(), targets.double()
    among_outputs, among_targets = (_mean_of_others(poly_kernel(of, of)) for of in (x, y))
    return float(among_outputs + among_targets - 2 * poly_kernel(x, y).mean())


def _mean_of_others(kernel: Tensor) -> Tensor:
    """The mean of a kernel, (N, N), without its diagonal, which compares each picture with itself."""
    n = len(kernel)
    return (kernel.sum() - kernel.trace()) / (n * (n - 1))


def _fid(outputs: Tensor, targets: Tensor) -> float:
    from torchmetrics.image.fid import FrechetInceptionDistance

    fid = FrechetInceptionDistance(_Features(outputs.shape[1]))
    fid.update(targets, real=True)
    fid.update(outputs, real=False)
    return max(0.0, float(fid.compute()))  # of equal sets rounding can make it negative


def _kid(outputs: Tensor, targets: Tensor, subset_size: int, seed: int) -> tuple[float, float]:
    from torchmetrics.image.kid import KernelInceptionDistance

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Metric `Kernel Inception Distance` will save all")
        kid = KernelInceptionDistance(
            _Features(outputs.shape[1]), subsets=KID_SUBSETS, subset_size=subset_size
        )
    kid.update(targets, real=True)
    kid.update(outputs, real=False)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        mean, std = kid.compute()
    return float(mean), float(std)


class _Features(nn.Module):
    """Hands features on where torchmetrics expects a network, so that one pass serves FID and KID."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features
