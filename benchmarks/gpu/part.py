"""One part, in a process of its own: ``python -m benchmarks.gpu.part NAME WHICH PLAN FILE``."""

import faulthandler
import importlib
import os
import sys
import time
from pathlib import Path

from benchmarks.gpu.record import Notes, Plan

# A profiler that has been torn down breaks on a second start beside CUDA graphs.
PROFILER = {"TEARDOWN_CUPTI": "0", "DISABLE_CUPTI_LAZY_REINIT": "1"}
BEFORE_THE_END_S = 2.0
MODULES = {"tests": "marked_tests"}  # where a module's name is another than its part's


def main() -> None:
    """Measure; what fails is noted, and the process ends well all the same."""
    name, which, plan, path = sys.argv[1:]
    os.environ |= PROFILER
    notes = Notes(Path(path))
    faulthandler.enable()
    # Where it hangs, if it does, is told before it is ended.
    faulthandler.dump_traceback_later(max(1.0, Plan.of(plan).ends_at - time.time() - BEFORE_THE_END_S))
    try:
        module = importlib.import_module(f"benchmarks.gpu.{MODULES.get(name, name)}")
        module.measure(Plan.of(plan), notes, which)
    except Exception as error:  # the next part may succeed
        notes.fail(f"{name} {which}".strip(), error)


if __name__ == "__main__":
    main()
