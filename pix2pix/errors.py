"""Errors that the user can mend."""


class InputError(Exception):
    """Bad input: the message says what was found, what was expected and what to do."""


class DamagedError(InputError):
    """A file does not hold what it should; another copy of it may."""


class UnreadableError(Exception):
    """One item cannot be used; the message is the reason that the manifest lists."""


def first_line(error: Exception) -> str:
    """Return the first line of an error's text, or its name where it has none."""
    return (str(error) or type(error).__name__).splitlines()[0]


def download_error(address: str, reason: object) -> InputError:
    """Say why a download failed, and that a copy from elsewhere will do as well."""
    return InputError(
        f"source: {address}: {reason}; run it again to go on where it broke off, or, with a copy of the data "
        "from elsewhere, set dataset: folder and source: to that copy"
    )
