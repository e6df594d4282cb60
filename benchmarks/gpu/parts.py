"""The parts one after the other, each in a process and with a time of its own, and the record of all."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.gpu.record import Plan

RECORD = "gpu.json"
OTHERS_S = 240.0  # for all that is no training of a recipe
LEAST_S = 20.0  # in which a part may do something
DRY_FACTOR = 5  # of the limits in a dry run, on a CPU that others may keep busy


@dataclass(frozen=True)
class Part:
    """A part of the run.

    Attributes:
        name: of its module.
        limit_s: in which it has to end, beside the time for its training.
        of_which: it runs once for each, as a process of its own.
        trains: whether it gets the time for training, shared between its processes.
    """

    name: str
    limit_s: float
    of_which: tuple[str, ...] = ("",)
    trains: bool = False


PARTS = {
    part.name: part
    for part in (
        Part("card", 60),
        Part("training", 75, ("1", "16", "64")),
        Part("tests", 90),
        Part("translation", 60),
        Part("faces", 60),
        Part("recipes", 60, ("isola_facades", "best_labels"), trains=True),
    )
}


def run_parts(names: Sequence[str], plan: Plan, out: Path) -> dict[str, Any]:
    """Run parts, the card's description first; what they find is in ``gpu.json`` as soon as one has ended.

    Args:
        names: of the parts.
        plan: what they are told; its ``ends_at`` is that of all, and its ``train_s`` is for all trainings.
        out: the folder of ``gpu.json``.
    """
    record: dict[str, Any] = {"dry_run": plan.is_dry, "dates": {}, "seconds": {}, "failures": {}}
    for part in (part for name, part in PARTS.items() if name in ("card", *names)):
        for which in part.of_which:
            start = time.monotonic()
            told = f"{part.name} {which}".strip()
            print(f"gpu: {told}", flush=True)
            figures, failures = _run(part, which, plan)
            record["dates"][part.name] = f"{datetime.now(UTC):%Y-%m-%d}"
            record["seconds"][told] = round(time.monotonic() - start, 1)
            if failures:
                record["failures"].setdefault(part.name, {}).update(failures)
            if which:
                record.setdefault(part.name, {})[which] = figures
            else:
                record[part.name] = figures
            _write(out / RECORD, record)
        if part.name == "card":
            plan = replace(plan, peak_tflops=record["card"].get("bf16_tflops", 0.0))
    return record


def _run(part: Part, which: str, plan: Plan) -> tuple[dict[str, Any], dict[str, str]]:
    """Run a part in a process; return its figures, those before a failure too, and its failures."""
    told = f"{part.name} {which}".strip()
    train_s = plan.train_s / len(part.of_which) if part.trains else 0.0
    left_s = plan.ends_at - time.time()
    limit_s = min(part.limit_s * (DRY_FACTOR if plan.is_dry else 1) + train_s, left_s)
    if limit_s < LEAST_S:
        return {}, {told: f"left out: {max(0, left_s):.0f} s were left of the time of the whole run"}
    # What is left for the training, where the parts before have taken longer than they should.
    train_s = min(train_s, max(0.0, limit_s - part.limit_s / 2))
    its_plan = replace(plan, ends_at=time.time() + limit_s, train_s=train_s)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "notes.json")
        command = [
            sys.executable,
            "-m",
            "benchmarks.gpu.part",
            part.name,
            which,
            its_plan.as_json(),
            str(path),
        ]
        status = _ended(command, limit_s)
        notes = json.loads(path.read_text()) if path.exists() else {"figures": {}, "failures": {}}
    if status:
        notes["failures"][told] = status
        print(f"{told}: {status}", file=sys.stderr, flush=True)
    return notes["figures"], notes["failures"]


def _ended(command: Sequence[str], limit_s: float) -> str:
    """Run a command, and end it and what it has started at its limit; say what went wrong, or nothing."""
    process = subprocess.Popen(command, process_group=0)
    try:
        status = process.wait(limit_s)
    except subprocess.TimeoutExpired:
        return f"ended after {limit_s:.0f} s, its limit"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return f"its process ended with status {status}" if status else ""


def _write(path: Path, record: dict[str, Any]) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(record, indent=2) + "\n")
    partial.replace(path)
