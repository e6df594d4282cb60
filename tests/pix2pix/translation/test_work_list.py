import os
from pathlib import Path

import pytest

from pix2pix.core.errors import InputError
from pix2pix.translation.work_list import list_work


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder ``in`` with pictures, a video and other files in folders below it."""
    folder = tmp_path / "in"
    for name in ("a.jpg", "a.png", "b/c.d.JPG", "b/film.webm", "b/old.wmv", "notes.txt", ".hidden/x.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def targets(inputs: list[str], output: Path) -> dict[str, str]:
    work = list_work(inputs, output, ".png")
    assert work.folder == output
    return {item.name: item.path for item in work.items if item.kind != "other"}


def test_folder_is_kept_as_a_tree_and_no_two_files_clash(tree: Path, tmp_path: Path) -> None:
    assert targets([str(tree)], tmp_path / "out") == {
        "a.jpg": "a_jpg.png",
        "a.png": "a_png.png",
        "b/c.d.JPG": "b/c.d.png",
        "b/film.webm": "b/film.webm",
        "b/old.wmv": "b/old.mp4",
    }


def test_other_files_are_listed_too_and_hidden_ones_are_not(tree: Path, tmp_path: Path) -> None:
    items = list_work([str(tree)], tmp_path / "out", ".png").items
    assert [item.name for item in items if item.kind == "other"] == ["notes.txt"]
    assert not any("hidden" in item.name for item in items)


def test_pattern_keeps_the_tree_below_its_fixed_part(tree: Path, tmp_path: Path) -> None:
    assert targets([f"{tree}/**/*.[jJ]*"], tmp_path / "out") == {"a.jpg": "a.png", "b/c.d.JPG": "b/c.d.png"}


def test_files_that_the_shell_named_keep_the_tree_below_their_common_folder(
    tree: Path, tmp_path: Path
) -> None:
    inputs = [str(tree / "a.jpg"), str(tree / "b/c.d.JPG")]
    assert targets(inputs, tmp_path / "out") == {"a.jpg": "a.png", "b/c.d.JPG": "b/c.d.png"}


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (["a.jpg", "{tree}/b"], {"a.jpg": "a.png", "b/c.d.JPG": "b/c.d.png"}),
        (["{tree}/a.jpg", "b/c.d.JPG"], {"a.jpg": "a.png", "b/c.d.JPG": "b/c.d.png"}),
        (["a.jpg", "a.jpg"], {"a.jpg": "a.png"}),
        (["a.jpg", "./a.jpg", "{tree}/a.jpg", "b/../a.jpg"], {"a.jpg": "a.png"}),
        (["b", "b/c.d.JPG"], {"c.d.JPG": "c.d.png"}),
        ([".", "b"], {"a.jpg": "a_jpg.png", "a.png": "a_png.png", "b/c.d.JPG": "b/c.d.png"}),
        (["../in/a.jpg", "b"], {"a.jpg": "a.png", "b/c.d.JPG": "b/c.d.png"}),
        (["../other/x.jpg", "a.jpg"], {"other/x.jpg": "other/x.png", "in/a.jpg": "in/a.png"}),
        (["../other"], {"x.jpg": "x.png"}),
        (["*.jpg", "../other/*.jpg"], {"other/x.jpg": "other/x.png", "in/a.jpg": "in/a.png"}),
    ],
)
def test_odd_command_lines_name_each_file_once_and_keep_results_in_the_output(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inputs: list[str], expected: dict[str, str]
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/x.jpg").touch()
    monkeypatch.chdir(tree)
    work = list_work([text.format(tree=tree) for text in inputs], Path("out"), ".png")
    assert {item.name: item.path for item in work.items if item.kind == "picture"} == expected
    assert all(item.source.is_file() for item in work.items)
    assert all(item.target.resolve().is_relative_to(tree / "out") for item in work.items)


def test_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "x[1].jpg").touch()
    work = list_work([str(tmp_path / "x[1].jpg")], tmp_path / "y.png", ".png")
    assert [item.source.name for item in work.items] == ["x[1].jpg"]


@pytest.mark.parametrize(("name", "output"), [("a.jpg", "x.webp"), ("b/film.webm", "x.mkv")])
def test_single_file_goes_where_it_is_told(tree: Path, tmp_path: Path, name: str, output: str) -> None:
    work = list_work([str(tree / name)], tmp_path / output, ".png")
    assert work.folder is None and [item.target for item in work.items] == [tmp_path / output]


def test_single_file_may_go_to_a_folder(tree: Path, tmp_path: Path) -> None:
    assert targets([str(tree / "a.jpg")], tmp_path / "out") == {"a.jpg": "a.png"}


def test_results_may_lie_beside_files_that_are_named(tree: Path) -> None:
    assert targets([str(tree / "b/c.d.JPG")], tree / "b") == {"c.d.JPG": "c.d.png"}
    assert targets([f"{tree}/b/*.JPG"], tree / "b") == {"c.d.JPG": "c.d.png"}


def test_results_of_an_earlier_run_are_no_input(tree: Path) -> None:
    out = tree / "out"
    out.mkdir()
    (out / "a_jpg.png").touch()
    assert all("out" not in name for name in targets([str(tree)], out))


@pytest.mark.parametrize(
    ("inputs", "output", "message"),
    [
        (["in/none.jpg"], "out", "none.jpg: no such file or folder"),
        (["in/*.tif"], "out", "no file there"),
        (["in/a.jpg"], "x.gif", r"a picture can be written as .png, .* found .gif"),
        (["in/b/film.webm"], "x.png", r"a video can be written as .mp4, .* found .png"),
        (["in/notes.txt"], "x.png", "neither a picture nor a video: .txt"),
        (["in/a.jpg"], "x.heic", r"a picture can be written as .png, .* found .heic"),
        (["in/a.jpg"], "in/a.jpg", "would take the place of the input"),
        (["in/b/*.webm"], "in/b", "would take the place of the input"),
        (["in"], "in", "is INPUT and OUTPUT"),
        (["in"], "in/notes.txt", "is a file; for more than one input, OUTPUT is a folder"),
    ],
)
def test_what_cannot_be_is_refused(
    tree: Path, monkeypatch: pytest.MonkeyPatch, inputs: list[str], output: str, message: str
) -> None:
    monkeypatch.chdir(tree.parent)
    with pytest.raises(InputError, match=message):
        list_work(inputs, Path(output), ".png")


def test_what_cannot_be_read_is_listed_with_the_reason(tree: Path, tmp_path: Path) -> None:
    (tree / "gone.jpg").symlink_to("nothing.jpg")
    (tree / "self.jpg").symlink_to("self.jpg")
    (tree / "b/up").symlink_to("..")
    os.mkfifo(tree / "pipe.png")
    reasons = {
        "b/up": "link to a folder that is listed already: .",
        "gone.jpg": "broken link: No such file or directory",
        "pipe.png": "neither a file nor a folder",
        "self.jpg": "broken link: Too many levels of symbolic links",
    }
    items = list_work([str(tree)], tmp_path / "out", ".png").items
    assert {item.name: item.reason for item in items if item.reason} == reasons
    assert len(items) == 6 + len(reasons) and {item.kind for item in items if item.reason} == {"other"}
    items = list_work([f"{tree}/*.jpg"], tmp_path / "out", ".png").items
    assert {item.name for item in items if item.reason} == {"gone.jpg", "self.jpg"}


def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (item,) = list_work([str(tmp_path / "pipe.png")], tmp_path / "out", ".png").items
    assert (item.kind, item.reason) == ("other", "neither a file nor a folder")


def test_broken_links_among_results_of_an_earlier_run_are_no_input(tree: Path, tmp_path: Path) -> None:
    (tree / "out").mkdir()
    (tree / "out/a.png").touch()
    (tree / "out/gone.png").symlink_to("nothing.png")
    (tree / "z").symlink_to("out")
    assert not any("out" in item.name for item in list_work([str(tree)], tree / "out", ".png").items)
