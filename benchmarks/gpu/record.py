"""What the parts are told, and what they write down: plain JSON between processes."""

import json
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

OWN = ("benchmarks", "pix2pix", "stages")  # packages of this project


@dataclass(frozen=True)
class Plan:
    """What a part is told.

    Attributes:
        out: the folder that gets the pictures.
        datasets: the folder of datasets; it need not exist.
        is_dry: whether it runs on the CPU at toy sizes, to see that it runs at all.
        train_s: for the training of each recipe, in s.
        ends_at: when the part is ended, in s since the epoch.
        peak_tflops: the card's bf16 peak as measured before; 0 where it was not.
    """

    out: str
    datasets: str
    is_dry: bool
    train_s: float
    ends_at: float
    peak_tflops: float = 0.0

    def as_json(self) -> str:
        """The plan as an argument of a command."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Self:
        """Read what ``as_json`` wrote."""
        return cls(**json.loads(text))

    @property
    def accelerator(self) -> Any:
        """What kind of device to use."""
        return "cpu" if self.is_dry else "cuda"

    def size(self, full: int, dry: int) -> int:
        """A size, or the one of a dry run."""
        return dry if self.is_dry else full

    def seconds(self, full: float) -> float:
        """For how long something is timed; for next to nothing in a dry run."""
        return 0.01 if self.is_dry else full


class Notes:
    """The figures and failures of a part, on the disk as soon as they are there.

    Args:
        path: of the file, JSON with ``figures`` and ``failures``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.figures: dict[str, Any] = {}
        self.failures: dict[str, str] = {}

    def add(self, **figures: Any) -> None:
        """Note figures by their names."""
        self.figures |= figures
        self._write()

    @contextmanager
    def failing_alone(self, what: str) -> Iterator[None]:
        """Note a failure of the block, and go on behind it."""
        try:
            yield
        except Exception as error:  # whatever it is, the next measurement may succeed
            self.fail(what, error)

    def fail(self, what: str, error: BaseException) -> None:
        """Note an error: in a line where the user can mend it, else with its traceback."""
        self.failures[what] = failure_text(error)
        print(f"{what}: {self.failures[what]}", file=sys.stderr, flush=True)
        self._write()

    def _write(self) -> None:
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps({"figures": self.figures, "failures": self.failures}))
        partial.replace(self._path)


def last_line(text: str) -> str:
    """The line of a failure's text that says what it was."""
    return (text.strip() or "unknown").splitlines()[-1]


def failure_text(error: BaseException) -> str:
    """What is told of an error: the package that is missing, or the traceback."""
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] not in OWN:
        return f"the package {error.name} is not installed: pip install -r requirements.txt"
    if type(error).__name__ == "InputError":  # its class may not be importable here
        return str(error)
    return "".join(traceback.format_exception(error)).rstrip()
