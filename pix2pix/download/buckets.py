"""Files in object stores, such as ``s3://bucket/folder``, through fsspec."""

import hashlib
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import fsspec

from pix2pix.core.errors import InputError
from pix2pix.core.progress import Progress
from pix2pix.download.archives import path_inside
from pix2pix.download.retries import retried

CHUNK_BYTES = 1 << 20


def fetch_stored(address: str, folder: Path) -> Path:
    """Download a file, or all files below a folder, of an object store.

    A download that an earlier run left unfinished in ``folder`` is continued, as long as the store lists the
    same files in the same versions.

    Args:
        address: one that fsspec knows, such as ``s3://bucket/folder`` or ``gs://bucket/photos.zip``.
        folder: where the files go.

    Returns:
        The downloaded file, or the folder of the downloaded files.

    Raises:
        InputError: nothing is there, or it may not be read; the connection fails again and again; the package
            for such addresses is missing; or a name leads out of the folder.
    """
    try:
        store, root = fsspec.url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise InputError(
            f"source: {address}: {error}; for s3:// addresses: pip install -e '.[s3]'"
        ) from error
    files = retried(address, lambda: _listing(address, store, root), Exception, _is_final)
    listing = repr([(str(name), sorted(info.items())) for name, info in files.items()])
    version = folder / hashlib.sha256(listing.encode()).hexdigest()[:16]
    for other in set(folder.iterdir()) - {version}:
        shutil.rmtree(other)
    progress = Progress(sum(info["size"] for info in files.values()), f"download {root}", "B", scaled=True)
    progress.advance(sum(path.stat().st_size for path in version.rglob("*") if path.is_file()))
    try:
        for name, info in files.items():
            rest = partial(_fetch_rest, store, info, version / name, progress)
            retried(address, rest, Exception, _is_final)  # each kind of store has errors of its own
    finally:
        progress.close()
    return version / Path(root).name if _is_file(files, root) else version


def _listing(address: str, store: Any, root: str) -> dict[Path, dict[str, Any]]:
    """What the store says of each file (name, size, version), by the file's path below ``root``."""
    store.invalidate_cache()
    found = {path: info for path, info in store.find(root, detail=True).items() if not path.endswith("/")}
    if not found:
        raise FileNotFoundError("there is nothing")
    names = {path: path.removeprefix(root).strip("/") or Path(root).name for path in found}
    return {path_inside(address, names[path]): found[path] for path in sorted(found)}


def _is_file(files: dict[Path, dict[str, Any]], root: str) -> bool:
    """Whether ``root`` is itself the one file that was listed."""
    return [info["name"].strip("/") for info in files.values()] == [root.strip("/")]


def _fetch_rest(store: Any, info: dict[str, Any], target: Path, progress: Progress) -> None:
    """Download what the partial file does not hold yet, and give it its name when it is whole."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.partial")
    with store.open(info["name"], "rb") as source, unfinished.open("ab") as file:
        source.seek(file.tell())
        while chunk := source.read(CHUNK_BYTES):
            file.write(chunk)
            progress.advance(len(chunk))
    if unfinished.stat().st_size != info["size"]:
        unfinished.unlink()
        raise OSError(f"{info['name']} is not of the {info['size']} bytes that the store lists")
    unfinished.rename(target)


def _is_final(error: Exception) -> bool:
    return isinstance(error, FileNotFoundError | PermissionError)
