import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rated_pictures import Folders, picture_folders

from pix2pix.core.errors import InputError
from pix2pix.pages.rating.answers import read_answers
from pix2pix.pages.rating.session import Reply, Sessions


def sessions_of(folders: Folders, **options: Any) -> Sessions:
    return Sessions(folders.survey(**options), folders.ratings)


def reply(state: dict[str, Any], answer: str, rater: str = "Ann") -> Reply:
    return Reply(
        rater=rater,
        item=state["item"],
        question=state["question"],
        answer=answer,
        shown_ms=1000,
        answer_ms=500,
    )


def test_the_target_is_seen_only_after_the_translation_is_scored(tmp_path: Path) -> None:
    sessions = sessions_of(picture_folders(tmp_path, 3))
    state = sessions.state("Ann")
    assert (state["question"], state["pictures"]) == ("translation", ("input", "output"))
    with pytest.raises(InputError, match="to be seen now"):
        sessions.picture("Ann", state["item"], "target")
    after = sessions.record(reply(state, "7"))
    assert (after["question"], after["item"]) == ("difference", state["item"])
    target = np.asarray(Image.open(io.BytesIO(sessions.picture("Ann", state["item"], "target"))))
    assert target[0, 0, 2] >= 100 and not target[:, :, :2].any()


def test_no_other_picture_and_nothing_else_is_seen(tmp_path: Path) -> None:
    sessions = sessions_of(picture_folders(tmp_path, 3))
    current = sessions.state("Ann")["item"]
    other = next(picture.key for picture in sessions.survey.pictures if picture.key != current)
    for key, role in ((other, "input"), ("../../model", "output"), (current, "picture"), (current, "model")):
        with pytest.raises(InputError, match="to be seen now"):
            sessions.picture("Ann", key, role)


def test_an_answer_given_twice_is_taken_once(tmp_path: Path) -> None:
    folders = picture_folders(tmp_path, 2)
    sessions = sessions_of(folders)
    first = reply(sessions.state("Ann"), "7")
    assert sessions.record(first)["taken"]
    again = sessions.record(first)
    assert not again["taken"] and again["question"] == "difference"
    assert len(read_answers(folders.ratings / "ann.csv")) == 1


@pytest.mark.parametrize("answer", ["11", "-1", "7.5", "", "real", "7 "])
def test_a_score_outside_0_to_10_is_refused(tmp_path: Path, answer: str) -> None:
    folders = picture_folders(tmp_path, 2)
    sessions = sessions_of(folders)
    with pytest.raises(InputError, match="is not a whole number from 0 to 10"):
        sessions.record(reply(sessions.state("Ann"), answer))
    assert not (folders.ratings / "ann.csv").exists()


def test_an_unknown_picture_is_not_taken(tmp_path: Path) -> None:
    sessions = sessions_of(picture_folders(tmp_path, 2))
    state = sessions.state("Ann")
    assert not sessions.record(reply({**state, "item": "0" * 12}, "7"))["taken"]
    assert not sessions.record(reply({**state, "question": "difference"}, "7"))["taken"]


def finish(sessions: Sessions, answer: str) -> None:
    while (state := sessions.state("Ann"))["question"]:
        assert sessions.record(reply(state, answer))["taken"]


def test_another_seed_asks_nothing_again(tmp_path: Path) -> None:
    folders = picture_folders(tmp_path, 10)
    finish(sessions_of(folders, n=6), "5")
    finish(sessions_of(folders, n=6, seed=2), "5")
    answers = read_answers(folders.ratings / "ann.csv")
    paths = [answer.path for answer in answers if answer.question == "translation"]
    expected = {picture.path for seed in (1, 2) for picture in folders.survey(n=6, seed=seed).pictures}
    assert len(paths) == len(set(paths)) and set(paths) == expected


def test_another_model_starts_afresh(tmp_path: Path) -> None:
    folders = picture_folders(tmp_path, 2)
    finish(sessions_of(folders), "5")
    folders.model.write_bytes(b"other weights")
    assert sessions_of(folders).state("Ann")["done"] == 0


def test_practice_is_told_what_the_picture_was_and_nothing_else_is(tmp_path: Path) -> None:
    folders = picture_folders(tmp_path, 10)
    sessions = sessions_of(folders, protocol="real_or_fake")
    kinds = {picture.key: picture.shows for picture in sessions.survey.pictures}
    told = []
    while (state := sessions.state("Ann"))["question"]:
        assert set(state) == {
            "protocol",
            "file",
            "practice",
            "done",
            "total",
            "question",
            "item",
            "pictures",
        }
        after = sessions.record(reply(state, "real"))
        assert ("was" in after) == state["practice"]
        if state["practice"]:
            told.append((after["was"], kinds[state["item"]]))
    assert len(told) == 2 and set(told) <= {("fake", "output"), ("real", "target")}
    assert [answer.practice for answer in read_answers(folders.ratings / "ann.csv")] == [True] * 2 + [
        False
    ] * 8


def test_practice_and_rating_are_counted_apart(tmp_path: Path) -> None:
    sessions = sessions_of(picture_folders(tmp_path, 10), protocol="real_or_fake", n=3)
    counts = []
    while (state := sessions.state("Ann"))["question"]:
        counts.append((state["practice"], state["done"], state["total"]))
        sessions.record(reply(state, "fake"))
    assert counts == [(True, 0, 2), (True, 1, 2), (False, 0, 3), (False, 1, 3), (False, 2, 3)]
    assert (state["done"], state["total"]) == (3, 3)
