import pytest

from pix2pix.core import progress
from pix2pix.core.progress import Progress, with_progress


def test_items_pass_through() -> None:
    assert list(with_progress(iter("abc"), 3, "read", "file")) == ["a", "b", "c"]


def test_without_a_terminal_lines_tell_rate_and_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
    bar = Progress(10, "train", "image")
    bar.advance(4, note="epoch 1/2")
    bar.close()
    line = capsys.readouterr().out
    assert line.startswith("train: 4/10 images, ") and "s left" in line and line.endswith("epoch 1/2\n")
    bar.advance(0, note="epoch 2/2")
    bar.advance(0, note="")
    assert [line.rpartition("left")[2] for line in capsys.readouterr().out.splitlines()] == [
        ", epoch 2/2",
        "",
    ]


def test_before_the_first_unit_is_done_no_time_is_foretold(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
    Progress(1, "translate", "picture").advance(0, note="tiles left of it: 8")
    assert capsys.readouterr().out == "translate: 0/1 pictures, 0.0/s, tiles left of it: 8\n"
