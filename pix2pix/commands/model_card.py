"""Write a model card: what a model does, its data and their terms, settings, figures, pictures, limits."""

import argparse
from pathlib import Path

from pix2pix.commands.arguments import add_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_model(parser)
    add = parser.add_argument
    add("--metrics", type=Path, default=Path("metrics"), help="of the last evaluation; default: %(default)s")
    add("-o", "--output", type=Path, help="default: README.md beside the model")
    add("--dataset", help="what the data are, where the model's file does not tell")


def run(args: argparse.Namespace) -> None:
    """Write the card of the model that the command line names."""
    from pix2pix.core.outputs import whole_file
    from pix2pix.model.last_evaluation import last_evaluation
    from pix2pix.model.model_file import load_generator
    from pix2pix.release.model_card import model_card

    output = args.output or args.model.with_name("README.md")
    _, settings = load_generator(args.model)
    metrics = args.metrics if last_evaluation(args.model, args.metrics.parent) else None
    if metrics is None:
        print(f"model_card: {args.metrics} has no figures of this very file, so the card has none")
    text = model_card(args.model.name, settings, metrics, output.parent, args.dataset)
    with whole_file(output) as partial:
        partial.write_text(text)
    print(f"model_card: {output}")
