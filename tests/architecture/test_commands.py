"""Every command in the documents is one that the project's programs take."""

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from conftest import PROJECT
from documented import Command, documented_commands, documents, spans
from dvc.cli import DvcParserError, parse_args
from dvc.exceptions import DvcException
from dvc.utils.hydra import apply_overrides
from ruamel.yaml import YAML

from experiments.recipes import changed, parse_changes, read_recipe
from experiments.studies import read_study
from pix2pix.core.errors import InputError
from stages.settings.check import check_all

COMMANDS = documented_commands()
DVC = YAML(typ="safe").load(PROJECT / "dvc.yaml")
OUTPUTS = {
    next(iter(out)) if isinstance(out, dict) else out for s in DVC["stages"].values() for out in s["outs"]
}
# Runs a module until its command line has been read, and no further.
UNTIL_PARSED = """
import argparse, runpy, sys
parse = argparse.ArgumentParser.parse_args
def parse_and_stop(*args, **options):
    parse(*args, **options)
    raise SystemExit(0)
argparse.ArgumentParser.parse_args = parse_and_stop
sys.argv[1:] = sys.argv[2:]
runpy.run_module(MODULE, run_name="__main__", alter_sys=True)
"""


def of_program(*names: str) -> list[Command]:
    return [command for command in COMMANDS if command.words[0] in names]


def ids(commands: Sequence[Command]) -> list[str]:
    return [str(command) for command in commands]


def by_command(*programs: str) -> pytest.MarkDecorator:
    commands = of_program(*programs)
    return pytest.mark.parametrize("command", commands, ids=ids(commands))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the settings files, in which the test runs, and its params.yaml."""
    for name in ("params.yaml", "machine.yaml"):
        shutil.copy(PROJECT / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    yield tmp_path / "params.yaml"


@by_command("dvc")
def test_dvc_takes_the_command_and_the_settings_are_valid(
    command: Command, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_dvc_command(command.words, settings)
    for key, value in command.machine:
        monkeypatch.setenv(key, value)
    check_all()


def is_placeholder(override: str) -> bool:
    """Whether the value is a word such as NAME, which stands for many."""
    return override.partition("=")[2].isupper()


def check_dvc_command(words: Sequence[str], params: Path) -> None:
    args = parse_args(list(words[1:]))
    overrides = getattr(args, "set_param", None) or []
    apply_overrides(params, [override for override in overrides if not is_placeholder(override)])
    for target in getattr(args, "targets", None) or []:
        assert target in {*DVC["stages"], *OUTPUTS}, f"{target} is neither a stage nor an output"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("dvc exp rum", DvcParserError),
        ("dvc exp run --nmae a", DvcParserError),
        ("dvc exp run -S lamda_l1=200", DvcException),
        ("dvc exp run -S lambda_l1=much", InputError),
        ("dvc repro trian", AssertionError),
    ],
)
def test_a_wrong_command_would_be_noticed(words: str, problem: type[Exception], settings: Path) -> None:
    with pytest.raises(problem):
        check_dvc_command(words.split(), settings)
        check_all()


@by_command("make")
def test_make_has_the_target_and_the_settings_are_valid(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = subprocess.run(
        ["make", "-n", *command.words[1:]], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    given = dict(word.split("=", 1) for word in command.words[1:] if "=" in word)
    name, changes = given.get("NAME", ""), given.get("SET", "")
    monkeypatch.chdir(PROJECT)
    if command.words[1] == "recipe" and not name.isupper():
        settings = read_recipe(name)
        changed(settings, parse_changes(changes, settings))
    if command.words[1] == "study" and not name.isupper():
        read_study(name, changes)


def test_make_has_what_the_public_ci_runs() -> None:
    jobs = YAML(typ="safe").load(PROJECT / ".github/workflows/ci.yml")["jobs"]
    runs = {step.get("run", "") for job in jobs.values() for step in job["steps"]}
    targets = {run.split()[1] for run in runs if run.startswith("make ")}
    assert targets == {"lint", "test", "repro", "test-all"}
    subprocess.run(["make", "-n", *targets], cwd=PROJECT, check=True, capture_output=True)


@by_command("pip")
def test_what_pip_installs_has_a_pin_here(command: Command) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("install", choices=["install"])
    parser.add_argument("-e", "--editable", default="")
    parser.add_argument("packages", nargs="*")
    args = parser.parse_args(command.words[1:])
    assert args.editable or args.packages
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    if extras := args.editable.removeprefix(".").strip("[]"):
        assert set(extras.split(",")) <= set(project["optional-dependencies"])
    pins = [pin for extra in project["optional-dependencies"].values() for pin in extra]
    for package in args.packages:
        assert package == "." or any(pin == package or pin.startswith(f"{package}==") for pin in pins)


def module_and_arguments(command: Command) -> tuple[str, list[str]]:
    """The module that runs, and its arguments; torchrun's own options are checked too."""
    if command.words[0] == "pix2pix":
        return "pix2pix", list(command.words[1:])
    if command.words[0] == "python":
        assert command.words[1] == "-m", "the project's programs are modules"
        return command.words[2], list(command.words[3:])
    from torch.distributed.run import get_args_parser

    args = get_args_parser().parse_args(command.words[1:])
    assert args.module
    return args.training_script, args.training_script_args


@by_command("python", "torchrun", "pix2pix")
def test_module_takes_the_arguments(command: Command) -> None:
    module, arguments = module_and_arguments(command)
    if module.endswith(".NAME"):  # stands for each module of a package
        assert (PROJECT / module.split(".")[0] / "__init__.py").is_file()
        return
    assert importlib.util.find_spec(module) is not None
    is_name_alone = not (command.is_block or arguments)
    if is_name_alone or not module.startswith(("pix2pix", "stages.")):
        return
    done = subprocess.run(
        [sys.executable, "-c", UNTIL_PARSED.replace("MODULE", repr(module)), "-m", *arguments],
        cwd=PROJECT,
        env={**os.environ, **dict(command.machine)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_other_programs_exist() -> None:
    own = {"dvc", "make", "pip", "pix2pix", "python", "torchrun"}
    names = {command.words[0] for command in COMMANDS} - own
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    assert {name for name in names if shutil.which(name, path=path) is None} <= {"apt-get"}


def test_documents_have_commands_of_all_kinds() -> None:
    assert len(COMMANDS) > 40
    assert {"dvc", "make", "pip", "pix2pix", "python", "torchrun"} <= {
        command.words[0] for command in COMMANDS
    }


def problem_with(key: str, value: str, params: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the settings' check says of a value, or nothing."""
    shutil.copy(PROJECT / "params.yaml", params)
    if f"\n{key}:" in params.read_text():
        apply_overrides(params, [f"{key}={value}"])
    else:
        monkeypatch.setenv(f"PIX2PIX_{key.upper()}", value)
    try:
        check_all()
    except InputError as error:
        return "".join(line for line in str(error).splitlines() if f".yaml: {key}: " in line)
    return ""


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_settings_in_backquotes_exist_and_take_the_value(
    document: Path, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {key for file in ("params.yaml", "machine.yaml") for key in YAML(typ="safe").load(PROJECT / file)}
    for span in spans(document.read_text()):
        key, separator, value = span.partition(": ")
        if separator and key.isidentifier():
            assert key in known, f"there is no setting {key}"
            if not (value.isupper() or value.startswith("/")):
                assert problem_with(key, value, settings, monkeypatch) == ""
