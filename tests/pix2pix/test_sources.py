import hashlib
import zipfile
from pathlib import Path

import pytest
from loopback import Server, server

from pix2pix.errors import InputError
from pix2pix.sources import open_source

__all__ = ["server"]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as file:
        file.writestr("rose/a.png", b"aaaa")
    return tmp_path / "photos.zip"


def test_folder_is_used_as_it_is(tmp_path: Path) -> None:
    with open_source(str(tmp_path), tmp_path / "scratch", sha256="", max_gb=1) as folder:
        assert folder == tmp_path


def test_archive_is_unpacked_and_cleared_away(archive: Path, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    with open_source(str(archive), tmp_path / "scratch", sha256=sha256, max_gb=1) as folder:
        assert (folder / "rose/a.png").read_bytes() == b"aaaa"
    assert [path.name for path in tmp_path.iterdir()] == ["photos.zip"]


def test_archive_is_downloaded(archive: Path, tmp_path: Path, server: Server) -> None:
    server.content = archive.read_bytes()
    with open_source(server.url("photos.zip"), tmp_path / "scratch", sha256="", max_gb=1) as folder:
        assert (folder / "rose/a.png").read_bytes() == b"aaaa"
    assert [path.name for path in tmp_path.iterdir()] == ["photos.zip"]


def test_wrong_bytes_are_refused_and_not_kept(archive: Path, tmp_path: Path, server: Server) -> None:
    for source in (str(archive), server.url("photos.zip")):
        with (
            pytest.raises(InputError, match=f"expected source_sha256: {'0' * 64}"),
            open_source(source, tmp_path / "scratch", sha256="0" * 64, max_gb=1),
        ):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["photos.zip"]


def test_source_that_is_neither_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    for name, message in (
        ("notes.txt", r"is no folder, and no archive.*\.zip"),
        ("none", "nothing at .*none"),
    ):
        with (
            pytest.raises(InputError, match=message),
            open_source(str(tmp_path / name), tmp_path / "scratch", sha256="", max_gb=1),
        ):
            pass


def test_refused_archive_leaves_nothing(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("../evil.png", b"x")
    with (
        pytest.raises(InputError, match="leads out"),
        open_source(str(archive), tmp_path / "scratch", sha256="", max_gb=1),
    ):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["photos.zip"]
