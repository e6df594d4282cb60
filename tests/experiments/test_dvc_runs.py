"""The command line, read back by the shell and by DVC."""

import shlex
import subprocess
from pathlib import Path

import pytest
from dvc.utils.cli_parse import to_path_overrides
from dvc.utils.hydra import apply_overrides
from ruamel.yaml import YAML

from experiments.dvc_runs import exp_run, numbered, override, show
from pix2pix.core.errors import InputError

AWKWARD = [
    "/photos",
    "/my photos",
    "/a  b ",
    "/a,b",
    "/a[b]",
    "/a{b}",
    "/a=b",
    "/a:b",
    "/a#b",
    "/a;b&c|d",
    "/a*b?",
    "/it's",
    '/"a"',
    "/a\\b",
    "/a\\",
    "/a\\'b",
    "/a\\\\'",
    "/a$b",
    "/$(a)`b`",
    "/ä ö",
    "(a)",
    "~x",
    "12",
    "1e5",
    "true",
    "null",
    "nan",
    "choice(1,2)",
    "",
    "https://example.org/a?b=c&d=e",
    "s3://bucket/folder",
    "!x",
]


@pytest.mark.parametrize("value", AWKWARD)
def test_texts_come_back_from_shell_and_dvc(
    value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show(exp_run("awkward", {"source": value}))
    line = capsys.readouterr().out.replace("dvc exp run", "printf '%s\\0'", 1)
    words = subprocess.run(["sh", "-c", line], check=True, capture_output=True, text=True).stdout.split("\0")
    assert words[:3] == ["-n", "awkward", "-S"]
    params = tmp_path / "params.yaml"
    params.write_text("source: before  # a comment\n")
    apply_overrides(params, to_path_overrides([words[3]])["params.yaml"])
    assert YAML(typ="safe", pure=True).load(params) == {"source": value}


@pytest.mark.parametrize("value", [0, 1, 1500, 0.5, 2e-4, 1e-5, 1e-10, 1.0, True, False])
def test_numbers_and_switches_keep_their_value_and_type(value: float, tmp_path: Path) -> None:
    params = tmp_path / "params.yaml"
    params.write_text("key: 3\n")
    apply_overrides(params, [override("key", value)])
    found = YAML(typ="safe", pure=True).load(params)["key"]
    assert found == value and type(found) is type(value)


def test_plain_values_are_not_quoted() -> None:
    assert override("source", "/photos/my-set_2.zip") == "source=/photos/my-set_2.zip"
    assert override("norm", "batch") == "norm=batch"


def test_what_dvc_would_replace_is_refused() -> None:
    with pytest.raises(InputError, match=r"source: found '/a\$\{b\}'; rename it"):
        override("source", "/a${b}")


def test_line_shown_is_wrapped_and_reads_back(capsys: pytest.CaptureFixture[str]) -> None:
    words = exp_run("name", {f"setting_{i}": i for i in range(40)} | {"source": "/it's here"}, "--queue")
    show(words)
    text = capsys.readouterr().out
    assert shlex.split(text.replace("\\\n", "")) == words
    lines = text.splitlines()
    assert len(lines) > 5 and max(map(len, lines)) <= 115
    assert all(line.count("-S") == line.count("=") for line in lines)


def test_names_are_numbered_from_the_second_on() -> None:
    names = numbered("maps")
    assert [next(names) for _ in range(3)] == ["maps", "maps-2", "maps-3"]
