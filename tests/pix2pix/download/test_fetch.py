from pathlib import Path

import pytest
from loopback import CONTENT, Server, server

from pix2pix.core.errors import InputError
from pix2pix.download.fetch import fetch

__all__ = ["server"]


def test_file_comes_whole_under_its_name(server: Server, tmp_path: Path) -> None:
    path = fetch(server.url(), tmp_path)
    assert path == tmp_path / "facades.zip" and path.read_bytes() == CONTENT
    assert server.ranges == [None]


def test_download_that_breaks_off_goes_on_where_it_was(server: Server, tmp_path: Path) -> None:
    server.break_off_first = 2
    assert fetch(server.url(), tmp_path).read_bytes() == CONTENT
    assert server.ranges[0] is None and 0 < start_of(server.ranges[1]) < start_of(server.ranges[2])


def test_server_that_cannot_go_on_starts_afresh(server: Server, tmp_path: Path) -> None:
    server.break_off_first, server.can_go_on = 1, False
    assert fetch(server.url(), tmp_path).read_bytes() == CONTENT


def test_server_that_always_breaks_off_is_given_up(server: Server, tmp_path: Path) -> None:
    server.break_off_first, server.can_go_on = 99, False
    with pytest.raises(InputError, match=r"gave up after 5 attempts.*set dataset: folder and source:"):
        fetch(server.url(), tmp_path)
    assert len(server.ranges) == 5


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


def start_of(asked: str | None) -> int:
    return int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0


def broken_off(server: Server, folder: Path) -> int:
    """Let all attempts of a first run break off, and return the bytes that it left."""
    server.ranges.clear()
    server.break_off_first = 5
    with pytest.raises(InputError, match="gave up"):
        fetch(server.url(), folder)
    server.ranges.clear()
    server.break_off_first = 0
    return (folder / "facades.zip").stat().st_size


def test_next_run_asks_for_the_rest_only(server: Server, tmp_path: Path) -> None:
    left = broken_off(server, tmp_path)
    assert fetch(server.url(), tmp_path).read_bytes() == CONTENT
    assert server.ranges == [f"bytes={left}-"] and 0 < left < len(CONTENT)


def test_two_versions_of_a_file_are_never_mixed(server: Server, tmp_path: Path) -> None:
    broken_off(server, tmp_path)
    server.content, server.etag = CONTENT[::-1], '"version 2"'
    assert fetch(server.url(), tmp_path).read_bytes() == CONTENT[::-1]
    server.content, server.etag = CONTENT[:9], '"version 3"'
    assert fetch(server.url(), tmp_path).read_bytes() == CONTENT[:9]


def test_download_without_a_version_starts_afresh(server: Server, tmp_path: Path) -> None:
    for etag in ("", 'W/"weak"'):
        server.etag = etag
        broken_off(server, tmp_path)
        server.content = server.content[::-1]
        assert fetch(server.url(), tmp_path).read_bytes() == server.content
        assert server.ranges == [None]


def test_server_that_ignores_the_condition_is_not_trusted(server: Server, tmp_path: Path) -> None:
    broken_off(server, tmp_path)
    (tmp_path / "facades.zip.version").write_text('"version 0"')
    (tmp_path / "facades.zip").write_bytes(b"version 0")
    server.ignores_condition = True
    assert fetch(server.url(), tmp_path).read_bytes() == CONTENT


def test_finished_download_is_not_repeated_until_the_file_changes(server: Server, tmp_path: Path) -> None:
    for _ in range(2):
        assert fetch(server.url(), tmp_path).read_bytes() == CONTENT
    server.content, server.etag = CONTENT[::-1], '"version 2"'
    assert fetch(server.url(), tmp_path).read_bytes() == CONTENT[::-1]
    assert server.statuses == [200, 416, 200]


@pytest.mark.parametrize("url", ["http://", "http://[::1/a.zip"])
def test_malformed_address_is_told_at_once(url: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="source: http://"):
        fetch(url, tmp_path)
