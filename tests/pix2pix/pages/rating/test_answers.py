import threading
from pathlib import Path
from typing import Any

import pytest

from pix2pix.core.errors import InputError
from pix2pix.pages.rating.answers import (
    LONGEST_FILE_NAME,
    Answer,
    alone,
    append_answer,
    rater_id,
    read_answers,
)


def answer(place: int = 1, **changes: Any) -> Answer:
    values = {
        "answered_at": "2026-01-31T12:00:00Z",
        "rater": "ann",
        "protocol": "scores",
        "seed": 1,
        "model": "0123456789ab",
        "place": place,
        "practice": False,
        "path": f"a class, with a comma/{place}.png",
        "picture": "ba9876543210",
        "shows": "output",
        "question": "translation",
        "answer": "7",
        "shown_ms": 1234,
        "answer_ms": 1234,
    }
    return Answer.model_validate({**values, **changes})


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "ann.csv"
    written = [answer(1), answer(2, question="difference", answer="10"), answer(3, practice=True)]
    assert read_answers(path) == []
    for each in written:
        append_answer(path, each)
    assert read_answers(path) == written


def test_a_line_torn_anywhere_loses_no_other_answer(tmp_path: Path) -> None:
    path = tmp_path / "ann.csv"
    append_answer(path, answer(1))
    first = path.read_bytes()
    append_answer(path, answer(2))
    whole = path.read_bytes()
    for size in {*range(0, len(whole), 7), len(first) - 1, len(first), len(first) + 1, len(whole) - 1}:
        path.write_bytes(whole[:size])
        kept = [answer(1)] if size >= len(first) else []
        assert read_answers(path) == kept
        append_answer(path, answer(2))
        assert read_answers(path) == [*kept, answer(2)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",7,", ",11,", r"ann\.csv, line 2: answer: .*translation: '11' is not a whole number from 0 to 10"),
        (",7,", ",7.5,", "is not a whole number from 0 to 10"),
        (",scores,", ",skores,", "line 2: protocol"),
        (",1234\n", ",1234,more\n", "line 2: more"),
        (",1234\n", "\n", "line 2: answer_ms"),
        ("place", "position", "its first line is not answered_at,rater,"),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "ann.csv"
    append_answer(path, answer(1))
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError, match=message):
        read_answers(path)


def test_threads_that_answer_at_once_wait_for_each_other(tmp_path: Path) -> None:
    path = tmp_path / "ann.csv"

    def add_one() -> None:
        with alone(path):
            append_answer(path, answer(len(read_answers(path)) + 1))

    threads = [threading.Thread(target=add_one) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.place for each in read_answers(path)] == list(range(1, 17))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Ann", "ann"), (" ann  lee ", "ann-lee"), ("Ann-Lee", "ann-lee"), ("r2d2", "r2d2")],
)
def test_plain_names_are_file_names(name: str, expected: str) -> None:
    assert rater_id(name) == expected


def test_names_that_would_share_a_file_do_not() -> None:
    names = ["ann", "Änn", "ann!", "../ann", "a/nn", "ann.csv", "王", "李", "ann" + "n" * 50, "con:"]
    files = {rater_id(name) for name in names}
    assert len(files) == len(names)
    for file in files:
        assert set(file) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") and not file.startswith("-")
        assert len(file) <= LONGEST_FILE_NAME + 9


@pytest.mark.parametrize("name", ["", "  ", "a" * 61, "a\x00b", "a\u202eb"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="1 to 60 printable characters"):
        rater_id(name)
