"""Files of weights that settings name, and their downloads. Reading them runs no code of theirs."""

from http.client import HTTPException
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, cast

import torch

from pix2pix.core.errors import InputError, first_line
from pix2pix.core.hashes import file_hash


class UnavailableError(InputError):
    """What was asked for cannot be had on this machine now; a result without it may do."""


def checked_file(name: str, sha256: str, setting: str) -> Path:
    """Return the path of a file that a setting names.

    Raises:
        InputError: it is missing, or its hash is another.
    """
    path = Path(name)
    if not path.is_file():
        raise InputError(
            f"{setting}: there is no file {name} (a queued experiment needs the absolute path of a file that "
            "git does not track)"
        )
    found = file_hash(path)
    if found != sha256:
        raise InputError(f"{setting}: the sha256 of {name} is {found}, expected {sha256}")
    return path


def read_weights(name: str, sha256: str, setting: str) -> dict[str, Any]:
    """Read a file of weights in PyTorch's format, which a setting names.

    Raises:
        InputError: the file is missing, another one, or no such file.
    """
    path = checked_file(name, sha256, setting)
    try:
        return cast(dict[str, Any], torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # what is no such file can break the reader anywhere
        raise InputError(f"{setting}: {path} holds no weights: {first_line(error)}") from error


def download_weights(url: str, setting: str) -> dict[str, Any]:
    """Download weights, once, into torch's cache, and compare the start of their hash with that in the name.

    Raises:
        UnavailableError: that fails; the message tells of the setting that takes a copy's path.
    """
    try:
        return torch.hub.load_state_dict_from_url(url, map_location="cpu", check_hash=True, weights_only=True)
    except (HTTPException, OSError, RuntimeError, UnpicklingError) as error:
        raise UnavailableError(
            f"{setting}: {url} could not be downloaded: {first_line(error)}; with a copy of it, set "
            f"{setting}: to its path and {setting}_sha256: to its hash"
        ) from error
