"""The training's curves through DVCLive, and its sample pictures."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dvclive import Live

from pix2pix.images import RgbImage, write_png


class LiveLog:
    """Curves to DVCLive's folder; pictures to a folder, the last one also beside the curves."""

    def __init__(self, live: Live, epochs: Path) -> None:
        self._live, self._epochs = live, epochs

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Add a point to each curve."""
        self._live.step = step
        for name, value in values.items():
            self._live.log_metric(name, value)

    def samples(self, epoch: int, picture: RgbImage) -> None:
        """Keep the sample picture of an epoch."""
        path = self._epochs / f"epoch_{epoch:04}.png"
        write_png(path, picture)
        shutil.copyfile(path, Path(self._live.dir) / "samples.png")


@contextmanager
def open_log(plots: Path, epochs: Path) -> Iterator[LiveLog]:
    """Open a log that writes to ``plots`` and ``epochs``; dvc.yaml, not DVCLive, says what is shown."""
    with Live(str(plots), dvcyaml=None, save_dvc_exp=False) as live:
        yield LiveLog(live, epochs)
