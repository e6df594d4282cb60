from pathlib import Path

import pandas as pd
import pytest

from pix2pix.core.outputs import whole_file, whole_folder, write_json, write_table


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
