"""What all stages share: their paths, their errors and the record of their speed."""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pix2pix.errors import InputError
from pix2pix.outputs import write_json

BYTES_PER_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


def path_arguments(*names: str) -> argparse.Namespace:
    """Read the paths that dvc.yaml passes, one option per name, each a ``Path``."""
    parser = argparse.ArgumentParser()
    for name in names:
        parser.add_argument(f"--{name}", type=Path, required=True)
    return parser.parse_args()


def run(main: Callable[[], None]) -> None:
    """Run a stage; an error that the user can mend ends it in plain words, with a status that stops DVC."""
    try:
        main()
    except InputError as error:
        sys.exit("".join(f"error: {line}\n" for line in str(error).splitlines()).rstrip())
    except KeyboardInterrupt:
        sys.exit("interrupted")


@contextmanager
def performance(path: Path, stage: str) -> Iterator[dict[str, float]]:
    """Note the seconds and peak memory of the block, and what is put into the dictionary, in ``path``.

    The file is kept in git and is no stage's output, because these figures differ from run to run.
    """
    figures: dict[str, float] = {}
    start = time.monotonic()
    yield figures
    figures["seconds"] = round(time.monotonic() - start, 1)
    figures["peak_memory_mb"] = round(_peak_rss_bytes() / 1e6)
    known = json.loads(path.read_text()) if path.exists() else {}
    write_json(path, dict(sorted({**known, stage: figures}.items())))


def _peak_rss_bytes() -> int:
    """The peak memory of this process or of its largest finished child."""
    usages = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return max(usages) * BYTES_PER_RSS_UNIT
