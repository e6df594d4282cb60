"""The commands of the documents, as a shell that reads them would start them."""

import itertools
import re
import shlex
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from conftest import PROJECT

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs", "ratings", "recipes", "studies")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
STARTED = re.compile(r"^(?:\w+=\S* )*(dvc|make|python|pip|pre-commit) \S")
# With no program on PATH, bash hands every command that is not its own to this function, which notes it.
RECORDER = r"""
source() { :; }
cd() { :; }
command_not_found_handle() {
    for name in "${!PIX2PIX_@}"; do printf '%s=%s\0' "$name" "${!name}"; done >&3
    printf '\1\0' >&3
    printf '%s\0' "$@" >&3
    printf '\2\0' >&3
}
"""


@dataclass(frozen=True)
class Command:
    """A command of a document, with what the shell made of it.

    Attributes:
        document: the file, relative to the project.
        words: the program and its arguments.
        is_block: whether it stands in a ```bash block, to be typed as it is.
        machine: the ``PIX2PIX_`` variables that it is started with.
    """

    document: str
    words: tuple[str, ...]
    is_block: bool
    machine: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        variables = [f"{key}={value}" for key, value in self.machine]
        return f"{self.document}: {' '.join(variables)} {shlex.join(self.words)}"


def documents() -> list[Path]:
    found = [PROJECT / name for name in DOCUMENTS]
    files = [path for path in found if path.is_file()]
    return files + [path for folder in found if folder.is_dir() for path in sorted(folder.rglob("*.md"))]


def documented_commands() -> list[Command]:
    """The commands of all ```bash blocks, and those in `backquotes`, each once."""
    found: dict[tuple[object, ...], Command] = {}
    for path in documents():
        text, name = path.read_text(), path.relative_to(PROJECT).as_posix()
        commands = [started_by(block, name, is_block=True) for block in blocks(text)]
        commands += [started_by(line, name, is_block=False) for line in lines(text)]
        for command in itertools.chain.from_iterable(commands):
            found.setdefault((command.words, command.machine), command)
    return list(found.values())


def blocks(text: str) -> list[str]:
    return [body for language, body in FENCE.findall(text) if language == "bash"]


def spans(text: str) -> list[str]:
    """What stands in `backquotes`, each in one line."""
    return [" ".join(span.split()) for span in INLINE.findall(FENCE.sub("", text))]


def lines(text: str) -> list[str]:
    """The spans that are commands; ``-S key=value`` is one of an experiment."""
    options = [f"dvc exp run {span}" for span in spans(text) if span.startswith("-S ")]
    return options + [span for span in spans(text) if STARTED.match(span)]


def started_by(script: str, document: str, *, is_block: bool) -> list[Command]:
    """Let bash read ``script``, note what it would start, and start nothing.

    Raises:
        AssertionError: bash cannot read it.
    """
    with tempfile.TemporaryDirectory() as scratch:
        record = Path(scratch, "record")
        done = subprocess.run(
            ["/bin/bash", "-eu", "-c", f"exec 3>{record}{RECORDER}{script}"],
            cwd=scratch,
            env={"PATH": "/nowhere"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{document}: bash cannot read this:\n{script}\n{done.stderr}"
        calls = record.read_text().split("\2\0")[:-1]
    commands = []
    for call in calls:
        variables, words = call.split("\1\0")
        machine = tuple(
            (key, value) for key, _, value in (item.partition("=") for item in variables.split("\0") if item)
        )
        commands.append(Command(document, tuple(words.split("\0")[:-1]), is_block, machine))
    return commands
