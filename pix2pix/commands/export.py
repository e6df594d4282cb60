"""Hand a trained model to other programs: as ONNX, as a program of torch.export, and to the original code.

The first two take pictures, (N, 3, H, W) float32 RGB in [0, 1], any number of them, with sides that are
multiples of what the network needs, and give the same shape and range. They are compared with PyTorch on real
pictures. The last is latest_net_G.pth of junyanz/pytorch-CycleGAN-and-pix2pix, for networks that it has. A
file holds one generator: of a model of both directions, that of ``--direction``.
"""

import argparse
from pathlib import Path

from pix2pix.commands.arguments import add_direction, add_model

FORMATS = {"onnx": ".onnx", "pt2": ".pt2", "original": ".pth"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_model(parser)
    add_direction(parser)
    add = parser.add_argument
    add("-o", "--output", type=Path, nargs="+", help=".onnx, .pt2 or .pth files; default: the first two")
    add("--format", nargs="+", choices=FORMATS, help="or what to write beside the model")
    add("--pictures", type=Path, help="a folder to compare on; default: scikit-image's photos")


def run(args: argparse.Namespace) -> None:
    """Export the model that the command line names, and say how far the result is from PyTorch."""
    from pix2pix.release.export import beside, export_model

    outputs = args.output or [beside(args.model, FORMATS[name], args.direction) for name in args.format or ()]
    export_model(args.model, outputs, args.pictures, args.direction)
