"""Take over a generator of the original code (junyanz/pytorch-CycleGAN-and-pix2pix), as latest_net_G.pth.

What its network is made of is found out from the file, of which no code is run. The result is used as a model
of this project: by translate, demo and export, and as init_from of a training.
"""

import argparse
from pathlib import Path
from typing import get_args

from pix2pix.core.choices import TestMode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add = parser.add_argument
    add(
        "checkpoint",
        type=Path,
        help="of a generator: latest_net_G.pth, latest_net_G_A.pth or the like",
    )
    add("-o", "--output", type=Path, help="default: beside it, as .safetensors")
    add(
        "--test-mode",
        choices=get_args(TestMode),
        default="eval",
        help="train: dropout and norms as in training, as by the original code without --eval; default: eval",
    )


def run(args: argparse.Namespace) -> None:
    """Write the model of the checkpoint that the command line names."""
    from pix2pix.model.model_file import save_generator
    from pix2pix.model.original_checkpoints import read_original

    output = args.output or args.checkpoint.with_suffix(".safetensors")
    generator, settings = read_original(args.checkpoint, args.test_mode)
    save_generator(output, generator.state_dict(), settings)
    told = ", ".join(f"{name}: {settings[name]}" for name in ("generator", "image_size", "ngf", "norm"))
    print(f"import: {args.checkpoint} holds {told}")
    print(f"import: {output}")
