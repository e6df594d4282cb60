"""Hand a trained model to other programs: as ONNX, and as a program of torch.export.

Both take pictures, (N, 3, H, W) float32 RGB in [0, 1], any number of them, with sides that are multiples of
what the network needs, and give the same shape and range. They are compared with PyTorch on real pictures.
"""

import argparse
from pathlib import Path

from pix2pix.commands.arguments import add_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_model(parser)
    add = parser.add_argument
    add("-o", "--output", type=Path, nargs="+", help=".onnx or .pt2 files; default: both, beside the model")
    add("--pictures", type=Path, help="a folder to compare on; default: scikit-image's photos")


def run(args: argparse.Namespace) -> None:
    """Export the model that the command line names, and say how far the result is from PyTorch."""
    from pix2pix.release.export import export_model

    export_model(args.model, args.output, args.pictures)
