"""Claims are judged by numbers that are made here."""

import numpy as np
import pytest
from scipy import stats
from study_cases import CLAIM, results, study_file

from pix2pix.pages.study.verdicts import NOT_MEASURED, NOT_SEEN, SEEN, UNDECIDED, spread, verdict


def word(a: list[float], b: list[float], **claim: object) -> str:
    made = results({"a": a, "b": b}, claims=[CLAIM | claim])
    return verdict(made.file.claims[0], made).word


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([0.30, 0.31, 0.32], [0.20, 0.21, 0.22], SEEN),
        ([0.20, 0.21, 0.22], [0.30, 0.31, 0.32], NOT_SEEN),
        ([0.30, 0.31, 0.32], [0.29, 0.30, 0.31], UNDECIDED),
        ([0.30, 0.31, 0.32], [0.10, 0.20, 0.50], UNDECIDED),  # one side varies by more than the difference
        ([0.3, 0.3, 0.3], [0.3, 0.3, 0.3], UNDECIDED),
        ([0.30, 0.31], [0.20, 0.21], UNDECIDED),  # too few seeds to know how much they vary
        ([0.30], [0.10], UNDECIDED),
        ([0.30, 0.31, 0.32], [], NOT_MEASURED),
    ],
)
def test_difference_decides_only_where_it_is_larger_than_the_spread(
    a: list[float], b: list[float], expected: str
) -> None:
    assert word(a, b) == expected


def test_claim_of_more_is_judged_the_other_way_round() -> None:
    high, low = [0.30, 0.31, 0.32], [0.20, 0.21, 0.22]
    more = {"lower": [], "higher": ["b"]}
    assert (word(low, high, **more), word(high, low, **more)) == (SEEN, NOT_SEEN)


def test_as_good_as_allows_a_margin_but_no_more() -> None:
    a, b = [0.300, 0.301, 0.302], [0.303, 0.304, 0.305]
    assert word(a, b) == NOT_SEEN
    assert word(a, b, margin=0.01) == SEEN
    assert word(a, b, margin=0.004) == UNDECIDED  # the margin is exceeded or not within the spread


def test_claim_of_several_ways_needs_all_of_them() -> None:
    claim = CLAIM | {"lower": ["a", "b"], "than": ["c"]}
    grid = {"norm": {"a": {}, "b": {}, "c": {}}}
    few, many = [0.1, 0.11, 0.12], [0.3, 0.31, 0.32]

    def found(b: list[float]) -> str:
        made = results({"a": few, "b": b, "c": many}, grid=grid, claims=[claim])
        return verdict(made.file.claims[0], made).word

    assert found(few) == SEEN
    assert found([0.29, 0.3, 0.31]) == UNDECIDED
    assert found([0.5, 0.51, 0.52]) == NOT_SEEN
    assert found([]) == NOT_MEASURED


def test_spread_is_of_the_extremes_and_from_five_on_students_interval() -> None:
    few = spread([1.0, 2.0, 6.0])
    assert (few.mean, few.low, few.high, few.width) == (3.0, 1.0, 6.0, 5.0)
    values = [1.0, 2.0, 3.0, 4.0, 9.0]
    interval = stats.t.interval(0.95, 4, loc=np.mean(values), scale=stats.sem(values))
    many = spread(values)
    assert (many.low, many.high) == pytest.approx(interval)


def test_seeds_that_differ_by_chance_alone_seldom_decide() -> None:
    random = np.random.default_rng(0)
    words = [word(list(random.normal(size=3)), list(random.normal(size=3))) for _ in range(400)]
    assert words.count(UNDECIDED) / len(words) > 0.85


def test_claim_about_a_way_that_is_not_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="found 'c' in a claim; expected one of a, b, best"):
        study_file(claims=[CLAIM | {"lower": ["c"]}])
    with pytest.raises(ValueError, match="expected one of lower and higher"):
        study_file(claims=[CLAIM | {"higher": ["a"]}])
