from itertools import groupby, pairwise

import numpy as np
import pytest

from pix2pix.pairs.stretches import cut_into_stretches, least_moments, order_of_splits

SHARES = {"test": 0.15, "val": 0.15}
LEAST = {"train": 1, "test": 1, "val": 1}
SPLITS = ("train", "test", "val")


def stretches(splits: list[str]) -> list[str]:
    return [split for split, _ in groupby(splits)]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("count", [5, 6, 9, 40, 1200])
def test_each_split_has_one_stretch_and_a_gap_before_the_next(count: int, seed: int) -> None:
    times = [500.0 * i for i in range(count)]
    order = order_of_splits(seed, "ann/0", SPLITS)
    splits = cut_into_stretches(times, order, SHARES, LEAST)
    assert len(splits) == count and stretches(splits) == [order[0], "", order[1], "", order[2]]
    assert splits == cut_into_stretches(times, order, SHARES, LEAST)


def test_shares_hold_outside_the_gaps() -> None:
    splits = cut_into_stretches([500.0 * i for i in range(1200)], ["val", "train", "test"], SHARES, LEAST)
    counts = {split: splits.count(split) for split in ("train", "val", "test", "")}
    used = 1200 - counts[""]
    assert counts["val"] / used == pytest.approx(0.15, abs=0.02) == counts["test"] / used
    assert counts["train"] / used == pytest.approx(0.7, abs=0.03)


@pytest.mark.parametrize(
    ("seconds", "step_ms", "gap_ms"),
    [(20, 500, 2000), (60, 33, 3000), (600, 500, 10_000), (5, 33, 500), (100, 5000, 5000)],
)
@pytest.mark.parametrize("seed", range(6))
def test_neighbours_of_two_splits_are_apart_in_time(
    seconds: int, step_ms: int, gap_ms: int, seed: int
) -> None:
    times = [float(time_ms) for time_ms in range(0, 1000 * seconds, step_ms)]
    splits = cut_into_stretches(times, order_of_splits(seed, "ann/0", SPLITS), SHARES, LEAST)
    used = [(time_ms, split) for time_ms, split in zip(times, splits, strict=True) if split]
    steps = [after[0] - before[0] for before, after in pairwise(used) if after[1] != before[1]]
    assert len(steps) == 2 and min(steps) >= gap_ms - step_ms and max(steps) <= gap_ms + 2 * step_ms


def test_times_that_come_in_bursts_leave_every_split_its_own() -> None:
    rng = np.random.default_rng(0)
    for count in (5, 7, 30, 200):
        times = sorted({*(rng.uniform(0, 2000, count - 1).round(3)), 600_000.0})
        for seed in range(6):
            order = order_of_splits(seed, "ann/0", SPLITS)
            assert stretches(cut_into_stretches(times, order, SHARES, LEAST)) == [
                order[0],
                "",
                order[1],
                "",
                order[2],
            ]


@pytest.mark.parametrize("shares", [{"test": 0.3, "val": 0.6}, {"test": 0.9, "val": 0.05}, {"val": 0.5}])
def test_the_least_that_can_be_cut_fills_every_split(shares: dict[str, float]) -> None:
    least = {"train": 1} | {split: 2 if split == "val" else 1 for split in shares}
    count = least_moments(least)
    splits = cut_into_stretches([500.0 * i for i in range(count)], list(least), shares, least)
    assert {split: splits.count(split) for split in least} == least and splits.count("") == len(shares)


def test_seed_draws_the_order() -> None:
    orders = {tuple(order_of_splits(seed, "ann/0", SPLITS)) for seed in range(60)}
    assert len(orders) == 6
    assert order_of_splits(3, "ann/0", SPLITS) == order_of_splits(3, "ann/0", SPLITS)
