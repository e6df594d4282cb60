"""The runs of a study: done where their results are missing, and recorded one by one."""

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, replace

from experiments.collected import collected
from experiments.dvc_runs import (
    Experiment,
    execute,
    exp_run,
    experiments,
    numbered,
    queued_names,
    remove_leftovers,
)
from experiments.recipes import load_params
from experiments.studies import Run, Study
from experiments.study_data import WORK, prepare_subset
from pix2pix.core.kept_work import locked
from pix2pix.core.outputs import write_json
from pix2pix.pages.study.results import Result, read_runs, results_path
from pix2pix.pages.study.study_file import RESULTS
from stages.settings.check import check_source
from stages.shared.settings import PARAMS

# Measured at 64 px and ngf 32, in seconds of one core, for the list of what there is to run.
SECONDS_PER_RUN = 55.0  # of what is not training
SECONDS_PER_PICTURE, IN_BATCH, WITH_FEATURES = 0.085, 0.04, 0.2
USUAL_SIDE_PX = 64


def run_study(study: Study, *, force: bool = False, queue: bool = False, left: Collection[str] = ()) -> None:
    """Do the runs whose results have not been recorded yet, one after the other.

    Each is an experiment of DVC in a copy of the project, so that the working folder stays as it is. A run
    that was killed continues from the state that its training has kept. A run that another study has done
    with the same settings and data is taken from there.

    Args:
        study: the study.
        force: do all runs again.
        queue: put them into DVC's queue instead; called again, the function records what the queue has done.
        left: the digests of runs that are left to another study, which shares its results.

    Raises:
        InputError: the data of the study are missing, or there is nothing at a source.
    """
    needed = {run.data for run in study.runs} == {study.file.data.label}
    if needed:
        prepare_subset(study.file.data)
    for settings in [run.settings for run in study.runs]:
        check_source(settings["dataset"], settings["source"])
    keep_only(study, set() if force else {run.digest for run in study.runs})
    for number, run in enumerate(study.runs, start=1):
        print(f"study: {study.name}, {number} of {len(study.runs)}: {run.name}", end="", flush=True)
        recorded = run.name in read_runs(study.name)
        print(": has been measured" if recorded else "", flush=True)
        if not recorded and run.digest not in left:
            _do(study, run, force=force, queue=queue)


def _do(study: Study, run: Run, *, force: bool, queue: bool) -> None:
    if not force and (known := _known(run)):
        record(study, replace(known, way=run.way))
        return
    done = experiments()
    name, is_done = own_name(run, study.name, done, force=force)
    if is_done:
        record(study, collected(run, done[name]))
    elif name in queued_names():
        print(f"study: {name} waits in the queue, or runs from it", flush=True)
    elif queue:
        execute(exp_run(name, run.settings, "--queue", "-m", run.tags(study.name)))
    else:
        remove_leftovers(name)
        start = time.monotonic()
        execute(exp_run(name, run.settings, "--temp", "-m", run.tags(study.name)))
        record(study, collected(run, experiments()[name], time.monotonic() - start))


def own_name(
    run: Run, study: str, done: Mapping[str, Experiment], *, force: bool = False
) -> tuple[str, bool]:
    """The name of the experiment of a run, and whether it has been done.

    It is numbered where an experiment of that name has other settings, or is to be done again.
    """
    for name in numbered(run.experiment(study)):
        if name not in done:
            return name, False
        if not force and load_params(done[name].read(PARAMS)) == run.settings:
            return name, True
    raise AssertionError


def _known(run: Run) -> Result | None:
    """The result of another study's run with the same settings and data."""
    results = (result for path in sorted(RESULTS.glob("*.json")) for result in read_runs(path.stem).values())
    return next((result for result in results if result.digest == run.digest), None)


def record(study: Study, result: Result) -> None:
    """Write the result of a run into the study's file of results."""
    with locked(WORK / "results.lock", "study"):
        runs = read_runs(study.name) | {result.name: result}
        _write(study, runs)


def keep_only(study: Study, digests: set[str]) -> None:
    """Forget results of a study with other settings than those it has now."""
    with locked(WORK / "results.lock", "study"):
        runs = read_runs(study.name)
        kept = {name: result for name, result in runs.items() if result.digest in digests}
        if len(kept) < len(runs):
            _write(study, kept)


def _write(study: Study, runs: Mapping[str, Result]) -> None:
    order = {run.name: number for number, run in enumerate(study.runs)}
    listed = sorted(runs.values(), key=lambda result: order.get(result.name, len(order)))
    write_json(results_path(study.name), {"study": study.of, "runs": [asdict(result) for result in listed]})


def missing(study: Study) -> list[Run]:
    """The runs of a study that have not been recorded with its settings, here or by another study."""
    runs = read_runs(study.name)
    return [run for run in study.runs if not _is_recorded(run, runs) and not _known(run)]


def _is_recorded(run: Run, runs: Mapping[str, Result]) -> bool:
    return run.name in runs and runs[run.name].digest == run.digest


def minutes(run: Run, train_pairs: int) -> float:
    """About how long a run takes on one core, from its pictures, their size and the width of its networks."""
    settings = run.settings
    pictures = train_pairs * (settings["epochs"] + settings["pretrain_epochs"])
    one = SECONDS_PER_PICTURE if settings["batch_size"] == 1 else IN_BATCH
    if settings["lambda_projected"]:
        one = WITH_FEATURES
    size = (settings["image_size"] / USUAL_SIDE_PX) ** 2
    return float(pictures * one * size + SECONDS_PER_RUN) / 60


def listed(studies: list[Study], *, run_by_run: bool) -> Iterator[str]:
    """Yield lines that say what there is to run, and about how long it takes on one core."""
    total = 0.0
    counted: set[str] = set()  # that one study leaves to another
    for study in studies:
        todo = [run for run in missing(study) if run.digest not in counted]
        counted |= {run.digest for run in todo}
        needed = {run.digest: minutes(run, study.file.data.train) for run in todo}
        total += sum(needed.values())
        done = len(study.runs) - len(todo)
        left = f"about {sum(needed.values()):.0f} min left"
        yield f"{study.name}: {done} of {len(study.runs)} runs are done or shared, {left}"
        if run_by_run:
            yield from (f"    {run.name}: about {needed[run.digest]:.0f} min" for run in todo)
    yield f"together about {total / 60:.1f} hours on one core"
