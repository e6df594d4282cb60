from collections import Counter

import pytest

from pix2pix.pairs.splits import assign_splits, seeded_subset


def assign(own: dict[str, str], seed: int = 0) -> tuple[dict[str, str], list[str]]:
    return assign_splits(own, seed=seed, val_fraction=0.1, test_fraction=0.2)


def keys(count: int, own: str = "") -> dict[str, str]:
    return {f"class/{i}": own for i in range(count)}


def test_fractions_hold_in_expectation() -> None:
    counts = Counter(assign(keys(20_000))[0].values())
    assert counts["test"] / 20_000 == pytest.approx(0.2, abs=0.01)
    assert counts["val"] / 20_000 == pytest.approx(0.1, abs=0.01)


def test_adding_and_removing_items_moves_no_other() -> None:
    few, _ = assign(keys(300))
    many, _ = assign(keys(600))
    assert all(many[key] == split for key, split in few.items())


def test_another_seed_gives_another_split() -> None:
    assert assign(keys(300), seed=0)[0] != assign(keys(300), seed=1)[0]


def test_own_splits_are_kept_and_validation_is_cut_from_train() -> None:
    own = keys(400, "train") | {f"t/{i}": "test" for i in range(50)}
    splits, _ = assign(own)
    assert {key for key, split in splits.items() if split == "test"} == {f"t/{i}" for i in range(50)}
    assert 20 <= Counter(splits.values())["val"] <= 60


def test_val_becomes_test_where_there_is_no_test() -> None:
    own = keys(400, "train") | {f"v/{i}": "val" for i in range(50)}
    splits, _ = assign(own)
    assert all(splits[f"v/{i}"] == "test" for i in range(50))
    assert Counter(splits.values())["val"] > 0


def test_three_own_splits_stay_as_they_are() -> None:
    own = {"a": "train", "b": "val", "c": "test", "d": "train"}
    assert assign(own) == (own, [])


def test_an_empty_split_gets_the_lowest_hash_and_a_note() -> None:
    own = {f"class/{i}": "" for i in range(3)}
    outcomes = [assign(own, seed=seed) for seed in range(20)]
    assert all(set(splits.values()) == {"train", "val", "test"} for splits, _ in outcomes)
    moved = [note for _, notes in outcomes for note in notes]
    assert any(note.startswith("test would be empty: moved class/") for note in moved)


@pytest.mark.parametrize("count", [3, 4, 6, 30])
def test_validation_gets_as_many_as_it_needs_where_others_have_more(count: int) -> None:
    own = {f"class/{i}": "" for i in range(count)}
    shares = {"val_fraction": 0.02, "test_fraction": 0.1}
    for seed in range(20):
        splits, notes = assign_splits(own, seed=seed, least_val=2, **shares)
        sizes = Counter(splits.values())
        assert sizes["val"] >= (2 if count >= 6 else 1) and min(sizes["train"], sizes["test"]) >= 1
        usual, _ = assign_splits(own, seed=seed, **shares)
        moved = {key for key in own if splits[key] != usual[key]}
        assert len(moved) <= 1 and all(any(key in note for note in notes) for key in moved)
        if moved and count == 30:
            (key,) = moved
            assert f"val would have 1 alone: moved {key} into it from train" in notes


def test_own_validation_is_left_as_it_is_however_small() -> None:
    own = keys(20, "train") | {"v": "val", "t": "test"}
    assert assign_splits(own, seed=0, val_fraction=0.1, test_fraction=0.1, least_val=2) == (own, [])


def test_subset_is_seeded_stable_and_keeps_the_shares_of_own_splits() -> None:
    names = [f"{i}" for i in range(1000)]
    own = ["train"] * 900 + ["test"] * 100
    chosen = seeded_subset(names, own, 100, seed=3)
    assert chosen == seeded_subset(names, own, 100, seed=3) != seeded_subset(names, own, 100, seed=4)
    assert Counter(own[i] for i in chosen) == {"train": 90, "test": 10}
    assert set(seeded_subset(names, own, 50, seed=3)) < set(chosen)


def test_subset_larger_than_the_set_is_the_set() -> None:
    assert seeded_subset(["a", "b"], ["", ""], 5, seed=0) == [0, 1]
