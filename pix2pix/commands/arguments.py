"""Arguments that several commands share."""

import argparse
from pathlib import Path
from typing import get_args

from pix2pix.core.choices import Accelerator, Direction

MODEL = Path("models/generator.safetensors")  # where the train stage writes it


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add ``--model``, the file of a trained model."""
    parser.add_argument("--model", type=Path, default=MODEL, help="default: %(default)s")


def add_direction(parser: argparse.ArgumentParser) -> None:
    """Add ``--direction``, in which a model translates."""
    parser.add_argument(
        "--direction",
        choices=get_args(Direction),
        help="of a model of both directions (objective: cyclegan); default: that of its training",
    )


def add_accelerator(parser: argparse.ArgumentParser) -> None:
    """Add ``--accelerator``, the kind of device to work on."""
    choices = get_args(Accelerator)
    parser.add_argument(
        "--accelerator", choices=choices, default="auto", help="default: a GPU if there is one"
    )


def add_no_browser(parser: argparse.ArgumentParser) -> None:
    """Add ``--no-browser``, for commands that open a page."""
    parser.add_argument("--no-browser", action="store_true", help="print the address only")
