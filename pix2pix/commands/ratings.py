"""Sum up what people said about the model's test pictures, as numbers."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    for name in ("ratings", "results", "model", "metrics"):
        parser.add_argument(f"--{name}", type=Path, required=True)


def run(args: argparse.Namespace) -> None:
    """Sum up the files of all raters."""
    from pix2pix.pages.rating.summary import summarize_folder

    summarize_folder(args.ratings, args.results, args.model, args.metrics)
