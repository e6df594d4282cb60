"""Commands that are not stages, run by ``python -m``."""

import sys
from collections.abc import Callable

from pix2pix.errors import InputError


def run_command(main: Callable[[], None]) -> None:
    """Run a command; an error that the user can mend ends it in plain words, with exit status 1."""
    try:
        main()
    except InputError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted")
