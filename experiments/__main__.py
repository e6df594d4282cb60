"""Run a recipe or a study: ``python -m experiments recipe NAME``; ``make recipe`` and ``make study`` do."""

import argparse
from pathlib import Path

from experiments.comparison import compare
from experiments.dvc_runs import execute, exp_run, experiments, free_name, queued_names
from experiments.recipes import SMOKE, absolute_paths, changed, committed_params, parse_changes, read_recipe
from experiments.studies import STUDIES, read_study, run_study
from pix2pix.core.errors import InputError, run_command
from pix2pix.core.kept_work import locked
from stages.settings.check import check_source
from stages.shared.committed import link_for_folder
from stages.shared.running import WORK


def main() -> None:
    """Run what the command line names."""
    args = _arguments()
    (_recipe if args.what == "recipe" else _study)(args)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m experiments", description="Run a recipe or a study.")
    kinds = parser.add_subparsers(dest="what", required=True)
    recipe = kinds.add_parser("recipe", help="the settings of a published system, as a DVC experiment")
    study = kinds.add_parser("study", help="settings compared: DVC experiments, a table and a figure")
    for kind in (recipe, study):
        kind.add_argument("name", metavar="NAME", help="of its file")
        kind.add_argument("--set", default="", metavar="'KEY=VALUE ...'", help="settings to change")
        kind.add_argument("--smoke", action="store_true", help="small: two minutes on two cores")
        kind.add_argument("--force", action="store_true", help="replace what has run under the name")
    recipe.add_argument("--queue", action="store_true", help="into DVC's queue, instead of running it")
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
    study = read_study(args.name, args.set, smoke=args.smoke)
    with locked(WORK / f"study-{study.name}.lock", "study"):
        name, done = run_study(study, force=args.force)
    folder = STUDIES / "results" / name
    print(f"\n{study.file.title}\n{compare(study, done, folder)}\n{folder}: table.md, table.csv, figure.png")


if __name__ == "__main__":
    run_command(main)
