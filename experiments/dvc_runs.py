"""DVC experiments: the command that runs one, as a user could type it, and a list of those that have run."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dvc.repo import Repo
from dvc.repo.experiments.executor.base import ExecutorInfo
from dvc.utils.hydra import to_hydra_overrides
from hydra.errors import OverrideParseException

from pix2pix.core.errors import InputError

REFERENCE = re.compile(r"refs/exps/(?P<start>[0-9a-f]{2})/(?P<end>[0-9a-f]{38})/(?P<name>[^/]+)")
LINE = 110  # characters


@dataclass(frozen=True)
class Experiment:
    """An experiment that has run: a commit, which DVC keeps beside the branches.

    Attributes:
        name: its name.
        commit: of its results.
        baseline: the commit that it started from.
    """

    name: str
    commit: str
    baseline: str

    def read(self, path: Path | str) -> str:
        """Return a text that git keeps of it, such as its settings, metrics or curves.

        Raises:
            FileNotFoundError: it has none at ``path``.
        """
        command = ["git", "show", f"{self.commit}:./{path}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise FileNotFoundError(f"experiment {self.name}: {done.stderr.strip()}")
        return done.stdout


def experiments() -> dict[str, Experiment]:
    """All experiments that have run, of all commits, by name; of equal names the newest."""
    form = "--format=%(objectname) %(refname)"
    command = ["git", "for-each-ref", "--sort=committerdate", form, "refs/exps"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    found = {}
    for commit, reference in (line.split(maxsplit=1) for line in lines):
        if match := REFERENCE.fullmatch(reference):
            found[match["name"]] = Experiment(match["name"], commit, match["start"] + match["end"])
    return found


def queued_names() -> set[str]:
    """The names of experiments that wait in DVC's queue, or run from it."""
    with Repo() as repo:
        queue = repo.experiments.celery_queue
        return {entry.name for entries in (queue.iter_queued(), queue.iter_active()) for entry in entries}


def remove_leftovers(name: str) -> None:
    """Remove the copies of the project that killed runs of this name have left; DVC shows them as running."""
    with Repo() as repo:
        queue = repo.experiments.tempdir_queue
        for entry in queue.iter_active():
            if entry.name == name:
                shutil.rmtree(ExecutorInfo.load_json(queue.get_infofile_path(entry.stash_rev)).root_dir)


def free_name(name: str) -> str:
    """Return ``name``, or the first of ``name-2``, ``name-3`` and so on that no experiment has."""
    taken = experiments().keys() | queued_names()
    return next(candidate for candidate in numbered(name) if candidate not in taken)


def numbered(name: str) -> Iterator[str]:
    """Yield ``name``, ``name-2``, ``name-3`` and so on."""
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1


def exp_run(name: str, settings: Mapping[str, Any], *options: str) -> list[str]:
    """Return the ``dvc exp run`` of an experiment of this name with these settings, word by word."""
    overrides = [word for key, value in settings.items() for word in ("-S", override(key, value))]
    return ["dvc", "exp", "run", *options, "-n", name, *overrides]


def override(key: str, value: object) -> str:
    """Write ``key=value`` in the grammar of DVC's ``-S``, which is Hydra's.

    A text is quoted where it would be read as something else: a number, a list, several values.

    Raises:
        InputError: DVC would put something in the place of a part of it.
    """
    if not isinstance(value, str):
        return f"{key}={str(value).lower()}"  # true, false; numbers
    if "${" in value:
        raise InputError(f"{key}: found {value!r}; rename it: DVC puts a setting in the place of ${{...}}")
    plain = f"{key}={value}"
    if _is_read_as(plain, value):
        return plain
    escaped = re.sub(r"(\\*)('|$)", _escape, value)
    return f"{key}='{escaped}'"


def _escape(match: re.Match[str]) -> str:
    """Double backslashes before a quotation mark, where alone they count, and escape the mark."""
    return match[1] * 2 + match[2].replace("'", r"\'")


def _is_read_as(written: str, value: str) -> bool:
    try:
        (parsed,) = to_hydra_overrides([written])
    except OverrideParseException:
        return False
    return not parsed.is_sweep_override() and parsed.value() == value


def show(words: list[str]) -> None:
    """Print a command so that it can be copied to a shell."""
    lines = [""]
    quoted = [shlex.quote(word) for word in words]
    pairs = iter(quoted)
    for word in pairs:
        part = f"{word} {next(pairs)}" if word in ("-S", "-n", "-m") else word
        if len(lines[-1]) + len(part) >= LINE:
            lines.append("   ")
        lines[-1] += f" {part}" if lines[-1] else part
    print(" \\\n".join(lines), flush=True)


def execute(words: list[str]) -> None:
    """Show a command of DVC and run it; Ctrl-C waits until it has stopped.

    Raises:
        SystemExit: it fails, with its status.
    """
    show(words)
    process = subprocess.Popen([sys.executable, "-m", "experiments.dvc_in_utf8", *words[1:]])
    try:
        process.wait()
    except KeyboardInterrupt:
        process.wait()  # it has got the signal too
        raise
    if process.returncode:
        sys.exit(process.returncode)
