import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from loopback import Server
from loopback import server as server  # a fixture
from realism_cases import alexnet_file as alexnet_file  # this and the following are fixtures
from realism_cases import alexnet_weights as alexnet_weights
from realism_cases import inception as inception
from realism_cases import inception_file as inception_file
from realism_cases import lpips
from realism_cases import offline as offline
from scipy.linalg import sqrtm
from torch import Tensor, nn

from pix2pix.core.errors import InputError
from pix2pix.core.hashes import file_hash
from pix2pix.pictures.images import RgbImage, grayscale, read_image, write_png
from pix2pix.realism import comparison
from pix2pix.realism.comparison import (
    RealismNetworks,
    check_weight_files,
    compare_pictures,
    measure_realism,
)
from pix2pix.realism.networks import load_lite0
from pix2pix.realism.options import RealismOptions

CPU = torch.device("cpu")
Pictures = list[tuple[Path, Path]]


def options(metrics: Any, **changes: Any) -> RealismOptions:
    weights = dict.fromkeys(
        ("feature_weights", "feature_weights_sha256", "lpips_weights", "lpips_weights_sha256"), ""
    )
    return RealismOptions(**({"realism_metrics": metrics, "seed": 0} | weights | changes))


class ChannelMeans(nn.Module):
    """A small feature network: the mean of each channel, (N, 3). It remembers what it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[Tensor] = []

    def forward(self, images: Tensor) -> Tensor:
        assert images.dtype == torch.uint8
        self.batches.append(images)
        return images.float().mean(dim=(2, 3))


class Difference(nn.Module):
    """A small perceptual distance."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        assert a.min() >= -1 and a.max() <= 1
        return (a - b).abs().mean(dim=(1, 2, 3), keepdim=True)


BOTH = RealismNetworks(inception=ChannelMeans(), lpips=Difference())


def picture(means: npt.NDArray[np.float64], side: int = 32) -> RgbImage:
    """A picture whose channels have these means, to within 1/2048: some pixels are lighter by 1."""
    whole = np.floor(means)
    lighter = np.arange(side * side)[:, None] < np.round((means - whole) * side * side)
    return (whole + lighter).astype(np.uint8).reshape(side, side, 3)


def write(folder: Path, outputs: list[RgbImage], targets: list[RgbImage]) -> Pictures:
    names = [
        (folder / "results" / f"{i:04}.png", folder / "pairs" / f"{i:04}.png") for i in range(len(outputs))
    ]
    for (output_path, pair_path), output, target in zip(names, outputs, targets, strict=True):
        write_png(output_path, output)
        write_png(pair_path, np.hstack([255 - target, target]))
    return names


def noise(n: int, side: int = 64, seed: int = 0) -> list[RgbImage]:
    small = np.random.default_rng(seed).integers(0, 256, (n, side // 8, side // 8, 3), dtype=np.uint8)
    return list(small.repeat(8, axis=1).repeat(8, axis=2))


def test_fid_of_gaussian_pictures_is_the_closed_form(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    m1, m2 = np.array([100.0, 120, 140]), np.array([110.0, 115, 150])
    l1, l2 = (np.tril(rng.uniform(2, 9, (3, 3))) for _ in range(2))
    drawn = []
    for mean, root in ((m1, l1), (m2, l2)):
        z = rng.standard_normal((150, 3))
        z = np.linalg.solve(np.linalg.cholesky(np.cov(z.T)), (z - z.mean(axis=0)).T)
        drawn.append([picture(means) for means in mean + (root @ z).T])
    s1, s2 = l1 @ l1.T, l2 @ l2.T
    expected = np.sum((m1 - m2) ** 2) + np.trace(s1 + s2 - 2 * sqrtm(s1 @ s2).real)
    figures, _ = compare_pictures(write(tmp_path, *drawn), RealismNetworks(inception=ChannelMeans()), 0, CPU)
    assert figures["fid"] == pytest.approx(expected, rel=1e-3)
    assert figures["kid"] > 0 and "lpips" not in figures
    assert (figures["realism_n"], figures["realism_seed"]) == (150, 0)


def test_each_picture_passes_the_network_once_and_in_batches(tmp_path: Path) -> None:
    network = ChannelMeans()
    pictures = write(tmp_path, noise(40), noise(40, seed=1))
    compare_pictures(pictures, RealismNetworks(inception=network, lpips=Difference()), 0, CPU)
    assert max(len(batch) for batch in network.batches) == comparison.BATCH < 40
    shown = torch.cat(network.batches).permute(0, 2, 3, 1).numpy()
    expected = [read_image(path) for path, _ in pictures] + noise(40, seed=1)
    assert sorted(image.tobytes() for image in shown) == sorted(image.tobytes() for image in expected)


def test_the_order_of_the_files_changes_nothing(tmp_path: Path) -> None:
    pictures = write(tmp_path, noise(20), noise(20, seed=1))
    first = compare_pictures(pictures, BOTH, 3, CPU)
    random.Random(0).shuffle(pictures)
    assert compare_pictures(pictures, BOTH, 3, CPU) == first


def test_the_size_of_batches_changes_nothing_but_rounding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = write(tmp_path, noise(20), noise(20, seed=1))
    first, _ = compare_pictures(pictures, BOTH, 3, CPU)
    monkeypatch.setattr(comparison, "BATCH", 3)
    second, _ = compare_pictures(pictures, BOTH, 3, CPU)
    assert second == pytest.approx(first, rel=1e-5)


def test_seed_changes_kid_alone(tmp_path: Path) -> None:
    pictures = write(tmp_path, noise(20), noise(20, seed=1))
    first, second = (
        compare_pictures(pictures, RealismNetworks(inception=ChannelMeans()), seed, CPU)[0] for seed in (1, 2)
    )
    assert {name for name in first if first[name] != second[name]} == {"kid", "kid_std", "realism_seed"}


def test_copies_of_the_targets_score_0(tmp_path: Path) -> None:
    pictures = write(tmp_path, noise(12), noise(12))
    figures, _ = compare_pictures(pictures, BOTH, 0, CPU)
    assert figures["fid"] == pytest.approx(0, abs=1e-4) and figures["kid"] <= 0 and figures["lpips"] == 0


def test_one_picture_has_lpips_only(tmp_path: Path) -> None:
    figures, notes = compare_pictures(write(tmp_path, noise(1), noise(1, seed=1)), BOTH, 0, CPU)
    assert figures.keys() == {"lpips", "realism_n", "realism_seed"}
    assert notes == ["fid, kid: left out: they compare sets of 2 pictures or more, found 1"]


def test_no_pictures_have_no_figures() -> None:
    assert compare_pictures([], RealismNetworks(lpips=Difference()), 0, CPU) == ({}, [])


def test_outputs_that_are_all_equal_are_told(tmp_path: Path) -> None:
    pictures = write(tmp_path, noise(1) * 6, noise(6, seed=1))
    figures, notes = compare_pictures(pictures, BOTH, 0, CPU)
    assert notes[0] == (
        "fid, kid: all outputs look the same to the network: copies of one picture, or a collapsed model"
    )
    assert len(notes) == 2 and all(np.isfinite(value) for value in figures.values())


def test_pictures_of_several_sizes_are_measured(tmp_path: Path) -> None:
    outputs, targets = noise(3) + noise(3, side=96), noise(3, seed=1) + noise(3, side=96, seed=1)
    figures, _ = compare_pictures(write(tmp_path, outputs, targets), BOTH, 0, CPU)
    expected = np.mean([np.abs(a / 127.5 - b / 127.5).mean() for a, b in zip(outputs, targets, strict=True)])
    assert figures["lpips"] == pytest.approx(expected, abs=2e-6)


def test_output_of_another_size_than_its_target_is_named(tmp_path: Path) -> None:
    pictures = write(tmp_path, noise(2, side=96), noise(2))
    message = rf"{pictures[0][0]} is .*\(96, 96, 3\), its target in {pictures[0][1]} \(64, 64, 3\)"
    with pytest.raises(InputError, match=message):
        compare_pictures(pictures, RealismNetworks(inception=ChannelMeans()), 0, CPU)


def test_unreadable_picture_is_named(tmp_path: Path) -> None:
    pictures = write(tmp_path, noise(2), noise(2))
    pictures[1][0].write_bytes(b"no picture")
    with pytest.raises(InputError, match=f"{pictures[1][0]}.*unreadable picture"):
        compare_pictures(pictures, RealismNetworks(inception=ChannelMeans()), 0, CPU)


@pytest.mark.parametrize("count", [29, 30])
def test_kid_lite0_is_measured_of_30_pictures_or_more(tmp_path: Path, count: int) -> None:
    figures, notes = measure_realism(write(tmp_path, noise(count), noise(count)), options("auto"), CPU)
    assert notes == []
    if count < 30:
        assert figures == {}
    else:
        names = ["kid_lite0", "baseline_input_kid_lite0", "realism_n", "realism_seed"]
        assert list(figures) == names
        assert figures["kid_lite0"] < 0, "of copies the unbiased estimate is slightly below 0"


def test_kid_lite0_is_the_unbiased_estimate_of_the_formula(tmp_path: Path) -> None:
    pictures = write(tmp_path, noise(5), noise(5, seed=1))
    lite0 = load_lite0().eval()
    figures, _ = compare_pictures(pictures, RealismNetworks(lite0=lite0), 0, CPU)
    inputs = [255 - target for target in noise(5, seed=1)]
    sets = (np.stack(images).transpose(0, 3, 1, 2) for images in (noise(5), inputs, noise(5, seed=1)))
    with torch.inference_mode():
        *answers, y = (lite0(torch.from_numpy(images)).double().numpy() for images in sets)
    for name, x in zip(("kid_lite0", "baseline_input_kid_lite0"), answers, strict=True):
        assert x.shape == (5, 1280)
        within = sum(((a @ a.T / 1280 + 1) ** 3)[~np.eye(5, dtype=bool)].mean() for a in (x, y))
        expected = 1000 * (within - 2 * ((x @ y.T / 1280 + 1) ** 3).mean())
        assert figures[name] == pytest.approx(expected, rel=1e-4)


def test_targets_pass_lite0_once_for_the_outputs_and_the_inputs(tmp_path: Path) -> None:
    network = ChannelMeans()
    pictures = write(tmp_path, noise(20), noise(20, seed=1))
    compare_pictures(pictures, RealismNetworks(lite0=network), 0, CPU)
    assert sum(len(batch) for batch in network.batches) == 3 * 20


def test_kid_lite0_tells_grey_from_colour_whatever_the_order(tmp_path: Path, photo: RgbImage) -> None:
    targets = [np.roll(photo[:64, :64], 7 * i, axis=1) for i in range(30)]
    pictures = write(tmp_path, [grayscale(image) for image in targets], targets)
    grey, _ = measure_realism(pictures, options("auto"), CPU)
    assert grey["kid_lite0"] > 20
    random.Random(0).shuffle(pictures)
    assert measure_realism(pictures, options("auto"), CPU)[0] == grey


def test_nothing_is_done_unless_asked_for() -> None:
    assert measure_realism([(Path("a.png"), Path("b.png"))], options("none"), CPU) == ({}, [])


@pytest.mark.slow
def test_all_metrics_by_the_networks_of_the_files(
    tmp_path: Path,
    inception: nn.Module,
    inception_file: Path,
    alexnet_weights: dict[str, Tensor],
    alexnet_file: Path,
) -> None:
    outputs, targets = noise(4), noise(4, seed=1)
    pictures = write(tmp_path, outputs, targets)
    chosen = options(
        "all",
        feature_weights=str(inception_file),
        feature_weights_sha256=file_hash(inception_file),
        lpips_weights=str(alexnet_file),
        lpips_weights_sha256=file_hash(alexnet_file),
    )
    check_weight_files(chosen)
    figures, notes = measure_realism(pictures, chosen, CPU)
    names = ["fid", "kid", "kid_std", "kid_subset_size", "lpips", "realism_n", "realism_seed"]
    assert list(figures) == names and figures["realism_n"] == 4
    assert [note.split(",")[0] for note in notes] == ["fid: 4 pictures are too few"]
    a, b = (torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2) for images in (outputs, targets))
    expected = lpips(alexnet_weights, a / 127.5 - 1, b / 127.5 - 1).mean()
    assert figures["lpips"] == pytest.approx(float(expected), abs=2e-6) and expected > 1e-3
    with torch.inference_mode():
        x, y = (inception(images)[0].double().numpy() for images in (a, b))
    assert figures["fid"] == pytest.approx(fid_of_few(x, y), rel=1e-3) and figures["fid"] > 0


def fid_of_few(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> float:
    """FID where there are fewer pictures than features: Tr sqrt(S1 S2) is the nuclear norm of X Y^T."""
    cx, cy = ((s - s.mean(axis=0)) / np.sqrt(len(s) - 1) for s in (x, y))
    shared = np.linalg.norm(cx @ cy.T, "nuc")
    return float(np.sum((x.mean(axis=0) - y.mean(axis=0)) ** 2) + np.sum(cx**2) + np.sum(cy**2) - 2 * shared)


def test_without_a_network_each_metric_is_left_out_with_the_reason(tmp_path: Path, offline: Server) -> None:
    figures, notes = measure_realism(write(tmp_path, noise(2), noise(2)), options("all"), CPU)
    assert figures == {}
    for note, metrics, setting in zip(
        notes, ("fid, kid", "lpips"), ("feature_weights", "lpips_weights"), strict=True
    ):
        assert re.fullmatch(
            rf"{metrics}: left out: {setting}: http://127.0.0.1:{offline.server_port}/\S+ could not be "
            rf"downloaded: HTTP Error 404: Not Found; with a copy of it, set {setting}: to its path and "
            rf"{setting}_sha256: to its hash",
            note,
        )


def test_lpips_is_measured_where_inception_cannot_be_had(
    tmp_path: Path, offline: Server, alexnet_file: Path
) -> None:
    chosen = options("all", lpips_weights=str(alexnet_file), lpips_weights_sha256=file_hash(alexnet_file))
    figures, notes = measure_realism(write(tmp_path, noise(2), noise(2, seed=1)), chosen, CPU)
    assert figures.keys() == {"lpips", "realism_n", "realism_seed"}
    assert len(notes) == 1 and notes[0].startswith("fid, kid: left out")


@pytest.mark.parametrize(("metrics", "setting"), [("fid", "feature_weights"), ("lpips", "lpips_weights")])
def test_wrong_file_is_an_error_before_work_and_in_it(
    tmp_path: Path, alexnet_file: Path, metrics: str, setting: str
) -> None:
    pictures = write(tmp_path, noise(2), noise(2))
    missing = options(metrics, **{setting: "/none.pth"})
    other = options(metrics, **{setting: str(alexnet_file), f"{setting}_sha256": "0" * 64})
    for chosen, message in ((missing, "there is no file /none.pth"), (other, "the sha256 of")):
        with pytest.raises(InputError, match=f"{setting}: {message}"):
            check_weight_files(chosen)
        with pytest.raises(InputError, match=f"{setting}: {message}"):
            measure_realism(pictures, chosen, CPU)


def test_files_that_are_not_needed_are_not_looked_at() -> None:
    for metrics, setting in (
        ("fid", "lpips_weights"),
        ("lpips", "feature_weights"),
        ("none", "lpips_weights"),
    ):
        check_weight_files(options(metrics, **{setting: "/none.pth"}))
