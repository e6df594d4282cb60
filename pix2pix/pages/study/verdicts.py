"""Whether a claim is seen in what was measured: computed from the values of all seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import mean, stdev

from scipy.stats import t

from pix2pix.pages.study.results import Results
from pix2pix.pages.study.study_file import Claim

SEEN, NOT_SEEN, UNDECIDED, NOT_MEASURED = "seen", "not seen", "undecided", "not measured"
VERDICTS = (SEEN, NOT_SEEN, UNDECIDED, NOT_MEASURED)
FEWEST = 3  # seeds from which a spread says something
ENOUGH = 5  # seeds from which an interval is estimated


@dataclass(frozen=True)
class Spread:
    """The mean of some values and how far they vary: from ``low`` to ``high``."""

    mean: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """How wide it is, in units of the values."""
        return self.high - self.low


@dataclass(frozen=True)
class Verdict:
    """What became of a claim: the word, and the values of both sides where it is closest to failing."""

    word: str
    ours: Spread | None = None
    others: Spread | None = None


def spread(values: Sequence[float]) -> Spread:
    """Return the mean with the extremes; from 5 values on, with its 95% interval (Student's)."""
    middle = mean(values)
    if len(values) < ENOUGH:
        return Spread(middle, min(values), max(values))
    half = float(t.ppf(0.975, len(values) - 1)) * stdev(values) / sqrt(len(values))
    return Spread(middle, middle - half, middle + half)


def verdict(claim: Claim, results: Results) -> Verdict:
    """Judge a claim: each way that it praises is compared with each of the others.

    It is seen where all differences of the means have the claimed direction and are larger than the wider of
    both spreads; not seen where one is that large in the other direction; else undecided, which it also is
    with fewer than three seeds.
    """
    pairs = [(way, other) for way in claim.lower or claim.higher for other in claim.than]
    found = [_compared(claim, results, way, other) for way, other in pairs]
    words = {each.word for each in found}
    word = next((word for word in (NOT_MEASURED, NOT_SEEN, UNDECIDED) if word in words), SEEN)
    return min((each for each in found if each.word == word), key=lambda each: _lead(claim, each))


def _compared(claim: Claim, results: Results, way: str, other: str) -> Verdict:
    values = [results.values(name, claim.metric) for name in (way, other)]
    if not all(values):
        return Verdict(NOT_MEASURED)
    ours, others = map(spread, values)
    measured = Verdict(UNDECIDED, ours, others)
    lead, noise = _lead(claim, measured), max(ours.width, others.width)
    if min(map(len, values)) < FEWEST or abs(lead) <= noise:
        return measured
    return Verdict(SEEN if lead > 0 else NOT_SEEN, ours, others)


def _lead(claim: Claim, found: Verdict) -> float:
    """By how much the difference of the means has the claimed direction, the margin added."""
    if found.ours is None or found.others is None:
        return 0.0
    difference = found.others.mean - found.ours.mean
    return (difference if claim.lower else -difference) + claim.margin
