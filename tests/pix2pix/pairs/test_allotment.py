from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import pytest

from pix2pix.core.choices import SplitBy
from pix2pix.core.errors import InputError
from pix2pix.pairs.allotment import Allotment, Draw, allot
from pix2pix.pairs.sources import PairSource

DRAW = Draw(seed=0, val_fraction=0.15, test_fraction=0.15)


def film(
    name: str, count: int, own_split: str = "", side: str = "", step_ms: float = 500
) -> list[PairSource]:
    return [
        PairSource("", f"{name}_{i}.png", "ann", own_split, f"ann/{name}", side, i * step_ms)
        for i in range(count)
    ]


def photos(count: int, own_split: str = "", side: str = "") -> list[PairSource]:
    return [PairSource("", f"{i}.png", "rose", own_split, "", side) for i in range(count)]


def allotted(sources: Sequence[PairSource], split_by: SplitBy = "auto", draw: Draw = DRAW) -> Allotment:
    contents = {index: f"{source.name}{source.side}" for index, source in enumerate(sources)}
    result = allot(sources, contents, split_by, draw)
    assert {*result.splits, *result.gaps} == set(contents) and not result.splits.keys() & result.gaps.keys()
    return result


def sizes(result: Allotment, indices: Sequence[int]) -> Counter[str]:
    return Counter(result.splits.get(index, "gap") for index in indices)


def test_one_recording_fills_every_split_with_gaps_between() -> None:
    result = allotted(film("a", 40))
    counts = sizes(result, range(40))
    assert set(counts) == {"train", "val", "test", "gap"} and counts["train"] > 20
    assert set(result.cut) == set(result.splits) and set(result.cut.values()) == {"ann/a"}
    assert all(reason.startswith("gap between splits: at ") for reason in result.gaps.values())
    splits = [result.splits.get(index) for index in range(40)]
    assert not [pair for pair in pairwise(splits) if None not in pair and pair[0] != pair[1]]
    assert result.notes == [
        "split by time: 1 recording is too few to fill train, val and test, so it is cut into stretches; "
        f"{counts['gap']} pictures in the gaps between these left out; test pictures come from the same film "
        "as training pictures"
    ]


def test_two_recordings_are_both_cut() -> None:
    result = allotted(film("a", 30) + film("b", 50))
    for indices in (range(30), range(30, 80)):
        assert set(sizes(result, indices)) == {"train", "val", "test", "gap"}
    assert "2 recordings are too few to fill train, val and test, so they are cut" in result.notes[0]


def test_recording_too_short_to_be_cut_stays_whole_beside_a_long_one() -> None:
    for seed in range(10):
        result = allotted(film("long", 200) + film("short", 4), draw=DRAW._replace(seed=seed))
        assert len(sizes(result, range(200, 204))) == 1 and not result.cut.keys() & range(200, 204)
        assert set(sizes(result, range(200))) == {"train", "val", "test", "gap"}
        assert "so one of them is cut" in result.notes[0]


def test_files_of_one_film_and_faces_of_one_frame_stay_together() -> None:
    result = allotted(film("a", 40) * 2)
    assert [result.splits.get(i) for i in range(40)] == [result.splits.get(i) for i in range(40, 80)]


def test_live_photo_of_a_recording_that_is_cut_is_left_out() -> None:
    live = PairSource("", "a.heic", "all", "", "ann/a")
    result = allotted([*film("a", 40), live])
    assert result.gaps[40] == "gap between splits: the photo of a recording that is cut by time"
    assert set(sizes(result, range(40))) == {"train", "val", "test", "gap"}


def test_recordings_that_are_enough_are_split_as_ever() -> None:
    sources = [source for name in "abcde" for source in film(name, 10)] + photos(20)
    by_clip = allotted(sources, "clip")
    assert allotted(sources, "auto") == by_clip and by_clip.cut == by_clip.gaps == {}
    assert all(len(sizes(by_clip, range(start, start + 10))) == 1 for start in range(0, 50, 10))
    assert allotted(photos(20), "auto") == allotted(photos(20), "clip")


def test_video_beside_few_photos_is_cut_and_beside_as_many_it_stays_whole() -> None:
    few = allotted(film("a", 40) + photos(6))
    assert set(sizes(few, range(40))) == {"train", "val", "test", "gap"} and not few.cut.keys() & range(
        40, 46
    )
    by_themselves = allotted(photos(40) + film("a", 6))
    assert by_themselves == allotted(photos(40) + film("a", 6), "clip")


def test_own_splits_are_kept_and_what_is_missing_is_cut_from_training() -> None:
    result = allotted(film("a", 40, "train") + film("b", 10, "test"))
    assert sizes(result, range(40, 50)) == {"test": 10}
    assert set(sizes(result, range(40))) == {"train", "val", "gap"}
    assert result.notes[0].endswith("validation pictures come from the same film as training pictures")
    renamed = allotted(film("a", 40, "train") + film("b", 10, "val"))
    assert sizes(renamed, range(40, 50)) == {"test": 10} and "val" in sizes(renamed, range(40))


def test_sides_are_cut_each_by_itself() -> None:
    sources = film("a", 40, side="A") + [s for name in "bcdefg" for s in film(name, 4, side="B")]
    result = allotted(sources)
    counts = sizes(result, range(40))
    assert set(counts) == {"train", "val", "test", "gap"} and counts["val"] >= 2
    assert not result.cut.keys() & range(40, 64)
    assert [note for note in result.notes if note.startswith("side A, the input: split by time")]


@pytest.mark.parametrize(
    ("sources", "split_by", "message"),
    [
        (photos(2), "auto", r"^2 photos cannot fill .*: 3 or more are needed, and nothing is built of fewer"),
        (photos(1), "clip", r"^1 photo cannot fill"),
        (
            film("a", 4),
            "auto",
            r"^1 recording .*or one with pictures of 5 moments.*longest has 4; lower frame_i",
        ),
        (film("a", 3) + film("b", 4), "auto", r"^2 recordings cannot .* the longest has 4"),
        (film("a", 4) + photos(1), "auto", r"^1 recording and 1 photo cannot fill"),
        (film("a", 40), "clip", r"^1 recording cannot .*; split_by: auto cuts recordings by time"),
        (film("a", 40), "person", r"^1 person cannot .*; split_by: auto cuts recordings by time"),
        (film("a", 5, side="A"), "auto", r"^side A, the input: 1 recording .* of 6 moments"),
    ],
)
def test_too_few_are_told_with_what_is_needed(
    sources: list[PairSource], split_by: SplitBy, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        allotted(sources, split_by)
