from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from pix2pix.core.errors import InputError
from pix2pix.model.pair_folder import PairFolder, to_image, to_tensor, to_uint8
from pix2pix.pictures.images import read_image, write_png
from pix2pix.training.options import AugmentOptions
from pix2pix.training.training_pairs import EpochBatches, TrainingPairs

EVERYTHING = AugmentOptions(
    augment_jitter=True, augment_mirror=True, augment_color_jitter=0.5, augment_mosaic=0.5
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for i in range(6):
        half = rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)
        write_png(tmp_path / "rose" / f"{i}.png", np.hstack([half, 255 - half]))
    return tmp_path


def training_pairs(folder: Path, augmentation: AugmentOptions = EVERYTHING, **changes: Any) -> TrainingPairs:
    options = {"pixel_range": "symmetric", "seed": 0} | changes
    return TrainingPairs(PairFolder(folder), augmentation, **options)


def test_pairs_come_as_input_and_target(folder: Path) -> None:
    pairs = PairFolder(folder)
    assert len(pairs) == 6 and pairs[0].shape == (2, 3, 64, 64) and pairs[0].dtype == torch.uint8
    assert (pairs[0][0] == 255 - pairs[0][1]).all()
    assert pairs.name(2) == Path("rose/2.png")
    image = read_image(folder / "rose" / "2.png")
    assert np.array_equal(to_image(pairs[2][0]), image[:, :64])
    assert np.array_equal(to_image(pairs[2][1]), image[:, 64:])


def test_memory_changes_no_pair(folder: Path) -> None:
    disk, part, memory = PairFolder(folder), PairFolder(folder, cache_gb=5e-5), PairFolder(folder, cache_gb=1)
    assert all(torch.equal(disk[i], memory[i]) and torch.equal(disk[i], part[i]) for i in range(6))


def test_memory_holds_as_many_pairs_as_fit(folder: Path) -> None:
    """What is kept is read no more: the pairs in memory outlive their files, the others do not."""
    part = PairFolder(folder, cache_gb=2.5 * 64 * 128 * 3 / 1e9)
    expected = [part[0], part[1]]
    for path in part.paths:
        path.unlink()
    assert all(map(torch.equal, [part[0], part[1]], expected))
    with pytest.raises(InputError):
        part[2]


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no pairs in"):
        PairFolder(tmp_path)


@pytest.mark.parametrize(("pixel_range", "lowest"), [("symmetric", -1), ("unit", 0)])
def test_range_maps_there_and_back(pixel_range: Any, lowest: int) -> None:
    values = torch.arange(256, dtype=torch.uint8)
    tensor = to_tensor(values, pixel_range)
    assert (tensor.min(), tensor.max()) == (lowest, 1) and tensor.dtype == torch.float32
    assert torch.equal(to_uint8(tensor, pixel_range), values)
    assert to_uint8(torch.tensor([lowest - 1.0, 2.0]), pixel_range).tolist() == [0, 255]


def test_rounding_is_to_the_nearest() -> None:
    assert to_uint8(torch.tensor([99.4, 99.6]) / 255, "unit").tolist() == [99, 100]
    assert to_uint8(torch.tensor([99.4, 99.6]) / 127.5 - 1, "symmetric").tolist() == [99, 100]


@pytest.mark.parametrize(("pixel_range", "inverse"), [("symmetric", lambda a: -a), ("unit", lambda a: 1 - a)])
def test_augmentation_treats_both_halves_alike(folder: Path, pixel_range: Any, inverse: Any) -> None:
    train = training_pairs(
        folder,
        AugmentOptions(augment_jitter=True, augment_mirror=True, augment_mosaic=0.5),
        pixel_range=pixel_range,
    )
    for epoch in range(8):
        a, b = train[epoch, 0, 0]
        assert torch.allclose(a, inverse(b), atol=1e-5)  # b is the negative of a in the file


def test_randomness_depends_on_seed_epoch_and_place_alone(folder: Path) -> None:
    first, again, other = training_pairs(folder), training_pairs(folder), training_pairs(folder, seed=1)
    for place in range(6):
        torch.manual_seed(place)
        np.random.seed(place)
        assert torch.equal(first[1, place, 3], again[1, place, 3])
    assert not torch.equal(first[1, 3, 3], first[2, 3, 3])
    assert not torch.equal(first[1, 3, 3], first[1, 4, 3])
    assert not torch.equal(first[1, 3, 3], other[1, 3, 3])


def test_pair_drawn_twice_in_an_epoch_is_changed_differently(folder: Path) -> None:
    jittered = training_pairs(folder, AugmentOptions(augment_jitter=True))
    assert not torch.equal(jittered[1, 0, 2], jittered[1, 5, 2])


@pytest.mark.parametrize("pixel_range", ["symmetric", "unit"])
def test_without_augmentation_pairs_are_as_in_the_file(folder: Path, pixel_range: Any) -> None:
    train = training_pairs(folder, AugmentOptions(), pixel_range=pixel_range)
    assert len(train) == 6 and train[5, 0, 2].dtype == torch.float32
    assert torch.equal(to_uint8(train[5, 0, 2], pixel_range), PairFolder(folder)[2])


@pytest.mark.parametrize("cache_gb", [0.0, 1.0])
def test_augmentation_never_changes_what_is_kept_in_memory(folder: Path, cache_gb: float) -> None:
    pairs = PairFolder(folder, cache_gb)
    before = [pairs[i].clone() for i in range(6)]
    train = TrainingPairs(pairs, EVERYTHING, "symmetric", 0)
    for epoch in range(4):
        for i in range(6):
            train[epoch, i, i]
    assert all(torch.equal(pairs[i], before[i]) for i in range(6))


def test_mosaic_is_of_pairs_of_the_folder(folder: Path) -> None:
    pairs = PairFolder(folder)
    train = training_pairs(folder, AugmentOptions(augment_mosaic=1.0))
    rows = {bytes(row) for i in range(6) for row in pairs[i][0, 0].unfold(1, 32, 1).reshape(-1, 32).numpy()}
    drawn = set()
    for place in range(6):
        red = to_uint8(train[1, place, place], "symmetric")[0, 0]
        for quarter in (red[:32, :32], red[:32, 32:], red[32:, :32], red[32:, 32:]):
            assert bytes(quarter[0].numpy()) in rows
            drawn.add(bytes(quarter[0].numpy()))
    assert len(drawn) == 24


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_change_no_pair(folder: Path, workers: int) -> None:
    train, batches = training_pairs(folder), EpochBatches(6, 2, 0)
    alone = list(DataLoader(train, batch_sampler=batches))
    helped = list(DataLoader(train, batch_sampler=batches, num_workers=workers))
    assert all(map(torch.equal, alone, helped)) and alone[0].shape == (2, 2, 3, 64, 64)


def test_halves_of_unequal_width_are_named(tmp_path: Path) -> None:
    write_png(tmp_path / "odd.png", np.zeros((64, 131, 3), dtype=np.uint8))
    with pytest.raises(InputError, match=r"odd\.png is 131x64; a pair is two squares"):
        PairFolder(tmp_path)[0]
