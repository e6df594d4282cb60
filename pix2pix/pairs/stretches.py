"""Splits by time: stretches of a recording for each split, and gaps between them that belong to none."""

from collections.abc import Mapping, Sequence

from pix2pix.core.hashes import uniform_hash
from pix2pix.pictures.pairs import TEST, TRAIN, VAL

# A gap lasts a twentieth of the recording, within these bounds; of a short recording a tenth at most.
GAP_SHARE = 0.05
LEAST_GAP_MS = 2000.0
MOST_GAP_MS = 10_000.0
MOST_GAP_SHARE = 0.1
IN_GAP = ""  # stands for the split of a moment in a gap


def least_moments(least: Mapping[str, int]) -> int:
    """The moments that a recording needs to be cut: the least of each split, and one in each gap between."""
    return sum(least.values()) + len(least) - 1


def order_of_splits(seed: int, recording: str, splits: Sequence[str]) -> list[str]:
    """The order in which the splits follow each other in a recording, drawn from the seed."""
    return sorted(splits, key=lambda split: uniform_hash(seed, "stretch", recording, split))


def cut_into_stretches(
    times_ms: Sequence[float], order: Sequence[str], shares: Mapping[str, float], least: Mapping[str, int]
) -> list[str]:
    """Give each moment of a recording the split of its stretch, or none where it lies in a gap.

    Args:
        times_ms: of the moments, rising, ``least_moments(least)`` or more.
        order: the splits as they follow each other, ``train`` among them.
        shares: of the splits beside ``train``, which gets the rest.
        least: the least moments of each split.

    Returns:
        the split of each moment, empty in the gaps.
    """
    count, span_ms = len(times_ms), times_ms[-1] - times_ms[0]
    gap_ms = min(max(GAP_SHARE * span_ms, LEAST_GAP_MS), MOST_GAP_MS, MOST_GAP_SHARE * span_ms)
    most_in_gap = max(1, int(MOST_GAP_SHARE * count))
    in_gap = min(most_in_gap, round(gap_ms * (count - 1) / span_ms))
    used, surely_used = (count - number * (len(order) - 1) for number in (max(1, in_gap), most_in_gap))
    sizes = _sizes(used, surely_used, shares, least)
    splits = [IN_GAP] * count
    at = order.index(TRAIN)
    start = _place(splits, times_ms, order[:at], sizes, gap_ms, most_in_gap)
    from_end, times_back_ms = [IN_GAP] * count, [-time_ms for time_ms in reversed(times_ms)]
    end = count - _place(from_end, times_back_ms, order[:at:-1], sizes, gap_ms, most_in_gap)
    splits[start:end] = [TRAIN] * (end - start)
    splits[end:] = from_end[::-1][end:]
    return splits


def _sizes(
    used: int, surely_used: int, shares: Mapping[str, float], least: Mapping[str, int]
) -> dict[str, int]:
    """The moments of each split beside ``train``, of those outside the gaps, so that each has its least."""
    sizes: dict[str, int] = {}
    for split in (each for each in (TEST, VAL) if each in shares):
        others = sum(least[each] for each in least if each != split and each not in sizes)
        most = surely_used - sum(sizes.values()) - others
        sizes[split] = min(most, max(least[split], round(shares[split] * used)))
    return sizes


def _place(
    splits: list[str],
    times_ms: Sequence[float],
    order: Sequence[str],
    sizes: Mapping[str, int],
    gap_ms: float,
    most_in_gap: int,
) -> int:
    """Write stretches into ``splits`` from the start, a gap behind each; return where the next one starts."""
    start = 0
    for split in order:
        end = start + sizes[split]
        splits[start:end] = [split] * (end - start)
        start = end + 1
        while start < end + most_in_gap and times_ms[start] - times_ms[end - 1] < gap_ms:
            start += 1
    return start
