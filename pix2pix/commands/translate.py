"""Translate pictures and videos with a trained model.

A picture, a folder (kept as a tree), a pattern, or a video; what is there already is skipped, and what cannot
be used is listed, while the rest goes on.
"""

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import get_args

from pix2pix.commands.arguments import add_accelerator, add_direction, add_model
from pix2pix.core.choices import Fit, PhotoFormat, Precision
from pix2pix.core.errors import InputError

SMOOTH_FRAMES = 5.0  # of ``--smooth`` without a number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add = parser.add_argument
    add("inputs", nargs="+", metavar="INPUT", help="a picture, a video, a folder, or a pattern")
    add("-o", "--output", type=Path, required=True, help="a file for a single file, else a folder")
    add_model(parser)
    add_direction(parser)
    add(
        "--fit",
        choices=get_args(Fit),
        default="tile",
        help="of other sizes than the model's: tile (overlapping tiles, blended; the default), full (all at "
        "once), resize (down to the model's size and up again)",
    )
    add("--prepare", action="store_true", help="make the input (grey, edges, sketch) of a colour photo first")
    add(
        "--keep-luminance", action="store_true", help="colorizers: keep the brightness, take the colours only"
    )
    add("--overwrite", action="store_true", help="translate also what is there already")
    add(
        "--smooth",
        type=float,
        nargs="?",
        const=SMOOTH_FRAMES,
        default=0,
        metavar="FRAMES",
        help="videos: average what does not move over about so many frames (5, where no number is given)",
    )
    add(
        "--format",
        choices=get_args(PhotoFormat),
        default="png",
        help="of pictures in a folder (default: %(default)s)",
    )
    add_accelerator(parser)
    add(
        "--precision",
        choices=get_args(Precision),
        help="auto is bf16 where the hardware has it, else fp32 (default: that of the training)",
    )


def run(args: argparse.Namespace) -> None:
    """Translate what the command line names, and say what became of it."""
    from pix2pix.core.kept_work import alone_in
    from pix2pix.items.manifest import KEPT, write_manifest
    from pix2pix.machine.memory import keep_freed_memory
    from pix2pix.translation.batch import report, translate_all
    from pix2pix.translation.photos import TranslatedRow
    from pix2pix.translation.translator import TranslateOptions, Translator
    from pix2pix.translation.work_list import list_work

    if args.smooth and args.smooth < 1:
        raise InputError(f"--smooth: found {args.smooth:g}; a number of frames, 1 or more, is needed")
    work = list_work(args.inputs, args.output, f".{args.format}")
    keep_freed_memory()
    translator = Translator.load(args.model, args.accelerator, args.precision, args.direction)
    options = TranslateOptions(args.fit, args.prepare, args.keep_luminance)
    translator.check(options)
    with nullcontext() if work.folder is None else alone_in(work.folder, "translate"):
        rows = translate_all(
            translator, work.items, options, overwrite=args.overwrite, smooth_frames=args.smooth
        )
        if work.folder is not None:
            write_manifest(work.folder / "manifest.csv", rows, TranslatedRow)
    report(rows)
    if not any(row.status == KEPT for row in rows):
        sys.exit("error: nothing could be translated")
