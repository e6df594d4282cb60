import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy.linalg import sqrtm
from torch import Tensor

from pix2pix.core.errors import InputError
from pix2pix.realism.feature_distances import compare_features, whole_kid

Array = npt.NDArray[np.float64]


def gaussian(n: int, mean: Array, covariance: Array, seed: int) -> Tensor:
    """Draw features, (n, D), whose own mean and covariance are exactly these."""
    z = np.random.default_rng(seed).standard_normal((n, len(mean)))
    z -= z.mean(axis=0)
    z = np.linalg.solve(np.linalg.cholesky(np.cov(z.T)), z.T)
    return torch.from_numpy(mean + (np.linalg.cholesky(covariance) @ z).T)


def covariance(seed: int) -> Array:
    root = np.random.default_rng(seed).standard_normal((5, 5))
    return root @ root.T


def mmd(x: Array, y: Array) -> float:
    """The unbiased squared maximum mean discrepancy of KID's kernel, (x.y / D + 1)^3, term by term."""

    def kernel(a: Array, b: Array) -> float:
        return float((a @ b / len(a) + 1) ** 3)

    def among(s: Array) -> float:
        n = len(s)
        return sum(kernel(s[i], s[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))

    between = sum(kernel(a, b) for a in x for b in y) / (len(x) * len(y))
    return among(x) + among(y) - 2 * between


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_fid_is_the_frechet_distance_of_gaussians(seed: int) -> None:
    s1, s2 = covariance(seed), covariance(seed + 10)
    m1, m2 = np.arange(5.0), np.full(5, 1.5)
    expected = np.sum((m1 - m2) ** 2) + np.trace(s1 + s2 - 2 * sqrtm(s1 @ s2).real)
    figures, _ = compare_features(gaussian(200, m1, s1, seed), gaussian(200, m2, s2, seed + 1), 0)
    assert figures["fid"] == pytest.approx(expected, abs=1e-5)


def test_fid_of_one_covariance_is_the_squared_distance_of_the_means() -> None:
    s = covariance(3)
    figures, _ = compare_features(gaussian(50, np.zeros(5), s, 0), gaussian(50, np.full(5, 2.0), s, 1), 0)
    assert figures["fid"] == pytest.approx(5 * 4, abs=1e-5)


def test_kid_of_two_pictures_is_the_unbiased_mmd_of_all() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 2, 6))
    figures, _ = compare_features(torch.from_numpy(x), torch.from_numpy(y), 0)
    assert figures["kid"] == pytest.approx(mmd(x, y), abs=1e-6)
    assert figures["kid_subset_size"] == 2 and figures["kid_std"] == 0


@pytest.mark.parametrize(("n", "m"), [(7, 7), (5, 12), (12, 2)])
def test_whole_kid_is_the_unbiased_mmd_of_sets_of_any_sizes(n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.standard_normal((n, 6)), rng.standard_normal((m, 6)) + 0.5
    assert whole_kid(torch.from_numpy(x), torch.from_numpy(y)) == pytest.approx(mmd(x, y), abs=1e-12)


def test_whole_kid_of_equal_sets_is_that_of_torchmetrics() -> None:
    from torchmetrics.image.kid import poly_mmd

    x, y = torch.rand(2, 50, 64, generator=torch.Generator().manual_seed(0))
    theirs = float(poly_mmd(y.double(), x.double()))
    assert whole_kid(x, y) == pytest.approx(theirs, rel=1e-9) and theirs != 0


def test_sets_of_different_sizes_are_compared_by_subsets_of_half_of_the_smaller() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((60, 6)), rng.standard_normal((20, 6)) + 0.5
    figures, notes = compare_features(torch.from_numpy(x), torch.from_numpy(y), 0)
    assert figures["kid_subset_size"] == 10 and notes[0].startswith("fid: 20 pictures are too few")
    assert figures["kid"] == pytest.approx(mmd(x, y), abs=4 * figures["kid_std"] / np.sqrt(100))


def test_kid_of_many_is_the_mean_over_subsets_of_half_of_them() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((60, 6)), rng.standard_normal((60, 6)) + 0.5
    figures, _ = compare_features(torch.from_numpy(x), torch.from_numpy(y), 0)
    assert figures["kid_subset_size"] == 30
    assert figures["kid"] == pytest.approx(mmd(x, y), abs=4 * figures["kid_std"] / np.sqrt(100))
    assert 0.02 * figures["kid"] < figures["kid_std"] < figures["kid"]


def test_kid_agrees_with_torch_fidelity() -> None:
    from torch_fidelity.metric_kid import kid_features_to_metric

    torch.manual_seed(0)
    x, y = torch.randn(3000, 16), torch.randn(3000, 16) + 0.3
    figures, _ = compare_features(x, y, 0)
    theirs = kid_features_to_metric(
        x.double(), y.double(), kid_subsets=100, kid_subset_size=1000, rng_seed=1, verbose=False
    )
    mean, std = (theirs[f"kernel_inception_distance_{name}"] for name in ("mean", "std"))
    assert figures["kid_subset_size"] == 1000
    assert figures["kid"] == pytest.approx(mean, abs=4 * std * np.sqrt(2 / 100))
    assert figures["kid_std"] == pytest.approx(std, rel=0.3)


def test_kid_is_not_biased_upwards_by_few_pictures_and_fid_is() -> None:
    rng = np.random.default_rng(2)
    sets = [torch.from_numpy(rng.standard_normal((2, 10, 8))) for _ in range(60)]
    figures = [compare_features(x, y, 0)[0] for x, y in sets]
    kid = np.array([f["kid"] for f in figures])
    assert abs(kid.mean()) < 4 * kid.std() / np.sqrt(60) and kid.min() < 0 < kid.max()
    assert min(f["fid"] for f in figures) > 1


def test_copies_are_at_no_distance() -> None:
    features = torch.rand(40, 64, generator=torch.Generator().manual_seed(0))
    figures, _ = compare_features(features, features.clone(), 0)
    assert figures["fid"] == pytest.approx(0, abs=1e-5) and figures["fid"] >= 0
    assert -0.05 < figures["kid"] <= 0  # below it, as some of the pictures are in both subsets


def test_figures_repeat_for_a_seed_and_leave_torchs_generator_alone() -> None:
    x, y = torch.rand(2, 30, 8, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, _ = compare_features(x, y, 1)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    assert compare_features(x, y, 1)[0] == first
    other, _ = compare_features(x, y, 2)
    assert other["kid"] != first["kid"] and other["fid"] == first["fid"]


@pytest.mark.parametrize(("n", "warns"), [(2047, True), (2048, False)])
def test_few_pictures_come_with_a_warning(n: int, warns: bool) -> None:
    x, y = torch.rand(2, n, 3, generator=torch.Generator().manual_seed(0))
    _, notes = compare_features(x, y, 0)
    expected = "fid: 2047 pictures are too few, it is biased upwards: compare it only with one of as many"
    assert [note.startswith(expected) for note in notes] == [True] * warns


def test_sets_of_one_picture_are_told_and_measured() -> None:
    same = torch.rand(1, 8, generator=torch.Generator().manual_seed(0)).expand(10, 8)
    figures, notes = compare_features(same, same + 1, 0)
    assert [note.split(" look")[0] for note in notes[:2]] == [
        "fid, kid: all outputs",
        "fid, kid: all targets",
    ]
    assert figures["fid"] == pytest.approx(8, abs=1e-5)  # the means' squared distance
    assert figures["kid"] > 0 and figures["kid_std"] == pytest.approx(0, abs=1e-6)


def test_features_that_are_no_numbers_are_refused() -> None:
    features = torch.rand(4, 3)
    with pytest.raises(InputError, match="feature_weights: the features are no numbers"):
        compare_features(features, torch.full((4, 3), float("nan")), 0)
