"""The rating of a survey by several people: what each is asked next, and what they answer."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from PIL import Image
from pydantic import BaseModel, ConfigDict, StringConstraints

from pix2pix.core.errors import InputError
from pix2pix.pages.rating.answers import (
    Answer,
    Milliseconds,
    alone,
    append_answer,
    check_answer,
    now,
    rater_id,
    read_answers,
)
from pix2pix.pages.rating.questions import IN_VIEW, QUESTIONS, Question, RatedPicture, Survey, next_question

Short = Annotated[str, StringConstraints(max_length=200)]


class Reply(BaseModel):
    """What the page sends: a rater's answer to a question about a picture.

    Attributes:
        rater: the name that the rater gave.
        item: key of the picture that was rated.
        question: what was asked.
        answer: ``0`` to ``10``, or ``real`` or ``fake``.
        shown_ms: how long the pictures were in view.
        answer_ms: how long the answer took, from the moment it could be given.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    rater: Short
    item: Short
    question: Question
    answer: Short
    shown_ms: Milliseconds
    answer_ms: Milliseconds


@dataclass(frozen=True)
class Sessions:
    """The sessions of all raters of a survey. All that they have answered lies in files, nothing in memory.

    Attributes:
        survey: what is rated.
        ratings: the folder of the raters' files.
    """

    survey: Survey
    ratings: Path

    def state(self, name: str) -> dict[str, Any]:
        """Tell the page what to ask the rater next, and how much is done.

        Raises:
            InputError: the name is none, or the rater's file is damaged.
        """
        rater = rater_id(name)
        return self._state(rater, self._answers(rater))

    def record(self, reply: Reply) -> dict[str, Any]:
        """Keep an answer and tell the page what to ask next.

        An answer to another question than the one that is open is not taken: the picture is unknown, or
        was answered before, as after a double click or in another window.

        Returns:
            the new state, with whether the answer was ``taken``; and after an answer for practice what the
            picture ``was``.

        Raises:
            InputError: the answer is not one of the question's, the name is none, or the rater's file is
                damaged.
        """
        rater = rater_id(reply.rater)
        try:
            check_answer(reply.question, reply.answer)
        except ValueError as error:
            raise InputError(str(error)) from error
        path = self._file(rater)
        with alone(path):
            answers = self._answers(rater)
            current = self._next(rater, answers)
            if current is None or (current[0].key, current[1]) != (reply.item, reply.question):
                return self._state(rater, answers) | {"taken": False}
            answer = self._answer(rater, current[0], reply)
            append_answer(path, answer)
        was = {"was": "fake" if answer.shows == "output" else "real"} if answer.practice else {}
        return self._state(rater, [*answers, answer]) | {"taken": True} | was

    def picture(self, name: str, key: str, role: str) -> bytes:
        """Return a picture as PNG, if it may be seen now: it belongs to the question that is open.

        Raises:
            InputError: it may not, or there is none.
            UnreadableError: its file is damaged.
        """
        rater = rater_id(name)
        current = self._next(rater, self._answers(rater))
        if current is None or current[0].key != key or role not in IN_VIEW[current[1]]:
            raise InputError(f"no picture {role[:20]!r} of this item is to be seen now")
        file = io.BytesIO()
        Image.fromarray(self.survey.read_shown(current[0], role)).save(file, format="PNG")
        return file.getvalue()

    def _file(self, rater: str) -> Path:
        return self.ratings / f"{rater}.csv"

    def _answers(self, rater: str) -> list[Answer]:
        """The rater's answers about these very pictures by this protocol, under whatever seed."""
        known = {picture.path: picture.picture_id for picture in self.survey.pictures}
        return [
            answer
            for answer in read_answers(self._file(rater))
            if (answer.protocol, answer.model) == (self.survey.protocol, self.survey.model)
            and known.get(answer.path) == answer.picture
        ]

    def _next(self, rater: str, answers: list[Answer]) -> tuple[RatedPicture, Question] | None:
        answered = [(answer.path, answer.question) for answer in answers]
        return next_question(self.survey.order(rater), self.survey.protocol, answered)

    def _answer(self, rater: str, picture: RatedPicture, reply: Reply) -> Answer:
        return Answer(
            answered_at=now(),
            rater=rater,
            protocol=self.survey.protocol,
            seed=self.survey.seed,
            model=self.survey.model,
            place=self.survey.order(rater).index(picture) + 1,
            practice=picture.practice,
            path=picture.path,
            picture=picture.picture_id,
            shows=picture.shows,
            question=reply.question,
            answer=reply.answer,
            shown_ms=reply.shown_ms,
            answer_ms=reply.answer_ms,
        )

    def _state(self, rater: str, answers: list[Answer]) -> dict[str, Any]:
        current = self._next(rater, answers)
        last = QUESTIONS[self.survey.protocol][-1]
        done = {answer.path for answer in answers if answer.question == last}
        practice = current is not None and current[0].practice
        part = [picture for picture in self.survey.pictures if picture.practice == practice]
        state = {
            "protocol": self.survey.protocol,
            "file": self._file(rater).name,
            "practice": practice,
            "done": sum(picture.path in done for picture in part),
            "total": len(part),
        }
        if current is None:
            return state | {"question": None}
        picture, question = current
        return state | {"question": question, "item": picture.key, "pictures": IN_VIEW[question]}
