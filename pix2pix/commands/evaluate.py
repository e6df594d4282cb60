"""Measure a saved model on any folder of A|B pairs."""

import argparse
import tempfile
from pathlib import Path
from typing import get_args

from pix2pix.core.choices import Direction, Resize


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add = parser.add_argument
    add("--model", type=Path, required=True, help="a file that the train stage wrote")
    add("--pairs", type=Path, required=True, help="a folder of A|B pictures")
    add("--out", type=Path, help="a folder for pictures, tables and plots, which is replaced")
    add(
        "--direction",
        choices=get_args(Direction),
        help="BtoA: the input is the right half, and a model of both directions is measured in that one; by "
        "default the model's",
    )
    add("--resize", choices=get_args(Resize), help="let halves of other sizes become the model's")


def run(args: argparse.Namespace) -> None:
    """Measure, and print the figures."""
    from pix2pix.evaluation.any_pairs import check_output, evaluate
    from pix2pix.machine.memory import keep_freed_memory

    if args.out:
        check_output(args.out)
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as scratch:
        evaluate(args.model, args.pairs, args.out or Path(scratch, "out"), args.direction, args.resize)
    if args.out:
        print(f"pictures, tables and plots are in {args.out}")
