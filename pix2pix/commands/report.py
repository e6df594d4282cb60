"""Write the page of plots, with tables of metrics and settings, as one file; or that of a study.

It runs in the project's folder; it is no stage, and changes no result.
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("revisions", nargs="*", help="branches, commits or experiments to compare")
    parser.add_argument("--study", metavar="NAME", help="show the results of this study instead")
    parser.add_argument("--out", type=Path, default=Path("report.html"), help="default: %(default)s")


def run(args: argparse.Namespace) -> None:
    """Write the report of this folder's run, one that compares revisions and experiments, or a study's."""
    if args.study:
        from pix2pix.pages.study.page import write_study_page

        write_study_page(args.study, args.out)
    else:
        from pix2pix.pages.report import write_report

        write_report(args.revisions, args.out)
    print(f"report: {args.out.resolve()} ({args.out.stat().st_size / 1e6:.1f} MB)")
