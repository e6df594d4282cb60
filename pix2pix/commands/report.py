"""Write the page of plots, with tables of metrics and settings, as one file.

It runs in the project's folder; it is no stage, and changes no result.
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("revisions", nargs="*", help="branches, commits or experiments to compare")
    parser.add_argument("--out", type=Path, default=Path("report.html"), help="default: %(default)s")


def run(args: argparse.Namespace) -> None:
    """Write the report of this folder's run, or one that compares revisions and experiments."""
    from pix2pix.pages.report import write_report

    write_report(args.revisions, args.out)
    print(f"report: {args.out.resolve()} ({args.out.stat().st_size / 1e6:.1f} MB)")
