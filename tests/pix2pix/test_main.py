"""The command ``pix2pix``: its list of commands, what a call of one imports, and how it ends."""

import importlib.metadata
import subprocess
import sys
import tomllib

import pytest
from conftest import PROJECT

from pix2pix import __version__
from pix2pix.__main__ import COMMANDS, main

SLOW_TO_IMPORT = {"torch", "torchvision", "pandas", "cv2", "scipy", "matplotlib", "gradio", "dvc"}
# Runs the command, then says last which modules it has imported.
THEN_MODULES = """
import sys
from pix2pix.__main__ import main
try:
    main()
finally:
    print(*sys.modules)
"""


def module_name(command: str) -> str:
    """The module of a command; ``import`` is a word of Python, so that its module has another name."""
    return f"pix2pix.commands.{'import_' if command == 'import' else command.replace('-', '_')}"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return python("-m", "pix2pix", *words)


def python(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=PROJECT, capture_output=True, text=True, check=False)


def imported_by(*words: str) -> set[str]:
    done = python("-c", THEN_MODULES, *words)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def test_help_lists_every_command_and_what_it_does() -> None:
    done = run("--help")
    assert done.returncode == 0
    words = done.stdout.split()
    for name, line in COMMANDS.items():
        assert name in words and line in " ".join(words)


def test_every_module_of_the_commands_is_a_command() -> None:
    modules = {
        path.stem.rstrip("_").replace("_", "-")
        for path in (PROJECT / "pix2pix" / "commands").glob("[!_]*.py")
    }
    assert modules - {"arguments"} == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_imports_its_module_alone_and_nothing_slow(command: str) -> None:
    modules = imported_by(command, "--help")
    assert modules & SLOW_TO_IMPORT == set()
    of_commands = {name: module_name(name) for name in COMMANDS}
    assert modules & set(of_commands.values()) == {of_commands[command]}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_names_it_and_says_what_it_is_for(command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith(f"usage: pix2pix {command} ")
    summary, options = done.stdout.split("\n\n")[1], done.stdout.split("\noptions:\n")[1]
    assert summary.strip().endswith(".") and "--help" in options


def test_list_of_commands_and_version_import_no_command() -> None:
    for option in ("--help", "--version"):
        assert not [name for name in imported_by(option) if name.startswith("pix2pix.commands.")]


def test_version_is_that_of_the_package() -> None:
    assert run("--version").stdout == f"pix2pix {__version__}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["translat"], "invalid choice: translat (choose from translate, evaluate, "),
        ([], "the following arguments are required: COMMAND"),
        (["translate", "photo.png"], "the following arguments are required: -o/--output"),
        (["translate", "photo.png", "-o", "out.png", "--fit", "tiles"], "--fit: invalid choice: tiles"),
    ],
)
def test_wrong_command_line_ends_with_the_usage_and_status_2(words: list[str], message: str) -> None:
    done = run(*words)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("usage: pix2pix ") and "Traceback" not in done.stderr
    assert message in done.stderr.replace("'", "")  # which later versions of Python leave out


def test_mistake_of_the_user_ends_with_one_line_and_status_1() -> None:
    folders = ("--results", "no", "--ratings", "no", "--metrics", "no.json")
    done = run("ratings", "--model", "no.safetensors", *folders)
    assert done.returncode == 1 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ") and "no.safetensors" in line


def test_completion_knows_each_command_and_its_options() -> None:
    done = run("--print-completion", "bash")
    assert done.returncode == 0
    assert f"_subparsers=({' '.join(COMMANDS)})" in done.stdout
    options = next(line for line in done.stdout.splitlines() if "pix2pix_translate_option_strings=" in line)
    assert "--keep-luminance" in options
    subprocess.run(["bash", "-n"], input=done.stdout, text=True, check=True)


def test_program_and_module_are_the_same() -> None:
    scripts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["scripts"]
    assert list(scripts) == ["pix2pix"]
    entry = importlib.metadata.EntryPoint("pix2pix", scripts["pix2pix"], "console_scripts")
    assert entry.load() is main
