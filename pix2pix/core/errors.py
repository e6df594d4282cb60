"""Errors that the user can mend, and how a command ends on one."""

import sys
from collections.abc import Callable

from pix2pix.core.file_names import safe_to_print


class InputError(Exception):
    """Bad input: the message says what was found, what was expected and what to do."""


class DamagedError(InputError):
    """A file does not hold what it should; another copy of it may."""


class NotWrittenError(InputError):
    """An output cannot be written: the disk is full, or read-only."""


class UnreadableError(Exception):
    """One item cannot be used; the message is the reason that the manifest lists."""


def first_line(error: Exception) -> str:
    """Return the first line of an error's text, or its name where it has none."""
    return (str(error) or type(error).__name__).splitlines()[0]


def run_command(main: Callable[[], None]) -> None:
    """Run a command; an error that the user can mend ends it in plain words, with exit status 1.

    So does what the system says of a file: no leave to write it, no room for it, a folder in its place.
    """
    try:
        main()
    except InputError as error:
        sys.exit(_told(str(error)))
    except OSError as error:
        if error.strerror is None:
            raise
        where = f": {error.filename}" if error.filename is not None else ""
        sys.exit(_told(f"{error.strerror}{where}"))
    except KeyboardInterrupt:
        sys.exit("interrupted")


def _told(message: str) -> str:
    return "\n".join(f"error: {line}" for line in safe_to_print(message.rstrip()).split("\n"))
