import io
import json
import sys
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from loopback import serving

from pix2pix.core.errors import InputError
from pix2pix.download.kaggle import fetch_kaggle

KAGGLES_TEST_PORT = 7777  # where kagglehub looks for Kaggle in its own tests


class Kaggle(BaseHTTPRequestHandler):
    """The two answers of Kaggle that a download takes."""

    status = 200
    archive = b""
    ranges: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        request = self.path.rsplit("/", 1)[1]
        if self.status != 200:
            self._send(self.status, b"{}", "application/json")
        elif request == "GetDataset":
            self._send(200, json.dumps({"currentVersionNumber": 3}).encode(), "application/json")
        else:
            self._send(200, self.archive, "application/zip")

    def do_GET(self) -> None:
        """Send the rest of the archive."""
        self.ranges.append(self.headers["Range"])
        start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        self._send(206, self.archive[start:], "application/zip")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def kaggle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Kaggle]]:
    """Kaggle on loopback, with a set of pairs and another file."""
    pytest.importorskip("kagglehub", reason="needs the extra kaggle")
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "TEST")
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("KAGGLEHUB_CACHE", "")  # restored at the end of the test
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("maps/maps/train/1.jpg", b"map")
        file.writestr("facades/facades/train/1.jpg", b"facade")
    monkeypatch.setattr(Kaggle, "archive", archive.getvalue())
    monkeypatch.setattr(Kaggle, "ranges", [])
    try:
        server = ThreadingHTTPServer(("127.0.0.1", KAGGLES_TEST_PORT), Kaggle)
    except OSError:
        pytest.skip(f"port {KAGGLES_TEST_PORT} is in use")
    with serving(server):
        yield Kaggle


def test_folder_of_a_set_is_downloaded_and_unpacked(kaggle: type[Kaggle], tmp_path: Path) -> None:
    folder = fetch_kaggle("kaggle://owner/pairs/maps", tmp_path / "work")
    assert (folder / "maps/train/1.jpg").read_bytes() == b"map"
    assert folder.is_relative_to(tmp_path / "work")


def test_download_that_broke_off_is_gone_on_with(kaggle: type[Kaggle], tmp_path: Path) -> None:
    left = tmp_path / "work/datasets/owner/pairs/3.archive"
    left.parent.mkdir(parents=True)
    left.write_bytes(kaggle.archive[:100])
    folder = fetch_kaggle("kaggle://owner/pairs", tmp_path / "work")
    assert (folder / "facades/facades/train/1.jpg").read_bytes() == b"facade"
    assert kaggle.ranges == ["bytes=100-"]


def test_missing_folder_is_told_with_those_that_are_there(kaggle: type[Kaggle], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no folder shoes; there is facades, maps"):
        fetch_kaggle("kaggle://owner/pairs/shoes", tmp_path)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_refusal_is_told_with_what_to_do(
    kaggle: type[Kaggle], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(kaggle, "status", status)
    with pytest.raises(InputError, match=r"kaggle://owner/pairs: .*(?s:.)*KAGGLE_API_TOKEN.*dataset: folder"):
        fetch_kaggle("kaggle://owner/pairs", tmp_path)


def test_unreachable_kaggle_is_told(
    kaggle: type[Kaggle], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    with pytest.raises(InputError, match=r"kaggle://owner/pairs: .*refused"):
        fetch_kaggle("kaggle://owner/pairs", tmp_path)


def test_missing_package_is_told_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(InputError, match=r"pip install -e '\.\[kaggle\]'"):
        fetch_kaggle("kaggle://owner/pairs", tmp_path)
