import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from pix2pix.pages.demo.guard import MEGABYTE, Guard, Receive, Scope, Send


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the body."""
    body = await Request(scope, receive).body()
    await PlainTextResponse(body)(scope, receive, send)


def ask(files: Path, method: str, path: str, **options: Any) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(Guard(echo, files))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7860") as client:
            return await client.request(method, path, **options)

    return anyio.run(asked)


def call(files: Path, data: Any) -> httpx.Response:
    return ask(files, "POST", "/gradio_api/queue/join", content=json.dumps({"data": data}))


@pytest.mark.parametrize("path", ["/", "/config", "/assets/index.js", "/gradio_api/queue/data"])
def test_the_page_gets_what_it_needs(tmp_path: Path, path: str) -> None:
    assert ask(tmp_path, "GET", path).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/gradio_api/proxy=http://127.0.0.1:22/"),
        ("GET", "/monitoring/summary"),
        ("POST", "/gradio_api/run/translate"),
        ("POST", "/gradio_api/call/translate"),
        ("POST", "/gradio_api/component_server"),
        ("POST", "/gradio_api/vibe-edit"),
        ("DELETE", "/"),
    ],
)
def test_what_the_page_does_not_use_is_not_there(tmp_path: Path, method: str, path: str) -> None:
    assert ask(tmp_path, method, path).status_code == 404


@pytest.mark.parametrize(
    "headers", [{"Host": "example.org"}, {"Origin": "http://example.org"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_other_sites_are_refused(tmp_path: Path, headers: dict[str, str]) -> None:
    assert ask(tmp_path, "GET", "/", headers=headers).status_code == 403
    assert ask(tmp_path, "POST", "/gradio_api/upload", headers=headers).status_code == 403


def test_files_outside_are_not_sent(tmp_path: Path) -> None:
    (tmp_path / "in.png").touch()
    assert ask(tmp_path, "GET", f"/gradio_api/file={tmp_path}/in.png").status_code == 200
    for path in ("/etc/passwd", f"{tmp_path}/%2e%2e/x", "http://example.org/a.png", "models/g.safetensors"):
        assert ask(tmp_path, "GET", f"/gradio_api/file={path}").status_code == 403


def test_calls_name_uploaded_files_only(tmp_path: Path) -> None:
    inside = {"path": f"{tmp_path}/a.png", "url": f"http://127.0.0.1:7860/gradio_api/file={tmp_path}/a.png"}
    assert call(tmp_path, [inside, None, "text", 3]).json()["data"] == [inside, None, "text", 3]
    foreign: list[Any] = [
        {"path": "/etc/passwd"},
        {"path": f"{tmp_path}/../passwd"},
        {"path": "file:///etc/passwd"},
        {"path": "http://127.0.0.1:22/"},
        {"path": "https://huggingface.co/a.png"},
        {"path": None},
        {"path": f"{tmp_path}/a.png", "url": "data:image/png;base64,AAAA"},
        {"deep": [[{"path": "/etc/passwd"}]]},
    ]
    for value in foreign:
        answer = call(tmp_path, [inside, value])
        assert answer.status_code == 403 and "no uploaded picture" in answer.json()["detail"]


def test_calls_that_are_no_json_or_too_deep_are_refused(tmp_path: Path) -> None:
    for content in (b"{", b"\xff", b"[" * 200_000):
        answer = ask(tmp_path, "POST", "/gradio_api/queue/join", content=content)
        assert answer.status_code == 400


async def megabytes(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield bytes(MEGABYTE)


def test_calls_that_are_too_long_are_refused_whether_they_say_so_or_not(tmp_path: Path) -> None:
    path = "/gradio_api/queue/join"
    assert ask(tmp_path, "POST", path, content=bytes(2 * MEGABYTE)).status_code == 413
    assert ask(tmp_path, "POST", path, content=megabytes(2)).status_code == 413


def test_an_upload_that_says_its_length_is_refused_before_it_is_read(tmp_path: Path) -> None:
    answer = ask(tmp_path, "POST", "/gradio_api/upload", headers={"Content-Length": str(200 * MEGABYTE)})
    assert answer.status_code == 413 and "100 MB" in answer.json()["detail"]
