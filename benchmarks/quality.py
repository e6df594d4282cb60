"""Plain pix2pix beside the recommended way, on the same pairs, as many pictures seen: ``make compare``.

Plain is the paper's way (``recipes/isola_facades.yaml``), ours a recipe ``best_*``, both at 128 px with full
networks. What a training gives is kept in ``benchmarks/results/quality.json`` as soon as it is measured, and
it is not run again while its settings stay the same; one that was killed goes on. So a comparison of many
hours can be made in parts. At the end the tables and pictures of ``docs/comparison.md`` are written.

``--ablation`` runs small trainings instead, at 64 px: plain, ours, and ours with one thing changed.
"""

import argparse
import json
import os
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks.comparison_page import README, write_page, write_pictures, write_summary
from benchmarks.comparison_run import (
    RESULTS,
    Figures,
    is_trained,
    measured,
    pairs_of,
    pictures_in,
    prepare_pairs,
    trained,
)
from benchmarks.comparison_speed import measured_speed, speed_digest, speed_name
from benchmarks.comparisons import (
    COMPARISONS,
    OURS,
    PLAIN,
    WORK,
    Run,
    ablation_runs,
    digest_of,
    full_runs,
    settings_of,
)
from pix2pix.core.errors import run_command
from pix2pix.core.kept_work import locked
from pix2pix.core.outputs import write_json
from pix2pix.machine.memory import keep_freed_memory
from pix2pix.pictures.pairs import TEST

RECORD = Path("benchmarks/results/quality.json")
DATASETS = Path("../shared/datasets")


def main() -> None:
    """Run what is missing, unless the page alone is wanted, and write the page."""
    args = _arguments()
    if not args.page:
        keep_freed_memory()
        runs = [run for data in args.data for run in (ablation_runs if args.ablation else full_runs)(data)]
        if args.force:
            forget(runs)
        compare(runs, args.datasets)
    record = read_record()
    for data in COMPARISONS:
        first_seed = [run for run in full_runs(data) if run.seed == 1]
        made = [
            run for run in first_seed if run.name in record and is_trained(run, record[run.name]["digest"])
        ]
        if made:
            folders = {run.row: run.folder / RESULTS for run in made}
            write_pictures(data, pairs_of(made[0]) / TEST, folders)
    if README.exists():
        write_summary(record)
    print(f"compare: {write_page(record)}")


def compare(runs: Sequence[Run], datasets: Path) -> None:
    """Run the trainings that have not been run with their settings, and record the figures of each.

    Args:
        runs: the trainings.
        datasets: the folder of the datasets.

    Raises:
        InputError: a setting is wrong, or a dataset is missing.
    """
    settings = {run.name: settings_of(run) for run in runs}
    digests = {name: digest_of(values) for name, values in settings.items()}
    record = read_record()
    todo = {run.name for run in runs if record.get(run.name, {}).get("digest") != digests[run.name]}
    for run in runs:
        if run.name in todo and not pairs_of(run).exists():
            for folder in COMPARISONS[run.data].folders:  # before hours of work, not after
                pictures_in(datasets / run.data / folder)
    for number, run in enumerate(runs, start=1):
        if run.name in todo:
            print(f"compare: {run.name} ({number} of {len(runs)})", flush=True)
            prepare_pairs(run, datasets)
            add_to_record(run.name, trained(run, settings[run.name]) | measured(run))
    for name, ways in ways_of(runs).items():
        digest = speed_digest([settings[run.name] for run in ways])
        if record.get(name, {}).get("digest") != digest:
            print(f"compare: {name}, of {len(ways)} ways by turns", flush=True)
            prepare_pairs(ways[0], datasets)
            add_to_record(name, measured_speed(ways, settings))


def ways_of(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """One run of each way, by what their speed is called; fewer epochs are no other way."""
    ways: dict[str, dict[str, Run]] = {}
    for run in runs:
        if run.is_ablation or run.row in (PLAIN, OURS):
            ways.setdefault(speed_name(run), {}).setdefault(run.row, run)
    return {name: list(of.values()) for name, of in ways.items()}


def read_record() -> dict[str, Figures]:
    """The figures of the trainings, by their names."""
    return dict(json.loads(RECORD.read_text())) if RECORD.exists() else {}


def add_to_record(name: str, figures: Figures) -> None:
    """Record the figures of a training, or of a speed; another comparison may be at the same time."""
    with _record_locked():
        write_json(RECORD, dict(sorted({**read_record(), name: figures}.items())))


def forget(runs: Sequence[Run]) -> None:
    """Remove the figures, models and half-done work of trainings, so that they are run again."""
    names = {name for run in runs for name in (run.name, speed_name(run))}
    with _record_locked():
        write_json(RECORD, {name: of for name, of in read_record().items() if name not in names})
    for run in runs:
        for folder in (run.folder, *(WORK / "work").glob(f"{run.slug}-*")):
            if folder.is_dir():
                shutil.rmtree(folder)


def _record_locked() -> AbstractContextManager[None]:
    return locked(WORK / "record.lock", "compare")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--data", nargs="+", choices=COMPARISONS, default=list(COMPARISONS), help="datasets")
    parser.add_argument(
        "--ablation", action="store_true", help="small trainings, ours with one thing changed"
    )
    parser.add_argument("--force", action="store_true", help="run again what has been run")
    parser.add_argument("--page", action="store_true", help="run nothing, only write the page")
    parser.add_argument(
        "--datasets",
        type=Path,
        default=Path(os.environ.get("DATASETS_DIR", DATASETS)),
        help="their folder; by default the one that DATASETS_DIR names",
    )
    return parser.parse_args()


if __name__ == "__main__":
    run_command(main)
