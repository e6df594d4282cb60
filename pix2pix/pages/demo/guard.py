"""What the page's server takes: requests of its own page, of bounded size, that name uploaded files only."""

import json
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.responses import JSONResponse

from pix2pix.pages.demo.uploads import is_inside
from pix2pix.pages.own_page import is_from_own_page

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MEGABYTE = 2**20
MOST_UPLOAD_MB = 100
MOST_FORM_BYTES = MEGABYTE // 16  # of an upload, beside the file itself
MOST_CALL_BYTES = MEGABYTE
API = "/gradio_api/"
FILE = f"{API}file="
UPLOAD = f"{API}upload"
CALL = f"{API}queue/join"
# Gradio serves more: fetching other addresses for the browser, calls past the queue, editing its own code.
READ = frozenset(
    {"/", "/config", "/theme.css", "/favicon.ico", "/manifest.json", "/robots.txt"}
    | {API + name for name in ("startup-events", "upload_progress", "queue/data", "info", "theme.css")}
)
READ_BELOW = ("/assets/", "/static/", f"{API}heartbeat/", FILE)
WRITTEN = frozenset({UPLOAD, CALL, f"{API}cancel", f"{API}reset"})


class Guard:
    """Refuses what the page itself does not ask for, before Gradio sees it.

    Args:
        app: what answers the rest.
        files: the folder that uploads and results lie in; no other file is read or sent.
    """

    def __init__(self, app: App, files: Path) -> None:
        self._app = app
        self._files = files.resolve()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request (ASGI)."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            refusal = self._refusal(scope)
            if refusal is None and scope["path"].rstrip("/") == CALL:
                refusal, receive = await self._read_call(receive)
            elif refusal is None:
                receive = _bounded(receive, MOST_UPLOAD_MB * MEGABYTE + MOST_FORM_BYTES)
            if refusal is None:
                await self._app(scope, receive, send)
            else:
                status, reason = refusal
                await JSONResponse({"detail": reason}, status)(scope, receive, send)

    def is_ours(self, path: str) -> bool:
        """Whether a path names an uploaded file, or a result."""
        return is_inside(path, self._files)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        header = Headers(scope=scope).get
        if not is_from_own_page(header("host", ""), header("origin"), header("sec-fetch-site")):
            return 403, "only this page may ask"
        method, path = scope["method"], scope["path"]
        if method in ("GET", "HEAD"):
            known = path in READ or path.startswith(READ_BELOW)
        else:
            known = method == "POST" and path.rstrip("/") in WRITTEN
        if not known:
            return 404, "there is no such page"
        if path.startswith(FILE) and not self.is_ours(path.removeprefix(FILE)):
            return 403, "only uploaded pictures and their results are sent"
        length = header("content-length", "")
        most = MOST_UPLOAD_MB * MEGABYTE if path.rstrip("/") == UPLOAD else MOST_CALL_BYTES
        if length and (not length.isdecimal() or int(length) > most + MOST_FORM_BYTES):
            return 413, f"at most {most // MEGABYTE} MB are taken at once"
        return None

    async def _read_call(self, receive: Receive) -> tuple[tuple[int, str] | None, Receive]:
        """Read a call, and refuse it where it names a file that was not uploaded."""
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message["type"] == "http.request" and message.get("more_body", False)
            if len(body) > MOST_CALL_BYTES:
                return (413, f"a call has at most {MOST_CALL_BYTES // MEGABYTE} MB"), receive
        try:
            foreign = [path for path in _paths(json.loads(body)) if not self.is_ours(path)]
        except (ValueError, RecursionError):
            return (400, "a call is JSON"), receive
        if foreign:
            return (403, f"no uploaded picture: {foreign[0][:200]}"), receive
        return None, _replayed(body, receive)


def _paths(value: Any) -> Iterator[str]:
    """Yield all that stands for a file in a call."""
    if isinstance(value, dict):
        if "path" in value:
            yield str(value["path"])
        if str(value.get("url") or "").startswith("data:"):
            yield "a data: address"
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _paths(item)


def _bounded(receive: Receive, most_bytes: int) -> Receive:
    """Break an upload off that is longer, or that the browser gave up, so that its parts are deleted."""
    taken = 0

    async def receive_bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most_bytes:
            raise MultiPartException(f"over the maximum allowed size of {most_bytes // MEGABYTE} MB")
        if taken and message["type"] == "http.disconnect":
            raise MultiPartException("broken off")
        return message

    return receive_bounded


def _replayed(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def receive_again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
