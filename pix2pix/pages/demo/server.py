"""A page in the browser, on this machine alone, on which trained models translate photos and drawings."""

import ctypes
import os
import platform
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pix2pix.core.choices import Accelerator
from pix2pix.core.errors import InputError
from pix2pix.pages.demo.service import TranslationService
from pix2pix.pages.own_page import ADDRESS

PORT = 7860
M_ARENA_MAX = -8  # of glibc's malloc.h
ARENAS = 2


@contextmanager
def serving(
    root: Path, named: Sequence[Path] = (), port: int = PORT, accelerator: Accelerator = "auto"
) -> Iterator[str]:
    """Serve the page, and yield its address; uploads and results are deleted afterwards.

    Args:
        root: the project's folder.
        named: models beside those of the project.
        port: on 127.0.0.1; 0 is any free one.
        accelerator: the device.

    Raises:
        InputError: there is no model, a named one cannot be used, the port is taken, or Gradio is missing.
    """
    with tempfile.TemporaryDirectory(prefix="pix2pix-demo-") as folder:
        files = Path(folder, "files").resolve()
        service = TranslationService(root, files, Path(folder, "examples"), named, accelerator)
        service.models()
        for reason in service.left_out:
            print(f"demo: left out: {reason}")
        _keep_gradio_to_itself(files)
        try:
            from pix2pix.pages.demo.page import Page
        except ModuleNotFoundError as error:
            if error.name not in ("gradio", "starlette"):
                raise
            raise InputError("the page needs Gradio: pip install -e '.[demo]', or run `make demo`") from error
        page = Page(service, files)
        try:
            url = page.launch(port or _free_port())
        except OSError as error:
            raise InputError(
                f"port {port} of {ADDRESS} cannot be used; if no other page is served there, name another "
                "one: --port 7861, or make demo PORT=7861"
            ) from error
        try:
            yield url
        finally:
            page.close()


def _keep_gradio_to_itself(files: Path) -> None:
    """Have Gradio use this folder, ask no other machine for anything, and follow no other setting."""
    for name in [name for name in os.environ if name.startswith("GRADIO_")]:
        del os.environ[name]
    for names in ("NO_PROXY", "no_proxy"):  # it asks its own server once, whatever proxy there is
        os.environ[names] = ",".join(filter(None, [os.environ.get(names), ADDRESS]))
    os.environ |= {"GRADIO_TEMP_DIR": str(files), "GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}


def share_memory_among_threads() -> None:
    """Keep few pools of memory: each of the server's threads has one by itself, and keeps what it frees."""
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
        return port
