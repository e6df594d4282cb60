"""The page on which people rate test pictures, served to this machine alone: ``make rate``."""

import errno
import json
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import ValidationError

from pix2pix.core.errors import InputError, UnreadableError
from pix2pix.pages.own_page import ADDRESS, is_from_own_page
from pix2pix.pages.rating.session import Reply, Sessions

PAGE = Path(__file__).with_name("page.html")
MOST_BODY_BYTES = 4096
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; connect-src 'self'; "
    "script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class RatingServer(ThreadingHTTPServer):
    """Serves the page, the pictures and the state of each rater, and takes the answers.

    Args:
        sessions: what is rated.
        port: on 127.0.0.1; 0 is any free one.
        rater: the name of who rates, where the page need not ask for it.

    Raises:
        InputError: the port is in use or not allowed.
    """

    daemon_threads = True

    def __init__(self, sessions: Sessions, port: int, rater: str = "") -> None:
        self.sessions = sessions
        self.rater = rater
        try:
            super().__init__((ADDRESS, port), RatingHandler)
        except (OSError, OverflowError) as error:
            if isinstance(error, OSError) and error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            raise InputError(
                f"port {port}: {error}; if no other `make rate` is running, name another port: PORT=8766"
            ) from error

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that was closed while it was sent something."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://{ADDRESS}:{self.server_port}/"


class RatingHandler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: RatingServer
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        """Send the page, a rater's state, or a picture."""
        self._respond(self._get)

    def do_POST(self) -> None:
        """Take an answer."""
        self._respond(self._post)

    def _respond(self, action: Any) -> None:
        try:
            header = self.headers.get
            if not is_from_own_page(header("Host", ""), header("Origin"), header("Sec-Fetch-Site")):
                self.close_connection = True
                self._send_json(HTTPStatus.FORBIDDEN, {"error": "only this page may ask"})
                return
            action()
        except (InputError, ValueError) as error:
            self._send_json(HTTPStatus.BAD_REQUEST, {"error": str(error)})
        except ConnectionError:
            raise
        except (UnreadableError, OSError) as error:
            print(f"error: {error}", file=sys.stderr, flush=True)
            self._send_json(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": str(error)})

    def _get(self) -> None:
        url = urlsplit(self.path)
        rater = parse_qs(url.query).get("rater", [""])[0]
        match url.path.split("/")[1:]:
            case [""]:
                self._send(HTTPStatus.OK, "text/html; charset=utf-8", PAGE.read_bytes())
            case ["survey"]:
                self._send_json(HTTPStatus.OK, {"rater": self.server.rater})
            case ["state"]:
                self._send_json(HTTPStatus.OK, self.server.sessions.state(rater))
            case ["picture", key, role]:
                self._send(HTTPStatus.OK, "image/png", self.server.sessions.picture(rater, key, role))
            case _:
                self._send_json(HTTPStatus.NOT_FOUND, {"error": "there is no such page"})

    def _post(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MOST_BODY_BYTES:
            self.close_connection = True
            error = f"an answer has at most {MOST_BODY_BYTES} bytes, and says how many"
            self._send_json(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": error})
            return
        body = self.rfile.read(int(length))
        if self.path != "/answer":
            self._send_json(HTTPStatus.NOT_FOUND, {"error": "there is no such page"})
            return
        if self.headers.get_content_type() != "application/json":
            raise InputError("an answer is application/json")
        try:
            reply = Reply.model_validate_json(body)
        except ValidationError as error:
            problem = error.errors()[0]
            raise InputError(f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['msg']}") from error
        state = self.server.sessions.record(reply)
        self._send_json(HTTPStatus.OK if state["taken"] else HTTPStatus.CONFLICT, state)

    def _send_json(self, status: HTTPStatus, value: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(value).encode())

    def _send(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""
