"""Datasets of Kaggle, through kagglehub, which is an optional package."""

import os
from pathlib import Path

import requests

from pix2pix.core.errors import InputError
from pix2pix.download.retries import download_error

CREDENTIALS = "a set that asks for consent needs an account: kaggle.com/settings, and KAGGLE_API_TOKEN"


def fetch_kaggle(address: str, folder: Path) -> Path:
    """Download a dataset of Kaggle; kagglehub continues what an earlier run left in ``folder``.

    Args:
        address: ``kaggle://OWNER/NAME``, or ``kaggle://OWNER/NAME/FOLDER`` for one folder of it.
        folder: where kagglehub keeps its files.

    Returns:
        The dataset's folder, or the folder of it that the address names.

    Raises:
        InputError: kagglehub is not installed, Kaggle refuses or is not reached, or the folder is not there.
    """
    try:
        import kagglehub
        from kagglehub import exceptions
    except ImportError as error:
        raise InputError(f"source: {address} needs kagglehub: pip install -e '.[kaggle]'") from error
    owner, name, *below = address.removeprefix("kaggle://").split("/")
    os.environ["KAGGLEHUB_CACHE"] = str(folder.resolve())
    try:
        dataset = Path(kagglehub.dataset_download(f"{owner}/{name}"))
    except (exceptions.UnauthenticatedError, exceptions.CredentialError) as error:
        raise download_error(address, f"{error}; {CREDENTIALS}") from error
    except (
        requests.RequestException,
        exceptions.BackendError,
        exceptions.NotFoundError,
        exceptions.DataCorruptionError,
    ) as error:
        is_refused = getattr(error.__cause__ or error, "response", None) is not None
        raise download_error(address, f"{error}; {CREDENTIALS}" if is_refused else error) from error
    found = dataset.joinpath(*below)
    if not found.is_dir():
        there = ", ".join(sorted(path.name for path in dataset.iterdir()))
        raise InputError(f"source: {address}: there is no folder {'/'.join(below)}; there is {there}")
    return found
