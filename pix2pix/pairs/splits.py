"""Train, validation and test splits in which an item stays where it is when others come or go."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from pix2pix.core.hashes import uniform_hash
from pix2pix.pictures.pairs import TEST, TRAIN, VAL


def missing_shares(
    own_splits: Collection[str], *, val_fraction: float, test_fraction: float
) -> dict[str, float]:
    """The share of each split that a source with these splits lacks, and that is cut from ``train``.

    A source's ``val`` becomes ``test`` where it has no ``test`` (the published practice).
    """
    has_test = TEST in own_splits or VAL in own_splits
    has_val = TEST in own_splits and VAL in own_splits
    return ({} if has_test else {TEST: test_fraction}) | ({} if has_val else {VAL: val_fraction})


def drawn_splits(own_splits: Mapping[str, str], shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """Give every group its source's own split, or one of those that are cut from ``train``, by a hash.

    Args:
        own_splits: the source's split of each group (``train``, ``val``, ``test`` or empty), by its key.
        shares: what ``missing_shares`` gives for them.
        seed: of the hash.
    """
    is_val_test = TEST not in own_splits.values()
    splits = {}
    for key, own in own_splits.items():
        split = TEST if own == VAL and is_val_test else own or TRAIN
        if split == TRAIN:
            number, test_share = uniform_hash(seed, key), shares.get(TEST, 0.0)
            split = (
                TEST if number < test_share else VAL if number < test_share + shares.get(VAL, 0) else TRAIN
            )
        splits[key] = split
    return splits


def assign_splits(
    own_splits: Mapping[str, str],
    *,
    seed: int,
    val_fraction: float,
    test_fraction: float,
    least_val: int = 1,
) -> tuple[dict[str, str], list[str]]:
    """Give every group of items a split: its source's own, or one by the hash of the seed and its key.

    What ``missing_shares`` finds is cut from ``train``. A split that would be empty, or a validation that
    would be too small, gets groups with the lowest hashes from the largest split.

    Args:
        own_splits: the source's split of each group (``train``, ``val``, ``test`` or empty), by the group's
            key; three or more. Items that must not part, such as the frames of one recording, are one group.
        seed: of the hash.
        val_fraction: the expected share of validation, where it is cut.
        test_fraction: the expected share of test, where it is cut.
        least_val: groups that validation gets where it is cut and another split has more of them.

    Returns:
        the split of each group by its key, and notes on groups moved into a split.
    """
    present = set(own_splits.values())
    shares = missing_shares(present, val_fraction=val_fraction, test_fraction=test_fraction)
    splits = drawn_splits(own_splits, shares, seed)
    hashes = {key: uniform_hash(seed, key) for key in own_splits}
    return splits, _fill(splits, hashes, {TEST: 1, VAL: least_val if VAL in shares else 1, TRAIN: 1})


def _fill(splits: dict[str, str], hashes: Mapping[str, float], least: Mapping[str, int]) -> list[str]:
    """Move groups into each split that has fewer than its least, and return a note on each move."""
    notes = []
    for split, wanted in least.items():
        while (counts := Counter(splits.values()))[split] < wanted:
            largest, size = counts.most_common(1)[0]
            if counts[split] and size <= wanted:
                break  # there is none to spare
            key = min((key for key in splits if splits[key] == largest), key=lambda key: (hashes[key], key))
            splits[key] = split
            found = f"have {counts[split]} alone" if counts[split] else "be empty"
            notes.append(f"{split} would {found}: moved {key} into it from {largest}")
    return notes


def seeded_subset(keys: Sequence[str], own_splits: Sequence[str], count: int, seed: int) -> list[int]:
    """Choose ``count`` items by the hash of seed and key, in equal shares of the source's own splits.

    Returns:
        the indices of the chosen items, in order; all of them where there are no more than ``count``.
    """
    if count >= len(keys):
        return list(range(len(keys)))
    sizes = Counter(own_splits)
    exact = {split: count * size / len(keys) for split, size in sizes.items()}
    quotas = {split: max(1, int(share)) for split, share in exact.items()}
    by_remainder = sorted(exact, key=lambda split: (quotas[split] - exact[split], split))
    for split in by_remainder[: max(0, count - sum(quotas.values()))]:
        quotas[split] += 1
    chosen = []
    for index in sorted(range(len(keys)), key=lambda index: uniform_hash("subset", seed, keys[index])):
        if quotas[own_splits[index]] > 0:
            quotas[own_splits[index]] -= 1
            chosen.append(index)
    return sorted(chosen)
