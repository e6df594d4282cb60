from pathlib import Path

import numpy as np
import pytest
import torch

from pix2pix.errors import InputError
from pix2pix.images import write_png
from pix2pix.pair_data import EpochSampler, PairFolder, TrainingPairs, jitter, to_tensor, to_uint8


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for i in range(6):
        half = rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)
        write_png(tmp_path / "rose" / f"{i}.png", np.hstack([half, 255 - half]))
    return tmp_path


def test_pairs_come_as_input_and_target(folder: Path) -> None:
    pairs = PairFolder(folder)
    assert len(pairs) == 6 and pairs[0].shape == (2, 3, 64, 64) and pairs[0].dtype == torch.uint8
    assert (pairs[0][0] == 255 - pairs[0][1]).all()
    assert pairs.name(2) == Path("rose/2.png")


def test_memory_changes_no_pair(folder: Path) -> None:
    disk, part, memory = PairFolder(folder), PairFolder(folder, cache_gb=5e-5), PairFolder(folder, cache_gb=1)
    assert all(torch.equal(disk[i], memory[i]) and torch.equal(disk[i], part[i]) for i in range(6))


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no pairs in"):
        PairFolder(tmp_path)


def test_range_maps_there_and_back() -> None:
    values = torch.arange(256, dtype=torch.uint8)
    tensor = to_tensor(values)
    assert (tensor.min(), tensor.max()) == (-1, 1) and torch.equal(to_uint8(tensor), values)
    assert to_uint8(torch.tensor([-2.0, 2.0])).tolist() == [0, 255]


def test_augmentation_treats_both_halves_alike(folder: Path) -> None:
    train = TrainingPairs(PairFolder(folder), jitter=True, mirror=True, seed=0)
    for epoch in range(4):
        a, b = train[epoch, 0]
        assert torch.allclose(a, -b, atol=1e-5)  # b is the negative of a in the file


def test_augmentation_depends_on_seed_epoch_and_index_alone(folder: Path) -> None:
    pairs = PairFolder(folder)
    first, again = (TrainingPairs(pairs, jitter=True, mirror=True, seed=0) for _ in range(2))
    other = TrainingPairs(pairs, jitter=True, mirror=True, seed=1)
    assert torch.equal(first[1, 3], again[1, 3])
    assert not torch.equal(first[1, 3], first[2, 3]) and not torch.equal(first[1, 3], other[1, 3])


def test_without_augmentation_pairs_are_as_in_the_file(folder: Path) -> None:
    train = TrainingPairs(PairFolder(folder), jitter=False, mirror=False, seed=0)
    assert torch.equal(to_uint8(train[5, 2]), PairFolder(folder)[2])


def test_mirror_flips_half_of_the_pairs(folder: Path) -> None:
    train = TrainingPairs(PairFolder(folder), jitter=False, mirror=True, seed=0)
    original = to_tensor(PairFolder(folder)[0])
    flipped = [torch.equal(train[epoch, 0], original.flip(-1)) for epoch in range(200)]
    assert 70 <= sum(flipped) <= 130


def test_jitter_is_a_window_of_the_picture_at_286_to_256() -> None:
    ramp = torch.linspace(-1, 1, 256).expand(2, 3, 256, 256).contiguous()
    starts = []
    for seed in range(40):
        window = jitter(ramp, np.random.default_rng(seed))
        assert window.shape == ramp.shape
        step = (window[0, 0, 0, 200] - window[0, 0, 0, 50]) / 150
        assert step == pytest.approx(2 / 255 * 256 / 286, rel=1e-3)
        starts.append(round(float((window[0, 0, 0, 100] + 1) / step)) - 100)
    assert 0 <= min(starts) < 6 and 24 < max(starts) <= 31


def test_order_depends_on_seed_and_epoch_and_takes_each_once() -> None:
    sampler = EpochSampler(50, seed=0)
    orders = []
    for epoch in (1, 2, 1):
        sampler.epoch = epoch
        keys = list(sampler)
        assert {key[0] for key in keys} == {epoch} and sorted(key[1] for key in keys) == list(range(50))
        orders.append([key[1] for key in keys])
    assert orders[0] == orders[2] != orders[1]
