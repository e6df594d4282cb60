import os
from pathlib import Path, PurePosixPath

import pytest

from pix2pix.items.walk import find_files, is_hidden


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with two files."""
    tree = tmp_path / "tree"
    (tree / "rose").mkdir(parents=True)
    (tree / "rose/a.jpg").write_text("a")
    (tree / "b.jpg").write_text("b")
    return tree


def reasons(tree: Path) -> dict[str, str]:
    return {str(path): reason for path, reason in find_files(tree).unreadable.items()}


def test_files_are_found_in_order(tree: Path) -> None:
    found = find_files(tree)
    assert list(map(str, found.files)) == ["b.jpg", "rose/a.jpg"] and found.unreadable == {}


def test_broken_links_are_listed_with_the_reason(tree: Path) -> None:
    (tree / "gone.jpg").symlink_to("nothing.jpg")
    (tree / "self.jpg").symlink_to("self.jpg")
    (tree / "deep.jpg").symlink_to("b.jpg/deep.jpg")
    assert reasons(tree) == {
        "deep.jpg": "broken link: Not a directory",
        "gone.jpg": "broken link: No such file or directory",
        "self.jpg": "broken link: Too many levels of symbolic links",
    }


def test_loops_of_links_end_and_every_file_is_found_once(tree: Path) -> None:
    (tree / "rose/up").symlink_to("..")
    (tree / "rose/up_too").symlink_to(tree)
    (tree / "a_link").symlink_to("rose")
    assert list(map(str, find_files(tree).files)) == ["b.jpg", "rose/a.jpg"]
    assert reasons(tree) == {
        "a_link": "link to a folder that is listed already: rose",
        "rose/up": "link to a folder that is listed already: .",
        "rose/up_too": "link to a folder that is listed already: .",
    }


def test_links_to_folders_and_files_elsewhere_are_followed(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/c.jpg").write_text("c")
    (tree / "tulip").symlink_to(tmp_path / "elsewhere")
    (tree / "c.jpg").symlink_to(tmp_path / "elsewhere/c.jpg")
    names = [str(path) for path in find_files(tree).files]
    assert names == ["b.jpg", "c.jpg", "rose/a.jpg", "tulip/c.jpg"] and reasons(tree) == {}


def test_pipe_is_not_waited_for(tree: Path) -> None:
    os.mkfifo(tree / "pipe.jpg")
    assert reasons(tree) == {"pipe.jpg": "neither a file nor a folder"}


def test_what_may_not_be_read_is_listed(tree: Path) -> None:
    (tree / "b.jpg").chmod(0)
    (tree / "rose").chmod(0)
    try:
        if os.access(tree / "b.jpg", os.R_OK):
            pytest.skip("this user may read everything")
        assert reasons(tree) == {
            "b.jpg": "unreadable file: Permission denied",
            "rose": "unreadable folder: Permission denied",
        }
    finally:
        (tree / "rose").chmod(0o700)


def test_errors_of_the_system_are_listed_and_the_rest_goes_on(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = os.scandir

    def refuse(path: Path) -> object:
        if path.name == "rose":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert reasons(tree) == {"rose": "unreadable folder: Permission denied"}
    assert find_files(tree).files == [PurePosixPath("b.jpg")]


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        ("@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg", True),
        ("rose/@eaDir/a.jpg", True),
        ("DCIM/.thumbnails/1.jpg", True),
        (".@__thumb/a.jpg", True),
        ("@__thumb/a.jpg", True),
        ("#recycle/a.jpg", True),
        ("$RECYCLE.BIN/a.jpg", True),
        ("__MACOSX/._a.jpg", True),
        ("rose/Thumbs.db", True),
        ("rose/desktop.ini", True),
        ("rose/a.jpg", False),
        ("thumbs/a.jpg", False),
        ("a@eaDir/b.jpg", False),
    ],
)
def test_what_devices_make_for_themselves_is_hidden(path: str, hidden: bool) -> None:
    assert is_hidden(PurePosixPath(path)) == hidden
