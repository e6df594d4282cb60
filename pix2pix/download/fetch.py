"""Downloads over HTTP, with progress; after a break they are tried again and continue where they were."""

from pathlib import Path
from urllib.parse import urlsplit

import requests

from pix2pix.core.errors import InputError
from pix2pix.core.progress import Progress
from pix2pix.download.retries import retried

TIMEOUT_S = 60.0
CHUNK_BYTES = 1 << 18
# HTTP status codes.
PARTIAL_CONTENT = 206
RANGE_NOT_SATISFIABLE = 416
SERVER_ERROR = 500
TO_TRY_AGAIN = (408, 429)  # request timeout, too many requests


def file_name(url: str) -> str:
    """The name of the file at an address.

    Raises:
        InputError: the address is malformed.
    """
    try:
        return Path(urlsplit(url).path).name or "download"
    except ValueError as error:
        raise InputError(f"source: {url}: {error}") from error


def fetch(url: str, folder: Path) -> Path:
    """Download ``url`` into ``folder`` under its own name.

    A file that an earlier run left unfinished is continued if it is of the same version, which the server
    tells by an ETag or a date. Without these, and where the server cannot continue, the download starts anew.

    Args:
        url: ``http://`` or ``https://``.
        folder: where the file goes; made where it is missing.

    Returns:
        the path of the file.

    Raises:
        InputError: the address is malformed, or the server refuses or breaks off again and again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / file_name(url)
    retried(url, lambda: _fetch_rest(url, target), OSError, _is_final)
    return target


def _is_final(error: Exception) -> bool:
    """Whether another attempt would fail too: a full disk, a malformed address, an answer such as 404."""
    if not isinstance(error, requests.RequestException):
        return True
    if error.response is None:
        return isinstance(error, ValueError)
    return error.response.status_code < SERVER_ERROR and error.response.status_code not in TO_TRY_AGAIN


def _fetch_rest(url: str, target: Path) -> None:
    """Download what ``target`` does not hold yet, or all of it where the server cannot go on."""
    version = target.with_name(f"{target.name}.version")
    known = version.read_text() if version.exists() else ""
    done = target.stat().st_size if known and target.exists() else 0
    headers = {"Accept-Encoding": "identity"}
    if done:
        headers |= {"Range": f"bytes={done}-", "If-Range": known}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
        if done and response.status_code == RANGE_NOT_SATISFIABLE:
            if response.headers.get("Content-Range", "") == f"bytes */{done}":
                return  # nothing is missing
            version.unlink()
            raise requests.ConnectionError("the file has changed on the server")
        response.raise_for_status()
        goes_on = response.status_code == PARTIAL_CONTENT
        is_rest = response.headers.get("Content-Range", "").startswith(f"bytes {done}-")
        if goes_on and not (is_rest and _version(response) in ("", known)):
            version.unlink()
            raise requests.ConnectionError("the server sent another part than the one asked for")
        if not goes_on:
            target.unlink(missing_ok=True)  # before the version, so that no two are mixed
            version.write_text(_version(response))
        _append(response, target, done if goes_on else 0)


def _version(response: requests.Response) -> str:
    """The server's mark of this version of a file, byte for byte; empty where it gives none."""
    tag = response.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified", "")


def _append(response: requests.Response, target: Path, done: int) -> None:
    """Append what the server sends to ``target``, which holds ``done`` bytes."""
    length = response.headers.get("Content-Length")
    total = int(length) + done if length else None
    progress = Progress(total, f"download {target.name}", "B", scaled=True)
    progress.advance(done)
    try:
        with target.open("ab") as file:
            for chunk in response.iter_content(CHUNK_BYTES):
                file.write(chunk)
                progress.advance(len(chunk))
    finally:
        progress.close()
