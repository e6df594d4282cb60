"""A rater's answers: a CSV file, to which each answer is added before the next question is asked."""

import csv
import hashlib
import io
import os
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Self

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from pix2pix.core.choices import RatingProtocol
from pix2pix.core.errors import InputError
from pix2pix.pages.rating.questions import Question, Shows

LONGEST_NAME = 60
LONGEST_FILE_NAME = 40
SCORES = frozenset(map(str, range(11)))
ALLOWED: dict[Question, frozenset[str]] = {
    "translation": SCORES,
    "difference": SCORES,
    "real_or_fake": frozenset({"real", "fake"}),
}
Text = Annotated[str, StringConstraints(min_length=1)]
Milliseconds = Annotated[int, Field(ge=0, le=10**9)]


class Answer(BaseModel):
    """One answer, a row of the file.

    Attributes:
        answered_at: in UTC.
        rater: the rater's name, in the letters of a safe file name.
        protocol: of the survey.
        seed: of the survey's choice and order of pictures.
        model: the first 12 digits of the sha256 of the model's file.
        place: in the rater's order, from 1.
        practice: whether it is not counted.
        path: of the pair and of the translated picture, relative to their folders.
        picture: the first 12 digits of the sha256 of the translated picture's file.
        shows: what was to be judged, the model's output or the target.
        question: what was asked.
        answer: ``0`` to ``10``, or ``real`` or ``fake``.
        shown_ms: how long the pictures were in view.
        answer_ms: how long the answer took, from the moment it could be given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    answered_at: Text
    rater: Text
    protocol: RatingProtocol
    seed: int
    model: Text
    place: int
    practice: bool
    path: Text
    picture: Text
    shows: Shows
    question: Question
    answer: str
    shown_ms: Milliseconds
    answer_ms: Milliseconds

    @model_validator(mode="after")
    def _answers_the_question(self) -> Self:
        check_answer(self.question, self.answer)
        return self


COLUMNS = tuple(Answer.model_fields)


def check_answer(question: Question, answer: str) -> None:
    """Raise ValueError where ``answer`` is none of the question's."""
    if answer not in ALLOWED[question]:
        expected = "real or fake" if question == "real_or_fake" else "a whole number from 0 to 10"
        raise ValueError(f"{question}: {answer!r} is not {expected}")


def rater_id(name: str) -> str:
    """Make a safe file name of a person's name: lower-case letters, digits and hyphens.

    Case and spaces at the ends make no other person. A name of which more is lost gets a hash of the whole,
    so that two people never share a file.

    Raises:
        InputError: the name is empty, longer than 60 characters, or has characters that cannot be printed.
    """
    plain = " ".join(unicodedata.normalize("NFC", name).split()).casefold()
    if not plain.isprintable() or not 1 <= len(plain) <= LONGEST_NAME:
        raise InputError(f"a rater's name has 1 to {LONGEST_NAME} printable characters, found {name[:80]!r}")
    letters = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    safe = re.sub("[^a-z0-9]+", "-", letters).strip("-")[:LONGEST_FILE_NAME]
    if safe == plain.replace(" ", "-"):
        return safe
    return f"{safe or 'rater'}-{hashlib.sha256(plain.encode()).hexdigest()[:8]}"


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Let no other thread or process add to a rater's file in this block."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.stem}.lock")):
        yield


def read_answers(path: Path) -> list[Answer]:
    """Read a rater's answers. A last line that was torn when its writer was killed counts for nothing.

    Raises:
        InputError: another line is damaged.
    """
    if not path.exists():
        return []
    whole = _whole_lines(path.read_bytes()).decode("utf-8", errors="replace")
    reader = csv.DictReader(io.StringIO(whole, newline=""), restkey="more", restval="")
    if whole and tuple(reader.fieldnames or ()) != COLUMNS:
        raise InputError(f"{path}: its first line is not {','.join(COLUMNS)}; restore it from git")
    answers = []
    for row in reader:
        try:
            answers.append(Answer.model_validate(row))
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(map(str, problem["loc"])) or "answer"
            raise InputError(
                f"{path}, line {reader.line_num}: {where}: {problem['msg']}; mend or remove the line"
            ) from error
    return answers


def append_answer(path: Path, answer: Answer) -> None:
    """Add a row to a rater's file and see it on the disk; a torn last line is removed before."""
    row = io.StringIO()
    writer = csv.DictWriter(row, COLUMNS, lineterminator="\n")
    with path.open("a+b") as file:
        file.seek(0)
        whole = _whole_lines(file.read())
        file.truncate(len(whole))
        if not whole:
            writer.writeheader()
        writer.writerow(answer.model_dump(mode="json"))
        file.write(row.getvalue().encode())
        file.flush()
        os.fsync(file.fileno())


def _whole_lines(content: bytes) -> bytes:
    return content[: content.rfind(b"\n") + 1]
