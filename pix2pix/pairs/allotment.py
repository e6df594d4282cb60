"""The split of every picture: by photo, recording or person, or by time where recordings are too few."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import NamedTuple

from pix2pix.core.choices import SplitBy
from pix2pix.core.errors import InputError
from pix2pix.pairs.sides import described, sides_of
from pix2pix.pairs.sources import PairSource
from pix2pix.pairs.splits import assign_splits, drawn_splits, missing_shares
from pix2pix.pairs.stretches import IN_GAP, cut_into_stretches, least_moments, order_of_splits
from pix2pix.pictures.pairs import LEAST_VALIDATED, TEST, TRAIN, VAL

LEAST_GROUPS = 3  # one for each split
GAP = "gap between splits"  # how the reason in a manifest starts, before a colon
STILL = f"{GAP}: the photo of a recording that is cut by time"  # at which moment is not known
CUT_BY_TIME = "split_by: auto cuts recordings by time where they are too few"

Times = dict[int, float]  # in ms, of the pictures of a recording, by the index of their source


@dataclass(frozen=True)
class Allotment:
    """Where the pictures go, by the index of their source.

    Attributes:
        splits: of each picture that is kept.
        gaps: why each picture in a gap between the stretches of its recording is left out.
        cut: the recording of each kept picture whose recording was cut into stretches for several splits.
        notes: what is to be said of it.
    """

    splits: dict[int, str] = field(default_factory=dict)
    gaps: dict[int, str] = field(default_factory=dict)
    cut: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class Draw(NamedTuple):
    """How splits are drawn: the seed, the shares, and the least groups of validation."""

    seed: int
    val_fraction: float
    test_fraction: float
    least_val: int = 1


def allot(
    sources: Sequence[PairSource], contents: Mapping[int, str], split_by: SplitBy, draw: Draw
) -> Allotment:
    """Find the split of each picture, side by side.

    A recording that both sides show goes to one split of both, where each draws it, as it has one key. With
    ``split_by: auto``, recordings of a side that are fewer than three, and more than half of its pictures or
    too little to fill the splits, are cut into stretches by time.

    Args:
        sources: the pictures.
        contents: the content hash of each picture that is to be split, by the source's index.
        split_by: what never parts; ``auto`` is as ``clip`` where there are enough recordings.
        draw: how splits are drawn; of two sides, each gets two pictures for validation.

    Raises:
        InputError: all pictures, or those of a side, are too few to fill the splits.
    """
    result = Allotment()
    groups = {index: _group(sources[index], content) for index, content in contents.items()}
    for side in sides_of(sources):
        members = {index: group for index, group in groups.items() if sources[index].side == side}
        draw = draw._replace(least_val=LEAST_VALIDATED if side else 1)
        name = f"{described(side)}: " if side else ""
        try:
            found = _allot_side(sources, members, split_by, draw)
        except InputError as error:
            raise InputError(f"{name}{error}") from error
        for whole, part in (
            (result.splits, found.splits),
            (result.gaps, found.gaps),
            (result.cut, found.cut),
        ):
            whole.update(part)
        result.notes.extend(f"{name}{note}" for note in found.notes)
    return result


def _group(source: PairSource, content: str) -> str:
    """The source's own group, or else the picture, by its split, class and content."""
    return source.group or PurePosixPath(source.own_split, source.class_name, content).as_posix()


def _allot_side(
    sources: Sequence[PairSource], groups: Mapping[int, str], split_by: SplitBy, draw: Draw
) -> Allotment:
    """Find the splits of the pictures of a side, whose groups are given by the source's index."""
    own_splits = {group: sources[index].own_split for index, group in groups.items()}
    recordings = _recordings(sources, groups)
    shares = missing_shares(
        set(own_splits.values()), val_fraction=draw.val_fraction, test_fraction=draw.test_fraction
    )
    least = {TRAIN: 1} | {split: draw.least_val if split == VAL else 1 for split in shares}
    if split_by == "auto" and shares and _are_few(recordings, groups):
        long = [name for name, times in recordings.items() if len(_moments(times)) >= least_moments(least)]
        if cut := [name for name in long if own_splits[name] in ("", TRAIN)]:
            splits = drawn_splits(own_splits, shares, draw.seed)
            return _by_time(groups, splits, recordings, cut, shares, least, draw.seed)
    if len(own_splits) < LEAST_GROUPS:
        raise InputError(_too_few(own_splits, recordings, split_by, least_moments(least)))
    found, notes = assign_splits(own_splits, **draw._asdict())
    return Allotment({index: found[group] for index, group in groups.items()}, notes=notes)


def _recordings(sources: Sequence[PairSource], groups: Mapping[int, str]) -> dict[str, Times]:
    """The times of the pictures of each recording."""
    recordings: dict[str, Times] = {}
    for index, group in groups.items():
        if (time_ms := sources[index].time_ms) is not None:
            recordings.setdefault(group, {})[index] = time_ms
    return recordings


def _moments(times: Times) -> list[float]:
    """The times, each once: of several faces in a frame, or several files of one film."""
    return sorted(set(times.values()))


def _are_few(recordings: Mapping[str, Times], groups: Mapping[int, str]) -> bool:
    """Whether recordings are too few to be split whole, and what lies beside them cannot fill the splits."""
    n_recorded = sum(map(len, recordings.values()))
    is_enough_beside = len(set(groups.values())) >= LEAST_GROUPS and 2 * n_recorded <= len(groups)
    return len(recordings) < LEAST_GROUPS and not is_enough_beside


def _by_time(
    groups: Mapping[int, str],
    splits: Mapping[str, str],
    recordings: Mapping[str, Times],
    cut: Sequence[str],
    shares: Mapping[str, float],
    least: Mapping[str, int],
    seed: int,
) -> Allotment:
    """Cut some of the recordings into stretches; every other group goes where ``splits`` has it."""
    result = Allotment({index: splits[group] for index, group in groups.items() if group not in cut})
    for name in cut:
        moments = _moments(recordings[name])
        stretches = cut_into_stretches(moments, order_of_splits(seed, name, list(least)), shares, least)
        split_at = dict(zip(moments, stretches, strict=True))
        for index, time_ms in recordings[name].items():
            if split_at[time_ms] == IN_GAP:
                result.gaps[index] = f"{GAP}: at {time_ms:.0f} ms of a recording that is cut by time"
            else:
                result.splits[index], result.cut[index] = split_at[time_ms], name
        stills = [index for index, group in groups.items() if group == name and index not in recordings[name]]
        result.gaps.update(dict.fromkeys(stills, STILL))
    result.notes.append(_told(len(recordings), len(cut), len(result.gaps), TEST in shares))
    return result


def _told(n_recordings: int, n_cut: int, n_in_gaps: int, is_test_cut: bool) -> str:
    """Say that recordings were cut by time, and what to mind."""
    are_few = "1 recording is" if n_recordings == 1 else f"{n_recordings} recordings are"
    are_cut = "it is" if n_recordings == 1 else "they are" if n_cut == n_recordings else "one of them is"
    part = "test" if is_test_cut else "validation"
    return (
        f"split by time: {are_few} too few to fill train, val and test, so {are_cut} cut into stretches; "
        f"{_count(n_in_gaps, 'picture')} in the gaps between these left out; {part} pictures come from the "
        "same film as training pictures"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _too_few(
    own_splits: Mapping[str, str], recordings: Mapping[str, Times], split_by: SplitBy, least: int
) -> str:
    """Say what there is, that it is too little, and what is needed."""
    n_photos = len(own_splits) - len(recordings)
    unit = "person" if split_by == "person" else "recording"
    found = [
        _count(number, noun) for number, noun in ((len(recordings), unit), (n_photos, "photo")) if number
    ]
    needed = (
        f"{' and '.join(found) or 'no picture'} cannot fill train, val and test without a leak: "
        "3 or more are needed"
    )
    if not recordings:
        return (
            f"{needed}, and nothing is built of fewer, as one photo in two splits would flatter the figures"
        )
    if split_by != "auto":
        return f"{needed}; {CUT_BY_TIME}"
    longest = max(len(_moments(times)) for times in recordings.values())
    return (
        f"{needed}, or one with pictures of {least} moments, to be cut by time, and the longest has "
        f"{longest}; lower frame_interval_ms to take more frames of it"
    )
