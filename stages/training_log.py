"""The training's curves and newest pictures: through DVCLive, and to TensorBoard if wished."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dvclive import Live
from scmrepo.exceptions import SCMError

from pix2pix.core.errors import InputError
from pix2pix.core.outputs import told_what_is_not_written
from pix2pix.pictures.contact_sheet import write_sheet
from pix2pix.pictures.images import RgbImage
from stages.shared.running import project

TENSORBOARD_RUNS = "runs"  # TensorBoard's own name for the folder


class LiveLog:
    """Curves and the newest picture to DVCLive's folder, and to TensorBoard where ``board`` is one."""

    def __init__(self, live: Live, board: Any) -> None:
        self._live, self._board = live, board

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Add a point to each curve."""
        self._live.step = step
        for name, value in values.items():
            self._live.log_metric(name, value)
            if self._board is not None:
                self._board.add_scalar(name, value, step)

    def samples(self, picture: RgbImage) -> None:
        """Show the newest sample picture."""
        write_sheet(Path(self._live.dir) / "samples.jpg", picture)
        if self._board is not None:
            self._board.add_image("samples", picture, self._live.step, dataformats="HWC")


@contextmanager
def open_log(plots: Path, tensorboard: bool) -> Iterator[LiveLog]:
    """Open a log that writes to ``plots``; dvc.yaml, not DVCLive, says what is shown.

    Raises:
        InputError: TensorBoard is asked for and not installed, or git has no commit yet.
    """
    board = _open_board() if tensorboard else None
    try:
        live = Live(str(plots), dvcyaml=None, save_dvc_exp=False)
    except SCMError as error:  # DVCLive asks for the commit that an experiment starts from
        raise InputError(f"git: {error}; make a first commit: git add . && git commit -m Start") from error
    with told_what_is_not_written(plots), live:
        yield LiveLog(live, board)
    if board is not None:
        board.close()


def _open_board() -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise InputError("tensorboard is set, but it is missing: pip install tensorboard") from error
    name = os.environ.get("DVC_EXP_NAME") or "workspace"
    return SummaryWriter(str(project() / TENSORBOARD_RUNS / name))
