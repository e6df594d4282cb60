"""What people are asked about test pictures: which pictures, in which order, and how each is shown."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pix2pix.core.choices import RatingProtocol
from pix2pix.core.errors import InputError
from pix2pix.core.hashes import file_hash, uniform_hash
from pix2pix.pictures.images import RgbImage, image_size, read_image
from pix2pix.pictures.pairs import SIDES, are_unpaired, read_pair

Question = Literal["translation", "difference", "real_or_fake"]
Shows = Literal["output", "target"]

QUESTIONS: dict[RatingProtocol, tuple[Question, ...]] = {
    "scores": ("translation", "difference"),
    "real_or_fake": ("real_or_fake",),
}
# What is in view while a question is asked. The target must not be seen before the translation is scored.
IN_VIEW: dict[Question, tuple[str, ...]] = {
    "translation": ("input", "output"),
    "difference": ("input", "output", "target"),
    "real_or_fake": ("picture",),
}
MOST_BY_DEFAULT = 100
MOST_FOR_PRACTICE = 10  # the paper: the first 10 of 50
PRACTICE_SHARE = 5
ID_DIGITS = 12


@dataclass(frozen=True)
class RatedPicture:
    """A test picture to be rated.

    Attributes:
        key: names the picture and tells nothing of it.
        path: of the pair and of the translated picture, relative to their folders.
        picture_id: the first 12 digits of the sha256 of the translated picture's file.
        shows: what ``real_or_fake`` shows of it; ``scores`` is about the output.
        practice: whether the answer is for practice, and not counted.
    """

    key: str
    path: str
    picture_id: str
    shows: Shows
    practice: bool


@dataclass(frozen=True)
class Survey:
    """Pictures of one model that people rate by one protocol.

    Attributes:
        protocol: what is asked.
        seed: of the choice, of the order, and of real or fake.
        model: the first 12 digits of the sha256 of the model's file.
        pictures: for practice first.
        results: the folder of the translated pictures.
        pairs: the folder of the A|B pairs, or of the two sets of pictures.
        real: of two sets, the real picture, relative to ``pairs``, that stands for each picture's target;
            empty: there are pairs.
    """

    protocol: RatingProtocol
    seed: int
    model: str
    pictures: tuple[RatedPicture, ...]
    results: Path
    pairs: Path
    real: Mapping[str, str] = field(default_factory=dict)

    def order(self, rater: str) -> list[RatedPicture]:
        """The pictures in a rater's own order, those for practice first."""
        return sorted(
            self.pictures,
            key=lambda picture: (not picture.practice, uniform_hash("order", self.seed, rater, picture.path)),
        )

    def read_shown(self, picture: RatedPicture, role: str) -> RgbImage:
        """Read what is shown of a picture, (H, W, 3) uint8.

        Args:
            picture: one of this survey.
            role: ``input``, ``output`` or ``target``; ``picture`` is what ``picture.shows``.

        Raises:
            UnreadableError: the file is missing or damaged.
        """
        role = picture.shows if role == "picture" else role
        if role == "output":
            return read_image(self.results / picture.path)
        if self.real:
            return read_image(self.pairs / (picture.path if role == "input" else self.real[picture.path]))
        real_a, real_b = read_pair(self.pairs / picture.path)
        return real_a if role == "input" else real_b


def make_survey(
    results: Path, pairs: Path, model: Path, protocol: RatingProtocol, n: int | None, seed: int
) -> Survey:
    """Choose ``n`` test pictures by the seed, the same for every rater; a larger ``n`` adds to them.

    ``real_or_fake`` takes up to 10 others, a fifth at most, for practice. It shows the model's output of one
    half of the pictures and the target of the other. Of two sets that are no pairs, a real picture of the
    other set stands for the target, the same under every seed and no picture twice.

    Args:
        results: the translated pictures.
        pairs: the A|B pairs that they were made from, under the same names, or two sets of pictures.
        model: the file of the model that made them.
        protocol: what is asked.
        n: how many are rated; None is all, but 100 at most.
        seed: of the choice, of the order, and of real or fake.

    Raises:
        InputError: there are no pictures, they do not belong to the pairs, there are fewer than ``n``, or
            the protocol asks about targets where there are none.
    """
    real = _real_of_set(results, pairs, protocol) if are_unpaired(pairs.parent) else {}
    names = sorted(real) or _common_names(results, pairs)
    n_practice = min(MOST_FOR_PRACTICE, len(names) // PRACTICE_SHARE) if protocol == "real_or_fake" else 0
    most = len(names) - n_practice
    count = min(MOST_BY_DEFAULT, most) if n is None else n
    if not 1 <= count <= most:
        taken = f", {n_practice} of them for practice" if n_practice else ""
        raise InputError(
            f"{count} pictures are to be rated, but {results} holds {len(names)}{taken}: N is 1 to {most}"
        )
    ranked = sorted(names, key=lambda name: uniform_hash("rating", seed, name))[: n_practice + count]
    identity = model_id(model)
    pictures = []
    for rank, name in enumerate(ranked):
        _check_sizes(results / name, pairs / name, halves=1 if real else 2)
        key = hashlib.sha256(f"{protocol}/{seed}/{identity}/{name}".encode()).hexdigest()[:ID_DIGITS]
        shows: Shows = "output" if protocol == "scores" or rank % 2 == 0 else "target"
        is_practice = rank < n_practice
        pictures.append(RatedPicture(key, name, picture_id(results / name), shows, is_practice))
    return Survey(protocol, seed, identity, tuple(pictures), results, pairs, real)


def next_question(
    pictures: Sequence[RatedPicture], protocol: RatingProtocol, answered: Iterable[tuple[str, Question]]
) -> tuple[RatedPicture, Question] | None:
    """Return the first picture with a question still open, and that question; None where all are answered.

    Args:
        pictures: in a rater's order.
        protocol: what is asked about each.
        answered: the paths and questions that the rater has answered.
    """
    known = set(answered)
    for picture in pictures:
        for question in QUESTIONS[protocol]:
            if (picture.path, question) not in known:
                return picture, question
    return None


def model_id(path: Path) -> str:
    """Return the first 12 digits of the sha256 of a model's file.

    Raises:
        InputError: there is no such file.
    """
    try:
        return file_hash(path)[:ID_DIGITS]
    except FileNotFoundError as error:
        raise InputError(f"no model at {path}; `dvc repro` or `dvc pull` makes it") from error


def picture_id(path: Path) -> str:
    """Return the first 12 digits of the sha256 of a picture's file."""
    return file_hash(path)[:ID_DIGITS]


def _real_of_set(results: Path, pairs: Path, protocol: RatingProtocol) -> dict[str, str]:
    """Choose a real picture of the other set for each output, as many as the smaller set has."""
    if protocol == "scores":
        raise InputError(
            f"{pairs} holds two sets of pictures that are no pairs, so no output has a target to be scored "
            "by; make rate PROTOCOL=real_or_fake asks which pictures are real"
        )
    a, b = SIDES
    outputs = [f"{a}/{name}" for name in _common_names(results / a, pairs / a)]
    real = [f"{b}/{name}" for name in _names(pairs / b)]
    if not real:
        raise _no_pictures(pairs / b)
    return dict(zip(*(sorted(names, key=_by_chance) for names in (outputs, real)), strict=False))


def _by_chance(name: str) -> float:
    return uniform_hash("real", name)


def _common_names(results: Path, pairs: Path) -> list[str]:
    translated, paired = _names(results), _names(pairs)
    for folder, names in ((results, translated), (pairs, paired)):
        if not names:
            raise _no_pictures(folder)
    if translated != paired:
        odd = [
            f"{len(names)} {what}, such as {min(names)}"
            for names, what in (
                (translated - paired, f"pictures of {results} have no pair"),
                (paired - translated, f"pairs of {pairs} have no translated picture"),
            )
            if names
        ]
        raise InputError(f"{'; '.join(odd)}: they must belong together; `dvc repro` makes them anew")
    return sorted(translated)


def _no_pictures(folder: Path) -> InputError:
    return InputError(f"no pictures in {folder}; `dvc repro` or `dvc pull` makes them")


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.png")}


def _check_sizes(result: Path, pair: Path, halves: int) -> None:
    found, whole = image_size(result), image_size(pair)
    if found is None or whole is None:
        raise InputError(f"{pair if found else result} cannot be read; `dvc repro` makes it anew")
    if whole != (halves * found[0], found[1]):
        expected = "twice as wide" if halves == 2 else "the same size"
        raise InputError(
            f"{result} is {found[0]}x{found[1]} px and {pair} {whole[0]}x{whole[1]}, "
            f"which is not {expected}; `dvc repro` makes them anew"
        )
