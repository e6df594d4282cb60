"""How long a step of each way takes, by turns in one run, so that a busy machine slows all of them."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count

from benchmarks.comparison_run import MACHINE, Figures, machine_of, pairs_of
from benchmarks.comparisons import Run, digest_of
from pix2pix.machine.device import open_fabric
from pix2pix.training.build import build_training
from stages.settings.train import TrainSettings

ROUNDS, STEPS = 7, 3  # and steps in each round


def speed_name(run: Run) -> str:
    """What the seconds of the steps of a run's table are called in the results."""
    return f"{run.data} {'ablation ' * run.is_ablation}speed"


def speed_digest(settings: Sequence[TrainSettings]) -> str:
    """A text that changes with the settings of any of the ways."""
    return " ".join(map(digest_of, settings))


def measured_speed(runs: Sequence[Run], settings: Mapping[str, TrainSettings]) -> Figures:
    """Time steps on pairs of each run's data, of which all are in memory.

    Args:
        runs: one of each way; their pairs are prepared.
        settings: of all runs, by their names.

    Returns:
        the median seconds of a step of each way, by the row of its run.
    """
    fabric = open_fabric("auto", precision=settings[runs[0].name].precision)
    ways = {run.row: _step(run, settings[run.name]) for run in runs}
    seconds: dict[str, list[float]] = {row: [] for row in ways}
    for number in range(1 + ROUNDS):
        for row, step in ways.items():
            start = time.perf_counter()
            for _ in range(STEPS):
                step()
            if number:  # in the first one packages are loaded and memory is taken
                seconds[row].append((time.perf_counter() - start) / STEPS)
    return {
        "digest": speed_digest([settings[run.name] for run in runs]),
        "machine": machine_of(fabric.device),
        "seconds_per_step": {row: round(statistics.median(of), 4) for row, of in seconds.items()},
    }


def _step(run: Run, settings: TrainSettings) -> Callable[[], object]:
    fabric = open_fabric("auto", precision=settings.precision)
    training = build_training(fabric, settings, pairs_of(run), machine=MACHINE)
    batch, numbers = next(iter(training.loader)).to(fabric.device), count(1)
    return lambda: float(training.model.step([batch], next(numbers))["l1"])
