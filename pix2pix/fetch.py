"""Downloads over HTTP: with progress, retried, and gone on with where they broke off."""

import time
from pathlib import Path
from urllib.parse import urlsplit

import requests

from pix2pix.errors import InputError
from pix2pix.outputs import whole_file
from pix2pix.progress import Progress

ATTEMPTS = 5
FIRST_WAIT_S = 1.0
TIMEOUT_S = 60.0
CHUNK_BYTES = 1 << 18
PARTIAL_CONTENT, SERVER_ERROR = 206, 500


def is_address(source: str) -> bool:
    """Whether a source is an address that ``fetch`` can read."""
    return urlsplit(source).scheme in ("http", "https")


def fetch(url: str, folder: Path) -> Path:
    """Download ``url`` into ``folder`` under its own name.

    Args:
        url: ``http://`` or ``https://``.
        folder: where the file goes.

    Raises:
        InputError: the server refuses, or breaks off again and again.
    """
    target = folder / (Path(urlsplit(url).path).name or "download")
    with whole_file(target) as partial:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                _fetch_rest(url, partial)
                break
            except requests.RequestException as error:
                if error.response is not None and error.response.status_code < SERVER_ERROR:
                    raise InputError(f"source: {url}: {error}") from error
                if attempt == ATTEMPTS:
                    raise InputError(f"source: {url}: gave up after {ATTEMPTS} attempts: {error}") from error
                print(
                    f"download: {url} broke off ({type(error).__name__}); attempt {attempt + 1} of {ATTEMPTS}"
                )
                time.sleep(FIRST_WAIT_S * 2 ** (attempt - 1))
    return target


def _fetch_rest(url: str, partial: Path) -> None:
    """Download what ``partial`` does not hold yet, or all of it where the server cannot go on."""
    done = partial.stat().st_size if partial.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
        response.raise_for_status()
        goes_on = response.status_code == PARTIAL_CONTENT
        length = response.headers.get("Content-Length")
        total = int(length) + (done if goes_on else 0) if length else None
        progress = Progress(total, f"download {Path(urlsplit(url).path).name}", "B", scaled=True)
        progress.advance(done if goes_on else 0)
        try:
            with partial.open("ab" if goes_on else "wb") as file:
                for chunk in response.iter_content(CHUNK_BYTES):
                    file.write(chunk)
                    progress.advance(len(chunk))
        finally:
            progress.close()
