"""Pages that are served to this machine alone: who may ask for them, and whether a browser can be opened."""

import os
import sys
from urllib.parse import urlsplit

ADDRESS = "127.0.0.1"
OWN_NAMES = frozenset({ADDRESS, "localhost"})


def is_from_own_page(host: str, origin: str | None, fetch_site: str | None) -> bool:
    """Whether a browser asks for this machine by its own name, and no other site's page makes it.

    Args:
        host: the header ``Host``; a foreign name may have been made to point to this machine.
        origin: the header ``Origin``, or None.
        fetch_site: the header ``Sec-Fetch-Site``, or None: not every program sends it.
    """
    same_origin = origin in (None, f"http://{host}")
    same_site = fetch_site in (None, "none", "same-origin")
    return urlsplit(f"//{host}").hostname in OWN_NAMES and same_origin and same_site


def has_screen() -> bool:
    """Whether a browser with windows can be opened; those of a terminal would take it over."""
    return sys.platform in ("darwin", "win32") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
