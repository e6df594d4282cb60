"""Check all settings at once, before any stage works: ``python -m stages.settings``.

A data stage runs this first, so that a wrong ``norm`` does not show up after hours of cropping. It changes
no output, so that dvc.yaml need not list the settings of every stage as dependencies of each. ``--source``,
before DVC starts, also checks that ``source`` is there: DVC stops at one that is not, and says less.
"""

import argparse
from pathlib import Path

from stages.settings.check import check_all, check_source
from stages.settings.download import SourceSettings
from stages.shared.committed import link_for_folder
from stages.shared.running import run
from stages.shared.settings import load_settings


def main() -> None:
    """Check what the command line asks for, and warn of what `dvc exp run` stops at."""
    parser = argparse.ArgumentParser(description="Check params.yaml and machine.yaml.")
    parser.add_argument("--source", action="store_true", help="also check that `source` is there")
    args = parser.parse_args()
    check_all()
    settings = load_settings(SourceSettings)
    if args.source:
        check_source(settings.dataset, settings.source)
    if link := link_for_folder(Path(settings.source)):
        print(f"note: {link}", flush=True)


if __name__ == "__main__":
    run(main)
