"""Independent jobs, spread over processes of this machine or over a Dask cluster, through joblib."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import joblib

from pix2pix.errors import InputError
from pix2pix.progress import with_progress

Result = TypeVar("Result")
CONNECT_TIMEOUT_S = 10


@dataclass(frozen=True)
class Workers:
    """Who does the jobs.

    Attributes:
        n_jobs: processes on this machine.
        dask_scheduler: address of a Dask scheduler, such as ``tcp://10.0.0.1:8786``, whose workers do the
            jobs instead; they are started in the project's folder, on the same files.
    """

    n_jobs: int = 1
    dask_scheduler: str = ""


def in_parallel(
    function: Callable[..., Result], jobs: Sequence[tuple[Any, ...]], workers: Workers, what: str, unit: str
) -> list[Result]:
    """Call ``function`` with the arguments of each job, and return the results in the order of the jobs.

    Args:
        function: a function at the top level of a module.
        jobs: positional arguments, a tuple per call.
        workers: who does them; the results are the same for any.
        what: shown before the progress bar.
        unit: what a job is called.

    Raises:
        InputError: the Dask scheduler cannot be reached, or Dask is not installed.
    """
    with ExitStack() as stack:
        if workers.dask_scheduler:
            stack.enter_context(_dask_client(workers.dask_scheduler))
            stack.enter_context(joblib.parallel_config(backend="dask"))
        parallel = joblib.Parallel(
            n_jobs=-1 if workers.dask_scheduler else workers.n_jobs, return_as="generator"
        )
        results = parallel(joblib.delayed(function)(*job) for job in jobs)
        return list(with_progress(results, len(jobs), what, unit))


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
