"""Several ways to do the same work, timed by turns in one run, so that a busy machine slows all of them."""

import json
import multiprocessing
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pix2pix.items.manifest import Row

ROUNDS = 5

Step = Callable[[], object]


def data_folder() -> Path:
    """The folder that the command line names, or a line on how to name it."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit(f"usage: python -m benchmarks.{Path(sys.argv[0]).stem} FOLDER_OF_DATA")
    return Path(sys.argv[1])


def as_text(row: Row) -> dict[str, str]:
    """A row of a manifest as it comes back from the file."""
    return {name: str(value) for name, value in asdict(row).items()}


def seconds_of(ways: Mapping[str, Callable[[Path], object]], scratch: Path) -> dict[str, list[float]]:
    """Run every way once in each round, and return the seconds of each by round.

    A first round is not counted, in which processes start and packages are loaded.

    Args:
        ways: a function for each way, by its name; it gets an empty folder to write to.
        scratch: holds these folders afterwards; ``folder_of`` finds them. Nothing is removed in between,
            because ext4 is slow to make files where others were removed a short time ago. The time to bring
            to the disk what was written before is not counted.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(1 + ROUNDS):
        for name, way in ways.items():
            folder = folder_of(scratch, name, number)
            folder.mkdir(parents=True)
            os.sync()
            start = time.perf_counter()
            way(folder)
            seconds[name].append(time.perf_counter() - start)
    return {name: values[1:] for name, values in seconds.items()}


def folder_of(scratch: Path, name: str, number: int = ROUNDS) -> Path:
    """The folder that a way wrote to in a round, by default the last one."""
    return scratch / str(number) / name


def seconds_per_step(
    ways: Mapping[str, Callable[[], Step]], steps: int, rounds: int
) -> dict[str, list[float]]:
    """Take some steps of every way in each round, and return the seconds of one, of each way by round.

    Args:
        ways: what makes the step of each way, by its name; each is made in a process of its own.
        steps: of a round, beside one that is not timed.
        rounds: how often each way has its turn.
    """
    runners = {name: _Runner(make, steps) for name, make in ways.items()}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    try:
        for _ in range(rounds):
            for name, runner in runners.items():
                seconds[name].append(runner.seconds_per_step())
    finally:
        for runner in runners.values():
            runner.close()
    return seconds


class _Runner:
    """A step in a process of its own, which waits to be asked for its time."""

    def __init__(self, make: Callable[[], Step], steps: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, make, steps))
        self._process.start()
        theirs.close()

    def seconds_per_step(self) -> float:
        self._connection.send(True)
        return float(self._connection.recv())

    def close(self) -> None:
        self._connection.close()
        self._process.join()


def _serve(connection: Connection, make: Callable[[], Step], steps: int) -> None:
    step = make()
    step()
    try:
        while connection.recv():
            step()  # brings back to the caches what the others drove out
            start = time.perf_counter()
            for _ in range(steps):
                step()
            connection.send((time.perf_counter() - start) / steps)
    except EOFError:
        return  # nobody asks any more


def speedup(seconds: Mapping[str, list[float]], way: str, over: str) -> float:
    """How many times as fast ``way`` is as ``over``: the median over the rounds."""
    return round(statistics.median(b / a for a, b in zip(seconds[way], seconds[over], strict=True)), 2)


def report(seconds: Mapping[str, list[float]], count: int, unit: str) -> None:
    """Print the machine, and the median seconds and rate of each way."""
    print_machine()
    for name, values in seconds.items():
        median = statistics.median(values)
        rounds = ", ".join(f"{value:.2f}" for value in values)
        print(f"{name:36} {median:8.2f} s {count / median:10.1f} {unit}/s   rounds: {rounds}")


def in_process(function: Callable[..., float], *arguments: Any) -> float:
    """Call a function in a new process, whose peak memory then is that of the call alone.

    Args:
        function: one at the top level of a module.
        arguments: what it is called with.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return float(pool.apply(function, arguments))


def machine() -> str:
    """What figures are measured on: processor, cores, system and Python."""
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def print_machine() -> None:
    """Print what the figures were measured on."""
    print(machine())


def print_result(**figures: float) -> None:
    """Print the figures as JSON, on the last line."""
    print(json.dumps(figures))


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
