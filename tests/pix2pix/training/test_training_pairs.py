from collections import Counter
from typing import Any

import pytest

from pix2pix.training.training_pairs import EpochBatches, Key


def batches(
    length: int = 50, batch_size: int = 4, *, epoch: int = 1, start: int = 0, **options: Any
) -> list[list[Key]]:
    sampler = EpochBatches(length, batch_size, **({"seed": 0} | options))
    sampler.epoch, sampler.start = epoch, start
    return list(sampler)


def indices(epoch: list[list[Key]]) -> list[int]:
    return [index for batch in epoch for _, _, index in batch]


@pytest.mark.parametrize(("length", "batch_size"), [(50, 4), (50, 1), (50, 50), (50, 60), (1, 1), (48, 4)])
def test_an_epoch_takes_each_pair_once_in_batches(length: int, batch_size: int) -> None:
    epoch = batches(length, batch_size)
    assert sorted(indices(epoch)) == list(range(length))
    assert [len(batch) for batch in epoch[:-1]] == [batch_size] * (len(epoch) - 1)
    assert len(epoch) == len(EpochBatches(length, batch_size, 0)) == -(-length // batch_size)


def test_order_depends_on_seed_and_epoch_alone() -> None:
    first = batches(epoch=1)
    assert first == batches(epoch=1)
    assert indices(first) != indices(batches(epoch=2)) and indices(first) != indices(batches(epoch=1, seed=1))


def test_keys_tell_epoch_and_place() -> None:
    keys = [key for batch in batches(epoch=3) for key in batch]
    assert [key[:2] for key in keys] == [(3, place) for place in range(50)]


@pytest.mark.parametrize("start", [0, 1, 7, 12, 13])
@pytest.mark.parametrize("processes", [1, 2])
def test_start_leaves_out_exactly_the_batches_before(start: int, processes: int) -> None:
    for rank in range(processes):
        options = {"rank": rank, "processes": processes}
        assert batches(start=start, **options) == batches(**options)[start:]


@pytest.mark.parametrize("processes", [2, 3, 4])
@pytest.mark.parametrize("with_replacement", [False, True])
@pytest.mark.parametrize(("length", "batch_size"), [(50, 4), (51, 12), (48, 12), (11, 5), (7, 12)])
def test_processes_share_every_batch(
    processes: int, with_replacement: bool, length: int, batch_size: int
) -> None:
    whole = batches(length, batch_size, with_replacement=with_replacement)
    options: dict[str, Any] = {"processes": processes, "with_replacement": with_replacement}
    shares = [batches(length, batch_size, rank=rank, **options) for rank in range(processes)]
    assert len({len(share) for share in shares}) == 1
    assert len(EpochBatches(length, batch_size, 0, processes=processes)) == len(shares[0])
    for number, parts in enumerate(zip(*shares, strict=True)):
        cut = len(whole[number]) - len(whole[number]) % processes
        assert sorted(key for part in parts for key in part) == whole[number][:cut]
        assert len({len(part) for part in parts}) == 1 and parts[0]


def test_with_replacement_draws_every_pair_from_all() -> None:
    epoch = indices(batches(2000, 10, with_replacement=True))
    counts = Counter(epoch)
    assert len(epoch) == 2000 and set(epoch) <= set(range(2000))
    assert len(counts) / 2000 == pytest.approx(1 - 0.3679, abs=0.03)  # 1 - 1/e
    assert max(counts.values()) >= 4


def test_with_replacement_changes_from_epoch_to_epoch() -> None:
    first, second = (indices(batches(with_replacement=True, epoch=epoch)) for epoch in (1, 2))
    assert first != second and first == indices(batches(with_replacement=True, epoch=1))
