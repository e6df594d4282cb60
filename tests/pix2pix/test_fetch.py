from pathlib import Path

import pytest
from loopback import CONTENT, Server, server

from pix2pix.errors import InputError
from pix2pix.fetch import fetch, is_address

__all__ = ["server"]


def test_file_comes_whole_under_its_name(server: Server, tmp_path: Path) -> None:
    path = fetch(server.url(), tmp_path)
    assert path == tmp_path / "facades.zip" and path.read_bytes() == CONTENT
    assert list(tmp_path.iterdir()) == [path]


def test_download_that_breaks_off_goes_on_where_it_was(server: Server, tmp_path: Path) -> None:
    server.break_off_first = 2
    assert fetch(server.url(), tmp_path).read_bytes() == CONTENT
    starts = [int(asked.removeprefix("bytes=").removesuffix("-")) for asked in server.ranges[1:] if asked]
    assert server.ranges[0] is None and len(starts) == 2 and 0 < starts[0] < starts[1]


def test_server_that_cannot_go_on_starts_afresh(server: Server, tmp_path: Path) -> None:
    server.break_off_first, server.can_go_on = 1, False
    assert fetch(server.url(), tmp_path).read_bytes() == CONTENT


def test_server_that_always_breaks_off_is_given_up(server: Server, tmp_path: Path) -> None:
    server.break_off_first, server.can_go_on = 99, False
    with pytest.raises(InputError, match="gave up after 5 attempts"):
        fetch(server.url(), tmp_path)
    assert len(server.ranges) == 5 and list(tmp_path.iterdir()) == []


def test_missing_file_is_told_at_once(server: Server, tmp_path: Path) -> None:
    server.status = 404
    with pytest.raises(InputError, match="404"):
        fetch(server.url(), tmp_path)
    assert len(server.ranges) == 1 and list(tmp_path.iterdir()) == []


def test_busy_server_is_asked_again(server: Server, tmp_path: Path) -> None:
    server.status = 503
    with pytest.raises(InputError, match="gave up after 5 attempts: 503"):
        fetch(server.url(), tmp_path)
    assert len(server.ranges) == 5


def test_addresses_are_told_from_paths() -> None:
    assert is_address("https://example.org/a.zip") and is_address("http://127.0.0.1/a")
    assert not is_address("/data/http/a.zip") and not is_address("data/input")
