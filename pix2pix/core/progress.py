"""Progress of long work: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")
LINE_EVERY_S = 15.0


class Progress:
    """Count ``total`` units of work, shown as a bar with rate and time left.

    Args:
        total: the number of units, or None when it is not known.
        what: what is being done, shown before the bar.
        unit: the name of a unit, in the singular.
        scaled: count in thousands, millions and so on, as for bytes.
    """

    def __init__(self, total: int | None, what: str, unit: str, scaled: bool = False) -> None:
        self.total = total
        self.what = what
        self.unit = unit if scaled else f" {unit}s"
        self._format: Callable[[float], str] = tqdm.format_sizeof if scaled else str
        self.done = 0
        self.note = ""
        self._start = time.monotonic()
        self._last_line = self._start
        on_terminal = sys.stderr.isatty()
        self._bar = (
            tqdm(total=total, desc=what, unit=self.unit, unit_scale=scaled, dynamic_ncols=True)
            if on_terminal
            else None
        )

    def advance(self, count: int = 1, note: str | None = None) -> None:
        """Count ``count`` more units as done; ``note`` is shown at the end of the line until the next one."""
        self.done += count
        if note is not None:
            self.note = note
        if self._bar is not None:
            self._bar.set_postfix_str(self.note, refresh=False)
            self._bar.update(count)
        elif time.monotonic() - self._last_line >= LINE_EVERY_S:
            self._last_line = time.monotonic()
            print(self._line(), flush=True)

    def close(self) -> None:
        """End the display; a bar stays on the terminal as it stands."""
        if self._bar is not None:
            self._bar.close()

    @property
    def per_second(self) -> float:
        """Units per second since the start."""
        return self.done / max(time.monotonic() - self._start, 1e-9)

    def _line(self) -> str:
        of_total = ""
        left = ""
        if self.total is not None:
            of_total = f"/{self._format(self.total)}"
            left = f", {(self.total - self.done) / self.per_second:.0f} s left" if self.done else ""
        note = f", {self.note}" if self.note else ""
        rate = self._format(round(self.per_second, 1))
        return f"{self.what}: {self._format(self.done)}{of_total}{self.unit}, {rate}/s{left}{note}"


def with_progress(items: Iterable[T], total: int | None, what: str, unit: str) -> Iterator[T]:
    """Yield ``items`` one by one and count each when the next is asked for."""
    progress = Progress(total, what, unit)
    try:
        for item in items:
            yield item
            progress.advance()
    finally:
        progress.close()
