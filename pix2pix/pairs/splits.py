"""Train, validation and test splits in which an item stays where it is when others come or go."""

from collections import Counter
from collections.abc import Mapping, Sequence

from pix2pix.core.errors import InputError
from pix2pix.core.hashes import uniform_hash
from pix2pix.pictures.pairs import TEST, TRAIN, VAL


def assign_splits(
    own_splits: Mapping[str, str],
    *,
    seed: int,
    val_fraction: float,
    test_fraction: float,
    least_val: int = 1,
) -> tuple[dict[str, str], list[str]]:
    """Give every group of items a split: its source's own, or one by the hash of the seed and its key.

    A source's ``val`` becomes ``test`` where it has no ``test`` (the published practice), and what is missing
    then is cut from ``train``. A split that would be empty, or a validation that would be too small, gets
    groups with the lowest hashes from the largest split.

    Args:
        own_splits: the source's split of each group (``train``, ``val``, ``test`` or empty), by the group's
            key. Items that must not part, such as the frames of one recording, are one group.
        seed: of the hash.
        val_fraction: the expected share of validation, where it is cut.
        test_fraction: the expected share of test, where it is cut.
        least_val: groups that validation gets where it is cut and another split has more of them.

    Returns:
        the split of each group by its key, and notes on groups moved into a split.

    Raises:
        InputError: fewer than three groups, so that some split stays empty.
    """
    if len(own_splits) < 3:
        raise InputError(
            f"{len(own_splits)} photos or recordings cannot fill train, val and test without a leak; "
            "3 or more are needed (frames of one recording stay together)"
        )
    present = set(own_splits.values())
    rename = {VAL: TEST} if VAL in present and TEST not in present else {}
    kept = {rename.get(split, split) for split in present}
    test_share = 0.0 if TEST in kept else test_fraction
    val_share = 0.0 if VAL in kept and not rename else val_fraction
    hashes = {key: uniform_hash(seed, key) for key in own_splits}

    splits = {}
    for key, own in own_splits.items():
        split = rename.get(own, own) or TRAIN
        if split == TRAIN and hashes[key] < test_share + val_share:
            split = TEST if hashes[key] < test_share else VAL
        splits[key] = split
    is_val_cut = VAL not in kept
    return splits, _fill(splits, hashes, {TEST: 1, VAL: least_val if is_val_cut else 1, TRAIN: 1})


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
