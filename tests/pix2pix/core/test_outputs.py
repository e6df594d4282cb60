import errno
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pix2pix.core.errors import NotWrittenError
from pix2pix.core.outputs import require_room, whole_file, whole_folder, write_json, write_table


def test_folder_takes_its_place_at_the_end(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "out") as partial:
        (partial / "a").write_text("a")
        assert not (tmp_path / "out").exists()
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "a"]


def test_failed_folder_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").touch()
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "out") as partial:
        (partial / "new").touch()
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "old"]


def test_rest_of_a_killed_run_is_cleared(tmp_path: Path) -> None:
    (tmp_path / ".out.partial").mkdir()
    (tmp_path / ".out.partial" / "half").touch()
    with whole_folder(tmp_path / "out") as partial:
        assert list(partial.iterdir()) == []


def test_failed_file_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(ValueError, match="bad"), whole_file(tmp_path / "a.txt") as partial:
        partial.write_text("ne")
        raise ValueError("bad")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_json_and_tables_end_their_lines_the_same_everywhere(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1})
    write_table(tmp_path / "a.csv", pd.DataFrame({"x": [1], "y": ["z"]}))
    assert (tmp_path / "a.json").read_bytes() == b'{\n  "b": 1\n}\n'
    assert (tmp_path / "a.csv").read_bytes() == b"x,y\n1,z\n"


@pytest.mark.parametrize("name", ["x" * 251 + ".png", "字" * 83 + ".png"])
def test_file_of_the_longest_name_is_written(tmp_path: Path, name: str) -> None:
    with whole_file(tmp_path / name) as partial:
        partial.write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG])
@pytest.mark.parametrize("whole", [whole_file, whole_folder])
def test_full_disk_is_told_with_what_could_not_be_written(tmp_path: Path, whole: Any, code: int) -> None:
    with pytest.raises(NotWrittenError) as told, whole(tmp_path / "out"):
        raise OSError(code, os.strerror(code))  # of a write: the system names no file
    message = str(told.value)
    assert message.startswith(f"{tmp_path / 'out'} cannot be written: {os.strerror(code)}")
    assert message.endswith("and run it again") and "\n" not in message
    assert (" are free; make room" in message) == (code in (errno.ENOSPC, errno.EDQUOT))
    assert list(tmp_path.iterdir()) == []


def test_words_of_the_system_are_found_in_the_errors_of_libraries(tmp_path: Path) -> None:
    with pytest.raises(NotWrittenError, match="No space left"), whole_file(tmp_path / "out"):
        raise RuntimeError("I/O error: No space left on device (os error 28)")  # as safetensors writes it
    with pytest.raises(NotWrittenError, match="No space left"), whole_file(tmp_path / "out"):
        try:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise RuntimeError("unexpected pos") from error  # as torch does


def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), whole_folder(tmp_path / "out"):
        raise PermissionError(errno.EACCES, "Permission denied", "source/a.jpg")  # which is read
    with pytest.raises(ZeroDivisionError), whole_file(tmp_path / "out"):
        raise ZeroDivisionError


def test_what_is_known_to_be_too_large_is_refused_with_both_sizes(tmp_path: Path) -> None:
    require_room(tmp_path, 1, "files of the source")
    with pytest.raises(NotWrittenError, match=r"the source take 1000000000\.0 GB, and the disk of .* has "):
        require_room(tmp_path, 10**18, "files of the source")
