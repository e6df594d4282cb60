"""The page's server in its own process, and a client that speaks to it as the page does."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from conftest import PROJECT

API = "/gradio_api"
LIMIT_S = 60
# Says which other machines the process asks for anything.
WATCHED = """
import runpy, sys
def watch(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple) and arguments[1][0] != "127.0.0.1":
        print("CONNECTS", arguments[1], file=sys.stderr, flush=True)
    if event == "socket.getaddrinfo" and arguments[0] not in ("127.0.0.1", "localhost", None):
        print("LOOKS UP", arguments[0], file=sys.stderr, flush=True)
sys.addaudithook(watch)
sys.argv[:1] = ["pix2pix", "demo"]
runpy.run_module("pix2pix", run_name="__main__")
"""


class Demo(NamedTuple):
    """A running server: its process, its address, and the file that its errors go to."""

    process: subprocess.Popen[str]
    url: str
    errors: Path

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(LIMIT_S)


@contextmanager
def demo_server(root: Path, *options: str) -> Iterator[Demo]:
    """The server of a project's folder; it ends with the block."""
    errors = root / "errors.txt"
    command = [sys.executable, "-c", WATCHED, "--no-browser", "--accelerator=cpu", "--port=0", *options]
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1", "TMPDIR": str(root)}
    with errors.open("w") as stderr:
        process = subprocess.Popen(
            command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True
        )
    try:
        assert process.stdout is not None
        lines = []
        url = None
        for line in process.stdout:
            lines.append(line)
            if url := re.search(r"http://127\.0\.0\.1:\d+", line):
                break
        assert url, (lines, errors.read_text())
        yield Demo(process, url[0], errors)
    finally:
        process.kill()
        process.wait()


class Visitor:
    """One who uses the page, without a browser."""

    def __init__(self, url: str, session: str = "visitor") -> None:
        self._client = httpx.Client(base_url=url, timeout=LIMIT_S, trust_env=False)
        self._session = session
        config = self._client.get("/config").raise_for_status().json()
        photo = next(part["id"] for part in config["components"] if part["type"] == "image")
        changed = [photo, "change"]
        self._translate = next(
            call["id"] for call in config["dependencies"] if changed in map(list, call["targets"])
        )

    def post(self, path: str, **body: Any) -> httpx.Response:
        return self._client.post(f"{API}{path}", **body)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self._client.get(path, **options)

    def upload(self, name: str, content: bytes) -> str:
        """Upload a file, and return its path on the server."""
        path: str = self.post("/upload", files={"files": (name, content)}).raise_for_status().json()[0]
        return path

    def join(self, picture: Any, model: str, **changes: Any) -> httpx.Response:
        """Ask for a translation."""
        values = {"fit": "auto", "prepare": True, "keep": True} | changes
        data = [model, None, picture, None, values["fit"], values["prepare"], values["keep"]]
        body = {"data": data, "fn_index": self._translate, "session_hash": self._session}
        return self.post("/queue/join", json=body)

    def outcome(self) -> dict[str, Any]:
        """Wait for what was asked for: ``{"success": bool, "output": ...}``."""
        with self._client.stream("GET", f"{API}/queue/data", params={"session_hash": self._session}) as lines:
            for line in lines.iter_lines():
                message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                if message.get("msg") == "process_completed":
                    return {"success": message["success"], "output": message["output"]}
        raise AssertionError("no outcome")

    def translate(self, path: str, model: str, **changes: Any) -> dict[str, Any]:
        """Translate an uploaded picture."""
        self.join(uploaded(path), model, **changes).raise_for_status()
        return self.outcome()

    def download(self, outcome: dict[str, Any]) -> bytes:
        """The bytes behind the button."""
        file = outcome["output"]["data"][2]["value"]
        return self.get(f"{API}/file={file['path']}").raise_for_status().content


def uploaded(path: str) -> dict[str, Any]:
    """A file as the page names it."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}}
