import importlib.util
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from object_store import CREDENTIALS
from object_store import endpoint as endpoint  # a fixture

from pix2pix.core.errors import InputError
from pix2pix.download import retries
from pix2pix.download.buckets import fetch_stored

FILES = {"photos/rose/a.png": b"a" * 3_000_000, "photos/b.png": b"b", "photos.zip": bytes(range(256))}


@pytest.fixture
def store(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A bucket with ``FILES``, on which the environment points."""
    import s3fs

    for name, value in {"AWS_ENDPOINT_URL": endpoint, **CREDENTIALS}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(retries, "FIRST_WAIT_S", 0.01)
    requests.post(f"{endpoint}/moto-api/reset", timeout=10)
    s3fs.S3FileSystem.clear_instance_cache()
    store = s3fs.S3FileSystem()
    store.mkdir("bucket")
    for name, content in FILES.items():
        store.pipe(f"bucket/{name}", content)
    return store


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


PHOTOS = {name.removeprefix("photos/"): content for name, content in FILES.items() if "/" in name}


@pytest.mark.parametrize("slash", ["", "/"])
def test_folder_comes_whole(store: Any, tmp_path: Path, slash: str) -> None:
    assert files_in(fetch_stored(f"s3://bucket/photos{slash}", tmp_path)) == PHOTOS


def test_archive_comes_as_one_file(store: Any, tmp_path: Path) -> None:
    path = fetch_stored("s3://bucket/photos.zip", tmp_path)
    assert path.name == "photos.zip" and path.read_bytes() == FILES["photos.zip"]


def test_what_is_there_is_not_asked_for_again(
    store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fetch_stored("s3://bucket/photos", tmp_path)
    (folder / "rose/a.png").unlink()
    (folder / "rose/.a.png.partial").write_bytes(PHOTOS["rose/a.png"][:2_000_000])
    opened: list[str] = []
    starts: list[int] = []
    real = type(store)._open

    def watched(self: Any, path: str, *args: Any, **options: Any) -> Any:
        file = real(self, path, *args, **options)
        opened.append(path)
        seek = file.seek
        file.seek = lambda offset, whence=0: starts.append(offset) or seek(offset, whence)
        return file

    monkeypatch.setattr(type(store), "_open", watched)
    assert files_in(fetch_stored("s3://bucket/photos", tmp_path)) == PHOTOS
    assert opened == ["bucket/photos/rose/a.png"] and starts == [2_000_000]


def test_two_versions_are_never_mixed(store: Any, tmp_path: Path) -> None:
    folder = fetch_stored("s3://bucket/photos", tmp_path)
    (folder / "rose/a.png").rename(folder / "rose/.a.png.partial")
    store.pipe("bucket/photos/rose/a.png", b"c" * 3_000_000)
    found = files_in(fetch_stored("s3://bucket/photos", tmp_path))
    assert found == PHOTOS | {"rose/a.png": b"c" * 3_000_000}
    assert len(list(tmp_path.iterdir())) == 1


def test_connection_that_breaks_off_is_tried_again(
    store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = type(store)._open
    failures = []

    def breaks_off_once(*args: Any, **options: Any) -> Any:
        if not failures:
            failures.append(1)
            raise ConnectionResetError("reset by peer")
        return real(*args, **options)

    monkeypatch.setattr(type(store), "_open", breaks_off_once)
    assert files_in(fetch_stored("s3://bucket/photos", tmp_path)) == PHOTOS and failures


@pytest.mark.parametrize("address", ["s3://bucket/none", "s3://none/photos"])
def test_missing_folder_is_told_at_once(store: Any, tmp_path: Path, address: str) -> None:
    start = time.monotonic()
    with pytest.raises(InputError, match=f"source: {address}: "):
        fetch_stored(address, tmp_path)
    assert time.monotonic() - start < 10 and not list(tmp_path.iterdir())


def test_name_that_leads_out_is_refused(store: Any, tmp_path: Path) -> None:
    store.pipe("bucket/photos/../../evil.png", b"evil")
    with pytest.raises(InputError, match="leads out of the folder"):
        fetch_stored("s3://bucket/photos", tmp_path / "deep/work")
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.skipif(importlib.util.find_spec("gcsfs") is not None, reason="needs gcsfs to be missing")
def test_missing_package_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"source: gs://bucket/photos: .*gcsfs"):
        fetch_stored("gs://bucket/photos", tmp_path)


def test_store_that_is_not_there_is_given_up(
    store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    type(store).clear_instance_cache()
    with pytest.raises(InputError, match="gave up after 5 attempts"):
        fetch_stored("s3://bucket/photos", tmp_path)
    assert not list(tmp_path.iterdir())
