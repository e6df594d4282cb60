import http.client
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import PROJECT
from loopback import serving
from rated_pictures import Folders, picture_folders

from pix2pix.pages.rating.answers import read_answers
from pix2pix.pages.rating.server import MOST_BODY_BYTES, RatingServer
from pix2pix.pages.rating.session import Sessions


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return picture_folders(tmp_path, 4)


@pytest.fixture
def server(folders: Folders) -> Iterator[RatingServer]:
    server = RatingServer(Sessions(folders.survey(), folders.ratings), port=0)
    with serving(server):
        yield server


def request(
    server: RatingServer, path: str, body: Any = None, method: str = "", **headers: str
) -> tuple[int, bytes, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    sent = {"Host": f"127.0.0.1:{server.server_port}"}
    if body is not None:
        sent["Content-Type"] = "application/json"
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection.request(method or ("GET" if body is None else "POST"), path, data, sent)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, content, response.headers


def reply(server: RatingServer, **changes: Any) -> dict[str, Any]:
    state = json.loads(request(server, "/state?rater=Ann")[1])
    return {
        "rater": "Ann",
        "item": state["item"],
        "question": state["question"],
        "answer": "7",
        "shown_ms": 900,
        "answer_ms": 900,
        **changes,
    }


def test_it_listens_on_this_machine_alone(server: RatingServer) -> None:
    assert server.server_address[0] == "127.0.0.1"


def test_the_page_needs_nothing_from_elsewhere(server: RatingServer) -> None:
    status, page, headers = request(server, "/")
    assert status == 200 and b"<!doctype html>" in page
    assert b"http:" not in page and b"https:" not in page
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_an_answer_is_on_the_disk_before_the_next_question_comes(
    server: RatingServer, folders: Folders
) -> None:
    for answer in ("7", "3", "10"):
        status, content, _ = request(server, "/answer", reply(server, answer=answer))
        assert status == 200 and json.loads(content)["taken"]
        assert read_answers(folders.ratings / "ann.csv")[-1].answer == answer


def test_an_answer_that_arrives_twice_is_a_conflict_and_not_kept(
    server: RatingServer, folders: Folders
) -> None:
    body = reply(server)
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(request(server, "/answer", body)[0]))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [409] * 7
    assert len(read_answers(folders.ratings / "ann.csv")) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"answer": "11"},
        {"answer": 7},
        {"answer": "real"},
        {"question": "beauty"},
        {"rater": ""},
        {"rater": "a" * 61},
        {"shown_ms": -1},
        {"answer_ms": "soon"},
        {"more": 1},
    ],
)
def test_an_answer_that_is_none_is_refused(
    server: RatingServer, folders: Folders, changes: dict[str, Any]
) -> None:
    status, content, _ = request(server, "/answer", reply(server, **changes))
    assert status == 400 and json.loads(content)["error"]
    assert not list(folders.ratings.glob("*.csv"))


def test_bodies_that_are_no_answers_are_refused(server: RatingServer) -> None:
    assert request(server, "/answer", b"{")[0] == 400
    assert request(server, "/answer", reply(server), Content_Type="text/plain")[0] == 400
    assert request(server, "/answer", b" " * (MOST_BODY_BYTES + 1))[0] == 413
    assert request(server, "/answer", b"", method="POST", Content_Length="many")[0] == 413
    assert request(server, "/elsewhere", reply(server))[0] == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example"},
        {"Host": "rebound.example:8765"},
        {"Host": ""},
        {"Origin": "http://elsewhere.example"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_other_sites_can_neither_look_nor_post(
    server: RatingServer, folders: Folders, headers: dict[str, str]
) -> None:
    assert request(server, "/state?rater=Ann", **headers)[0] == 403
    assert request(server, "/answer", reply(server), **headers)[0] == 403
    assert not list(folders.ratings.glob("*.csv"))


def test_the_page_itself_may_by_either_name(server: RatingServer) -> None:
    for host in (f"127.0.0.1:{server.server_port}", f"localhost:{server.server_port}", "localhost:1234"):
        headers = {"Host": host, "Origin": f"http://{host}", "Sec_Fetch_Site": "same-origin"}
        assert request(server, "/answer", reply(server), **headers)[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/../model.safetensors",
        "/picture/../../model.safetensors",
        "/picture/..%2f..%2fmodel/input",
        "/picture//etc/passwd",
        "/results/class_0/0.png",
        "//etc/passwd",
        "/picture/%00/input?rater=Ann",
        "http://[bad/",
    ],
)
def test_nothing_but_what_is_asked_about_is_served(server: RatingServer, path: str) -> None:
    status, content, _ = request(server, path)
    assert status in (400, 404) and "error" in json.loads(content)


def test_a_picture_comes_as_png(server: RatingServer) -> None:
    item = reply(server)["item"]
    status, content, headers = request(server, f"/picture/{item}/output?rater=Ann")
    assert (status, headers["Content-Type"], headers["Cache-Control"]) == (200, "image/png", "no-store")
    assert content.startswith(b"\x89PNG")
    assert request(server, f"/picture/{item}/target?rater=Ann")[0] == 400


def test_a_damaged_file_of_answers_is_told_to_the_rater(server: RatingServer, folders: Folders) -> None:
    folders.ratings.mkdir()
    (folders.ratings / "ann.csv").write_text("<<<<<<< HEAD\n")
    status, content, _ = request(server, "/state?rater=Ann")
    assert status == 400 and "ann.csv" in json.loads(content)["error"]


def run_server(folders: Folders, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pix2pix", "rate", "--no-browser", *folders.arguments(), *options]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=60)


def test_a_port_in_use_is_said(folders: Folders) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run_server(folders, f"--port={port}")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(f"error: port {port}: ") and "PORT=8766" in done.stderr


def test_bad_arguments_are_said_in_one_line(folders: Folders) -> None:
    for option, message in (
        ("--n=5", "5 pictures are to be rated"),
        ("--port=99999", "port 99999"),
        (f"--rater={'a' * 61}", "1 to 60 printable characters"),
    ):
        done = run_server(folders, option)
        assert done.returncode == 1 and done.stderr.startswith("error: ") and message in done.stderr
        assert len(done.stderr.splitlines()) == 1
