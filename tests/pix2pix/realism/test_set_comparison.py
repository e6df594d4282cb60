from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from realism_cases import alexnet_file as alexnet_file  # this and the following are fixtures
from realism_cases import alexnet_weights as alexnet_weights
from realism_cases import inception as inception
from realism_cases import inception_file as inception_file
from realism_cases import pictures

from pix2pix.core.errors import InputError
from pix2pix.core.hashes import file_hash
from pix2pix.pictures.images import write_png
from pix2pix.realism.feature_distances import compare_features, whole_kid
from pix2pix.realism.networks import load_lite0
from pix2pix.realism.options import RealismOptions
from pix2pix.realism.set_comparison import measure_sets

CPU = torch.device("cpu")
NO_WEIGHTS = dict.fromkeys(("feature_weights", "lpips_weights"), "")


def options(metrics: Any, **changes: Any) -> RealismOptions:
    return RealismOptions(**({"realism_metrics": metrics, "seed": 3} | NO_WEIGHTS | changes))


def write(folder: Path, n: int, seed: int) -> list[Path]:
    paths = [folder / str(seed) / f"{i:03}.png" for i in range(n)]
    for path, image in zip(paths, pictures(n, 64, seed), strict=True):
        write_png(path, image.permute(1, 2, 0).numpy())
    return paths


def features(network: Any, n: int, seed: int) -> torch.Tensor:
    with torch.inference_mode():
        return torch.cat([network.eval()(one[None]) for one in pictures(n, 64, seed)])


def test_kid_lite0_of_sets_of_different_sizes_is_that_of_their_features(tmp_path: Path) -> None:
    outputs, inputs, targets = write(tmp_path, 31, 0), write(tmp_path, 31, 1), write(tmp_path, 40, 2)
    figures, notes = measure_sets(outputs[::-1], inputs, targets, options("auto"), CPU)
    lite0 = load_lite0()
    of_targets = features(lite0, 40, 2)
    for name, seed in (("kid_lite0", 0), ("baseline_input_kid_lite0", 1)):
        expected = 1000 * whole_kid(features(lite0, 31, seed), of_targets)
        assert figures[name] == pytest.approx(expected, rel=1e-4)
    assert (figures["realism_n"], figures["realism_n_b"], figures["realism_seed"]) == (31, 40, 3)
    assert notes == []


@pytest.mark.parametrize(("n", "n_b"), [(29, 30), (30, 29)])
def test_fewer_than_30_pictures_on_a_side_are_told(tmp_path: Path, n: int, n_b: int) -> None:
    outputs, targets = write(tmp_path, n, 0), write(tmp_path, n_b, 1)
    figures, notes = measure_sets(outputs, outputs, targets, options("auto"), CPU)
    assert figures == {}
    assert notes == ["kid_lite0: left out: it compares sets of 30 pictures or more, found 29 and 30"]


def test_nothing_is_done_or_said_unless_asked_for() -> None:
    nowhere = [Path("a.png")]
    assert measure_sets(nowhere, nowhere, nowhere, options("none"), CPU) == ({}, [])


def test_unreadable_picture_is_named(tmp_path: Path) -> None:
    outputs, targets = write(tmp_path, 30, 0), write(tmp_path, 30, 1)
    targets[4].write_bytes(b"no picture")
    with pytest.raises(InputError, match=f"{targets[4]}: unreadable picture"):
        measure_sets(outputs, outputs, targets, options("auto"), CPU)


@pytest.mark.slow
def test_fid_compares_sets_and_lpips_is_left_out(
    tmp_path: Path, inception: torch.nn.Module, inception_file: Path, alexnet_file: Path
) -> None:
    outputs, targets = write(tmp_path, 4, 0), write(tmp_path, 6, 1)
    chosen = options(
        "all",
        feature_weights=str(inception_file),
        feature_weights_sha256=file_hash(inception_file),
        lpips_weights=str(alexnet_file),
        lpips_weights_sha256=file_hash(alexnet_file),
    )
    figures, notes = measure_sets(outputs, outputs, targets, chosen, CPU)
    x, y = (torch.cat([inception(one[None])[0] for one in pictures(n, 64, s)]) for n, s in ((4, 0), (6, 1)))
    expected, _ = compare_features(x.detach(), y.detach(), 3)
    assert figures["fid"] == pytest.approx(expected["fid"], rel=1e-3) and np.isfinite(figures["kid"])
    assert [note.split(":")[0] for note in notes] == ["kid_lite0", "lpips", "fid"]
    assert "lpips" not in figures


@pytest.mark.slow
def test_a_single_picture_has_no_fid(tmp_path: Path, inception_file: Path) -> None:
    outputs, targets = write(tmp_path, 1, 0), write(tmp_path, 3, 1)
    chosen = options(
        "fid", feature_weights=str(inception_file), feature_weights_sha256=file_hash(inception_file)
    )
    figures, notes = measure_sets(outputs, outputs, targets, chosen, CPU)
    assert figures == {}
    assert notes[-1] == "fid, kid: left out: they compare sets of 2 pictures or more, found 1 and 3"
