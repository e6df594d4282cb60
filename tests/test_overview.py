"""docs/overview.md has a line for every file, and names none that is gone."""

import fnmatch
import re
import subprocess

import pytest
from conftest import PROJECT

MADE_BY_STAGES = ("metrics/", "data/", "docs/images/")
MIRRORS = re.compile(r"tests/(pix2pix|stages|experiments)/test_(\w+)\.py")


def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, check=True, capture_output=True, text=True
    )
    return [name for name in listed.stdout.split("\0") if name and (PROJECT / name).is_file()]


def lines() -> list[str]:
    """The first cells of the tables, as patterns: ``<stage>`` is any name, ``folder/`` all that is in it."""
    text = (PROJECT / "docs/overview.md").read_text()
    cells = re.findall(r"^\| (`[^|]+`) \|", text, re.MULTILINE)
    return [re.sub(r"<\w+>|(?<=/)$", "*", name) for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def needs_a_line(name: str) -> bool:
    """Whether a file has one to itself: neither an output, nor an empty package, nor a module's own test."""
    if name.startswith(MADE_BY_STAGES) or name.endswith("__init__.py"):
        return False
    mirror = MIRRORS.fullmatch(name)
    return mirror is None or not (PROJECT / mirror[1] / f"{mirror[2]}.py").is_file()


@pytest.mark.parametrize("name", [name for name in tracked() if needs_a_line(name)])
def test_file_has_a_line(name: str) -> None:
    assert any(fnmatch.fnmatch(name, line) for line in lines())


@pytest.mark.parametrize("line", lines())
def test_line_names_a_file_that_is_there(line: str) -> None:
    assert fnmatch.filter(tracked(), line)


def test_no_file_has_two_lines() -> None:
    assert len(lines()) == len(set(lines()))
