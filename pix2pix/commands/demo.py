"""Open a page, on this machine alone, on which trained models translate photos and drawings."""

import argparse
import signal
import threading
import webbrowser
from contextlib import suppress
from pathlib import Path

from pix2pix.commands.arguments import add_accelerator, add_no_browser

PORT = 7860


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add = parser.add_argument
    add("models", nargs="*", type=Path, metavar="MODEL", help="beside those in models/ and data/epochs/")
    add("--port", type=int, default=PORT, help="default: %(default)s; 0 is any free one")
    add_accelerator(parser)
    add_no_browser(parser)


def run(args: argparse.Namespace) -> None:
    """Serve the page until Ctrl-C."""
    from pix2pix.pages.demo.server import serving, share_memory_among_threads
    from pix2pix.pages.own_page import has_screen

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that uploads are deleted then, too
    share_memory_among_threads()
    with serving(Path(), args.models, args.port, args.accelerator) as url:
        print(f"demo: {url} ; Ctrl-C stops", flush=True)
        if not args.no_browser and has_screen():
            webbrowser.open(url)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
