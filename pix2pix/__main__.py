"""``pix2pix COMMAND``, or ``python -m pix2pix COMMAND``."""

import argparse
import sys
from collections.abc import Collection
from importlib import import_module
from keyword import iskeyword
from types import ModuleType

import shtab

from pix2pix import __version__
from pix2pix.core.errors import run_command

COMMANDS = {
    "translate": "translate pictures and videos with a trained model",
    "evaluate": "measure a model on a folder of A|B pairs",
    "demo": "open a page on which models translate photos and drawings",
    "rate": "open a page on which people rate test pictures",
    "ratings": "sum up what they said",
    "report": "write plots, metrics and settings of runs to one page",
    "export": "write a model as ONNX, as a program of torch.export, or for the original code",
    "import": "take over a generator that the original code trained",
    "model-card": "write a model card",
}
PRINT_COMPLETION = "--print-completion"


def main() -> None:
    """Run the command that the command line names; only its own module is imported."""
    words = sys.argv[1:]
    is_completion = any(word.startswith(PRINT_COMPLETION) for word in words)
    wanted = COMMANDS if is_completion else words[:1]
    args = _parser(wanted).parse_args(words)
    run_command(lambda: _module(args.command).run(args))


def _parser(wanted: Collection[str]) -> argparse.ArgumentParser:
    """The parser of all commands, of which those ``wanted`` know their arguments."""
    parser = argparse.ArgumentParser(prog="pix2pix", description="A trained pix2pix model at work.")
    parser.add_argument("--version", action="version", version=f"pix2pix {__version__}")
    shtab.add_argument_to(parser, PRINT_COMPLETION, help="print a script that completes words in this shell")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, line in COMMANDS.items():
        command = commands.add_parser(name, help=line)
        if name in wanted:
            module = _module(name)
            command.description = module.__doc__
            module.add_arguments(command)
    return parser


def _module(command: str) -> ModuleType:
    name = command.replace("-", "_") + "_" * iskeyword(command)
    return import_module(f"pix2pix.commands.{name}")


if __name__ == "__main__":
    main()
