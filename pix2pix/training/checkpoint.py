"""The state of a training on disk, to go on from after an interruption."""

import zipfile
from pathlib import Path
from typing import Any, cast

import torch

from pix2pix.core.errors import InputError, first_line
from pix2pix.core.outputs import whole_file

STATE = "state.pt"


def save_state(folder: Path, state: dict[str, Any]) -> None:
    """Write ``state``, made of tensors, numbers, texts and collections of them, whole or not at all."""
    with whole_file(folder / STATE) as partial:
        torch.save(state, partial)


def load_state(folder: Path) -> dict[str, Any] | None:
    """Read the state in ``folder``, or None where there is none; no code of the file is run.

    Raises:
        InputError: the file is damaged, or holds what no state does.
    """
    path = folder / STATE
    if not path.exists():
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            if broken := archive.testzip():
                raise InputError(f"the checksum of {broken} is wrong")
        return cast(dict[str, Any], torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # a damaged file can break the reader anywhere
        raise InputError(
            f"{path} is not a training's state, or damaged ({first_line(error)}); remove {folder} to start "
            "afresh"
        ) from error
