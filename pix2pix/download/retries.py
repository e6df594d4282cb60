"""Downloads that break off are tried again, after longer and longer waits."""

import time
from collections.abc import Callable
from typing import TypeVar

from pix2pix.core.errors import InputError

T = TypeVar("T")
ATTEMPTS = 5
FIRST_WAIT_S = 1.0  # doubled each time


def retried(
    address: str, action: Callable[[], T], errors: type[Exception], is_final: Callable[[Exception], bool]
) -> T:
    """Return what ``action`` returns, and try it again when it fails.

    Args:
        address: what it downloads, for messages.
        action: does the download; a new attempt continues where the last one broke off.
        errors: the errors that it may fail with.
        is_final: whether another attempt would fail with that error too.

    Raises:
        InputError: the attempts are used up, or an error is final.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return action()
        except InputError:
            raise
        except errors as error:
            if is_final(error):
                raise download_error(address, error) from error
            if attempt == ATTEMPTS:
                raise download_error(address, f"gave up after {ATTEMPTS} attempts: {error}") from error
            what = f"{address} broke off ({type(error).__name__})"
            print(f"download: {what}; attempt {attempt + 1} of {ATTEMPTS}", flush=True)
            time.sleep(FIRST_WAIT_S * 2 ** (attempt - 1))
    raise AssertionError


def download_error(address: str, reason: object) -> InputError:
    """Say why a download failed, and that a copy from elsewhere will do as well."""
    return InputError(
        f"source: {address}: {reason}; run it again to go on where it broke off, or, with a copy of the data "
        "from elsewhere, set dataset: folder and source: to that copy"
    )
