"""A web server on loopback that can fail as real ones do."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import urlsplit

import pytest

from pix2pix.download import retries

CONTENT = bytes(range(256)) * 4000
PIECE_BYTES = 1 << 16


class Server(ThreadingHTTPServer):
    """Serves ``content`` on loopback; its first answers break off, or fail, as the test says.

    Attributes:
        by_name: other content for files of these names.
        etag: sent with the content; empty is not sent.
        break_off_first: so many first answers stop in the middle.
        can_go_on: whether ranges are honoured.
        ignores_condition: whether they are also where If-Range names another version.
        status: of every answer, where it is not 200.
        pause_s: before each 64 KiB, in s.
        ranges: the Range header of each request, or None.
        statuses: of the answers.
        paths: that were asked for; whole addresses where the server is a proxy.
    """

    content = CONTENT
    by_name: ClassVar[dict[str, bytes]] = {}
    etag = '"version 1"'
    break_off_first = 0
    can_go_on = True
    ignores_condition = False
    status = 200
    pause_s = 0.0
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranges: list[str | None] = []
        self.statuses: list[int] = []
        self.paths: list[str] = []

    def url(self, name: str = "facades.zip") -> str:
        return f"http://127.0.0.1:{self.server_port}/files/{name}?version=1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server, asked = self.server, self.headers["Range"]
        server.ranges.append(asked)
        server.paths.append(self.path)
        if server.status != 200:
            self.send_error(server.status)
            return
        content = server.by_name.get(urlsplit(self.path).path.rsplit("/", 1)[1], server.content)
        start, size = 0, len(content)
        is_same = server.ignores_condition or self.headers["If-Range"] in (None, server.etag)
        if asked and server.can_go_on and is_same:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start >= size > 0:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{size}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        if server.etag:
            self.send_header("ETag", server.etag)
        self.send_header("Content-Length", str(size - start))
        self.end_headers()
        self._send(content[start:])

    def do_HEAD(self) -> None:
        self.send_response(self.server.status)
        self.end_headers()

    def _send(self, body: bytes) -> None:
        if len(self.server.ranges) <= self.server.break_off_first:
            body = body[: len(body) // 2]
        with suppress(ConnectionError):
            for offset in range(0, len(body), PIECE_BYTES):
                time.sleep(self.server.pause_s)
                self.wfile.write(body[offset : offset + PIECE_BYTES])

    def send_response(self, code: int, message: str | None = None) -> None:
        self.server.statuses.append(code)
        super().send_response(code, message)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[None]:
    """Answer requests in a thread until the block ends."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(retries, "FIRST_WAIT_S", 0.01)
    server = Server()
    with serving(server):
        yield server
