"""What all stages share: their paths, their errors and the record of their speed."""

import argparse
import hashlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from pix2pix.core.errors import InputError, run_command
from pix2pix.core.kept_work import kept_work, locked
from pix2pix.core.outputs import write_json
from stages.shared.committed import left_behind
from stages.shared.settings import Settings, SettingsError, check_unchanged

BYTES_PER_RSS_UNIT = 1 if sys.platform == "darwin" else 1024
WORK = Path(".dvc/tmp/work")  # which DVC neither deletes nor tracks
STAGES = Path(__file__).parent.parent
CODE = [STAGES, STAGES.parent / "pix2pix"]
QUEUED = "/.dvc/tmp/exps/"  # in the path of a queued experiment's copy of the project


def path_arguments(*names: str) -> argparse.Namespace:
    """Read the paths that dvc.yaml passes, one option per name, each a ``Path``."""
    parser = argparse.ArgumentParser()
    for name in names:
        parser.add_argument(f"--{name}", type=Path, required=True)
    return parser.parse_args()


def run(main: Callable[[], None]) -> None:
    """Run a stage, one at a time of its name.

    A stage that outlives a killed DVC is waited for. An error that the user can mend ends the stage in plain
    words, with a status that stops DVC.
    """
    stage = Path(sys.argv[0]).stem

    def one_at_a_time() -> None:
        with locked(WORK / f"{stage}.lock", stage) if is_first_process() else nullcontext():
            _explaining_settings(main)

    run_command(one_at_a_time)


def _explaining_settings(main: Callable[[], None]) -> None:
    """Call ``main``; where it refuses settings, say which of them an earlier run may have left."""
    try:
        main()
        check_unchanged()
    except SettingsError as error:
        if is_queued():  # its copy of params.yaml is its own
            raise
        raise InputError(f"{error}\n{left_behind(str(error))}") from error


def is_first_process() -> bool:
    """Whether this is the first, or the only one, of the processes that train together."""
    return not any(int(os.environ.get(name, "0")) for name in ("RANK", "LOCAL_RANK", "NODE_RANK"))


def is_queued() -> bool:
    """Whether this is a queued experiment, which runs in a copy of what git tracks of the project."""
    return QUEUED in Path.cwd().as_posix()


def project() -> Path:
    """The project's folder, also for a queued experiment."""
    return Path(Path.cwd().as_posix().split(QUEUED)[0])


def kept(stage: str, settings: Settings, data: str) -> AbstractContextManager[Path]:
    """Keep what a stage finishes through a kill, for a run on the same settings, data and code.

    The project and the copies of its queued experiments share it.

    Args:
        stage: the stage's name.
        settings: its settings.
        data: a hash of what it works on.
    """
    return kept_work(project() / WORK, stage, settings.model_dump(), data, _code_hash())


def _code_hash() -> str:
    """A hash of the project's modules that are in use."""
    files = {
        Path(file) for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))
    }
    own = [file for file in files if any(file.is_relative_to(folder) for folder in CODE)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(own))).hexdigest()


@contextmanager
def performance(path: Path, stage: str) -> Iterator[dict[str, float]]:
    """Note in ``path`` the seconds of the block, this process's peak memory, and what the dictionary gets.

    The file is kept in git and is no stage's output, because these figures differ from run to run.
    """
    figures: dict[str, float] = {}
    start = time.monotonic()
    yield figures
    figures["seconds"] = round(time.monotonic() - start, 1)
    figures["peak_memory_mb"] = round(peak_memory() / 1e6)
    known = json.loads(path.read_text()) if path.exists() else {}
    write_json(path, dict(sorted({**known, stage: figures}.items())))


def peak_memory() -> int:
    """This process's peak memory in bytes.

    Linux's ``ru_maxrss`` goes on from the program that this one took the place of, which is as large as DVC
    on many files.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        if "VmHWM" in lines:
            return int(lines["VmHWM"].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_RSS_UNIT
