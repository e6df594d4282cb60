"""Independent jobs, spread over processes of this machine or over a Dask cluster, through joblib."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar, cast

import joblib
from joblib.externals.loky import get_reusable_executor

from pix2pix.core.errors import InputError
from pix2pix.core.progress import with_progress

Result = TypeVar("Result")
CONNECT_TIMEOUT_S = 10
LOOK_FOR_PARENT_EVERY_S = 0.5
LEAST_BATCHES = 32  # so that few jobs are spread, too


@dataclass(frozen=True)
class Workers:
    """Who does the jobs.

    Attributes:
        n_jobs: processes on this machine.
        dask_scheduler: address of a Dask scheduler, such as ``tcp://10.0.0.1:8786``, whose workers do the
            jobs instead; they are started in the project's folder, on the same files.
        stay: whether the processes wait for more jobs when they are done.
    """

    n_jobs: int = 1
    dask_scheduler: str = ""
    stay: bool = False


def in_parallel(
    function: Callable[..., Result],
    jobs: Sequence[tuple[Any, ...]],
    workers: Workers,
    what: str,
    unit: str,
    most_at_once: int = 1,
) -> list[Result]:
    """Call ``function`` with the arguments of each job, and return the results in the order of the jobs.

    The processes end with the call unless they are to stay, and soon after the one that started them when
    that is killed.

    Args:
        function: a function at the top level of a module.
        jobs: positional arguments, a tuple per call.
        workers: who does them; the results are the same for any.
        what: the name of the work, shown before the progress bar.
        unit: the name of a job, in the singular.
        most_at_once: the most jobs that a process is handed at once; more than 1 for jobs that take hardly
            longer than to be handed over.

    Raises:
        InputError: the Dask scheduler cannot be reached, or Dask is not installed.
    """
    with ExitStack() as stack:
        n_jobs = max(1, min(workers.n_jobs, len(jobs)))
        if workers.dask_scheduler:
            n_jobs = -1
            stack.enter_context(_dask_client(workers.dask_scheduler))
            stack.enter_context(joblib.parallel_config(backend="dask"))
        elif n_jobs > 1:
            stack.enter_context(
                joblib.parallel_config(backend="loky", initializer=_end_with_parent, initargs=(os.getpid(),))
            )
            if not workers.stay:
                stack.callback(end_processes)
        size = max(1, min(most_at_once, len(jobs) // LEAST_BATCHES))
        batches = [jobs[start : start + size] for start in range(0, len(jobs), size)]
        parallel = joblib.Parallel(n_jobs=n_jobs, batch_size=1, return_as="generator")
        results = parallel(joblib.delayed(_call_each)(function, batch) for batch in batches)
        return list(with_progress(chain.from_iterable(results), len(jobs), what, unit))


def _call_each(function: Callable[..., Result], jobs: Sequence[tuple[Any, ...]]) -> list[Result]:
    """Do the jobs of a batch, one after the other."""
    return [function(*job) for job in jobs]


def end_processes() -> None:
    """End joblib's processes, which wait for more jobs; only then does the system tell their peak memory."""
    get_reusable_executor(reuse=True).shutdown(wait=True)


def _end_with_parent(parent: int) -> None:
    """End this process soon after the one with the id ``parent``; else it would go on, and then wait."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_FOR_PARENT_EVERY_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _dask_client(address: str) -> AbstractContextManager[Any]:
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError(
            "dask_scheduler is set, but Dask is missing: pip install 'dask[distributed]'"
        ) from error
    try:
        return cast(AbstractContextManager[Any], Client(address, timeout=CONNECT_TIMEOUT_S))
    except (OSError, ValueError) as error:
        raise InputError(f"dask_scheduler: no scheduler answers at {address}: {error}") from error
