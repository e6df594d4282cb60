"""Run a recipe, a study or all: ``python -m experiments recipe NAME``; ``make recipe`` and others do."""

import argparse
from collections.abc import Collection
from pathlib import Path

from experiments.dvc_runs import execute, exp_run, experiments, free_name, queued_names
from experiments.recipes import SMOKE, absolute_paths, changed, committed_params, parse_changes, read_recipe
from experiments.results_page import write_results_page
from experiments.studies import Study, read_study
from experiments.study_runs import listed, run_study
from pix2pix.core.errors import InputError, run_command
from pix2pix.core.kept_work import locked
from pix2pix.pages.study.results import gathered, results_path
from pix2pix.pages.study.study_file import study_names
from pix2pix.pages.study.table import claims_table, markdown, table
from stages.settings.check import check_source
from stages.shared.committed import link_for_folder
from stages.shared.running import WORK

QUEUED = (
    "`dvc queue start -j 2` runs what is queued, two at a time; the same command without the queue records "
    "what it has done."
)


def main() -> None:
    """Run what the command line names."""
    args = _arguments()
    {"recipe": _recipe, "study": _study, "studies": _studies}[args.what](args)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m experiments", description="Run a recipe or a study.")
    kinds = parser.add_subparsers(dest="what", required=True)
    recipe = kinds.add_parser("recipe", help="the settings of a published system, as a DVC experiment")
    study = kinds.add_parser("study", help="settings compared: DVC experiments, and what became of claims")
    studies = kinds.add_parser("studies", help="all studies, and docs/results.md from what they have given")
    for kind in (recipe, study):
        kind.add_argument("name", metavar="NAME", help="of its file")
        kind.add_argument("--set", default="", metavar="'KEY=VALUE ...'", help="settings to change")
        kind.add_argument("--smoke", action="store_true", help="small: two minutes on two cores a run")
        kind.add_argument("--force", action="store_true", help="replace what has run under the name")
    study.add_argument("--full", action="store_true", help="as large as in the report, on its recipe's data")
    studies.add_argument("--page", action="store_true", help="run nothing, only write the page")
    for kind in (recipe, study, studies):
        kind.add_argument("--queue", action="store_true", help="into DVC's queue, instead of running it")
    for kind in (study, studies):
        kind.add_argument("--list", action="store_true", help="say what would be run, and about how long")
    return parser.parse_args()


def _recipe(args: argparse.Namespace) -> None:
    settings = read_recipe(args.name)
    settings = changed(settings, parse_changes(args.set, settings), smoke=args.smoke)
    check_source(settings["dataset"], settings["source"])
    name = f"{args.name}-{SMOKE}" if args.smoke else args.name
    if args.force and name in experiments().keys() | queued_names():
        execute(["dvc", "exp", "remove", name])
    name = free_name(name)
    if args.queue:
        execute(exp_run(name, absolute_paths(settings), "--queue"))
        print("`dvc queue start` runs what is queued, `dvc queue status` says how far it is.")
    else:
        if link := link_for_folder(Path(committed_params()["source"])):
            raise InputError(link)
        execute(exp_run(name, settings))
        print(
            f"params.yaml has the settings of {name} now: `dvc exp run -S ...` changes one of them, and "
            "`git checkout .` goes back to the last commit's."
        )


def _study(args: argparse.Namespace) -> None:
    study = read_study(args.name, args.set, smoke=args.smoke, full=args.full)
    if args.list:
        print("\n".join(listed([study], run_by_run=True)))
        return
    _run(study, force=args.force, queue=args.queue)
    if args.queue:
        print(QUEUED)
        return
    results = gathered(study.name, study.file)
    print(f"\n{study.file.title}\n{markdown(table(results))}\n{markdown(claims_table(results))}")
    print(f"{results_path(study.name)}: `pix2pix report --study {study.name}` shows it")


def _studies(args: argparse.Namespace) -> None:
    studies = [] if args.page else [read_study(name) for name in study_names()]
    if args.list:
        print("\n".join(listed(studies, run_by_run=False)))
        return
    left: set[str] = set()
    for study in studies:
        _run(study, queue=args.queue, left=left if args.queue else ())
        left |= {run.digest for run in study.runs}
        write_results_page()
    if args.queue:
        print(QUEUED)
    print(f"studies: {write_results_page()}")


def _run(study: Study, *, force: bool = False, queue: bool = False, left: Collection[str] = ()) -> None:
    with locked(WORK / f"study-{study.name}.lock", "study"):
        run_study(study, force=force, queue=queue, left=left)


if __name__ == "__main__":
    run_command(main)
