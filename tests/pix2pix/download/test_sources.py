import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from loopback import Server, server

from pix2pix.core.errors import InputError
from pix2pix.download.sources import is_address, open_source

__all__ = ["server"]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as file:
        file.writestr("rose/a.png", b"aaaa")
    return tmp_path / "photos.zip"


def opened(source: str, tmp_path: Path, sha256: str = "") -> AbstractContextManager[Path]:
    """Open a source with a folder of downloads that stays, as after a killed run."""

    @contextmanager
    def downloads() -> Iterator[Path]:
        (tmp_path / "downloads").mkdir(exist_ok=True)
        yield tmp_path / "downloads"

    return open_source(source, tmp_path / "scratch", downloads(), sha256=sha256, max_gb=1)


def left(tmp_path: Path) -> list[str]:
    """The files that are left, but for what tells the version of a download."""
    return sorted(path.name for path in tmp_path.rglob("*.*") if path.suffix != ".version")


def test_folder_is_used_as_it_is(tmp_path: Path) -> None:
    with opened(str(tmp_path), tmp_path) as folder:
        assert folder == tmp_path and not list(tmp_path.iterdir())


def test_hash_of_a_folder_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match="is a folder, and only archives"),
        opened(str(tmp_path), tmp_path, "00"),
    ):
        pass


def test_archive_is_unpacked_and_cleared_away(archive: Path, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    with opened(str(archive), tmp_path, sha256) as folder:
        assert (folder / "rose/a.png").read_bytes() == b"aaaa"
    assert [path.name for path in tmp_path.iterdir()] == ["photos.zip"]


def test_archive_is_downloaded(archive: Path, tmp_path: Path, server: Server) -> None:
    server.content = archive.read_bytes()
    with opened(server.url("flowers.zip"), tmp_path) as folder:
        assert (folder / "rose/a.png").read_bytes() == b"aaaa"
    assert left(tmp_path) == ["flowers.zip", "photos.zip"] and not (tmp_path / "scratch").exists()


def test_wrong_bytes_are_refused_and_not_kept(archive: Path, tmp_path: Path, server: Server) -> None:
    for source in (str(archive), server.url("flowers.zip")):
        with (
            pytest.raises(InputError, match=f"expected source_sha256: {'0' * 64}"),
            opened(source, tmp_path, "0" * 64),
        ):
            pass
    assert left(tmp_path) == ["photos.zip"]


def test_damaged_download_is_not_kept(tmp_path: Path, server: Server) -> None:
    with pytest.raises(InputError, match="cannot be unpacked"), opened(server.url("flowers.zip"), tmp_path):
        pass
    assert left(tmp_path) == []


def test_refused_download_is_kept(archive: Path, tmp_path: Path, server: Server) -> None:
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("../evil.png", b"x")
    server.content = archive.read_bytes()
    with pytest.raises(InputError, match="leads out"), opened(server.url("flowers.zip"), tmp_path):
        pass
    assert left(tmp_path) == ["flowers.zip", "photos.zip"] and not (tmp_path / "scratch").exists()


def test_source_that_is_neither_is_refused(tmp_path: Path, server: Server) -> None:
    (tmp_path / "notes.txt").touch()
    for source, message in (
        (str(tmp_path / "notes.txt"), r"is no folder, and no archive.*\.zip"),
        (str(tmp_path / "none"), "nothing at .*none"),
        (server.url("notes.txt"), r"is no folder, and no archive.*\.zip"),
        ("nowhere://bucket/photos", "Protocol not known: nowhere"),
    ):
        with pytest.raises(InputError, match=message), opened(source, tmp_path):
            pass
    assert server.ranges == []


def test_refused_archive_leaves_nothing(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("../evil.png", b"x")
    with pytest.raises(InputError, match="leads out"), opened(str(archive), tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["photos.zip"]


def test_addresses_are_told_from_paths() -> None:
    assert is_address("https://example.org/a.zip") and is_address("s3://bucket/a")
    assert not is_address("/data/http/a.zip") and not is_address("data/input") and not is_address("C:/a")
