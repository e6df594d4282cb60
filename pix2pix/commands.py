"""Commands, run by ``python -m``."""

import sys
from collections.abc import Callable

from pix2pix.errors import InputError


def run_command(main: Callable[[], None]) -> None:
    """Run a command; an error that the user can mend ends it in plain words, with exit status 1."""
    try:
        main()
    except InputError as error:
        sys.exit("".join(f"error: {line}\n" for line in str(error).splitlines()).rstrip())
    except KeyboardInterrupt:
        sys.exit("interrupted")
