"""The evaluation of a model on two sets of pictures that are no pairs, in each of its directions."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from pix2pix.core.errors import InputError
from pix2pix.core.outputs import whole_folder
from pix2pix.evaluation.face_rate import cropped_faces
from pix2pix.evaluation.options import MANIFEST, EvaluationOptions, Places
from pix2pix.evaluation.results import translate_pictures, write_set_plots
from pix2pix.evaluation.set_measurement import (
    MeasuredSet,
    SetFolders,
    measure_set,
    set_lines,
    summarize_set,
)
from pix2pix.evaluation.summary import Evaluated, notes_on_films, of_back
from pix2pix.model.trained_model import TrainedModel
from pix2pix.pictures.pairs import SIDES, TEST
from pix2pix.realism.options import RealismOptions
from pix2pix.realism.set_comparison import measure_sets

A, B = SIDES  # the sets' folders below a split; A is the input of the training's direction
NO_FACES = "face_rate: left out: it compares an output with its target, and there are no pairs"


def evaluate_sets(model: TrainedModel, places: Places, options: EvaluationOptions) -> Evaluated:
    """Translate the test pictures, compare the outputs with real pictures, as sets, and write all that.

    Of a model of both directions, each picture also goes there and back, and the other direction is measured
    likewise.

    Returns:
        the figures of ``summarize_set`` and those of ``measure_sets``; of a model of both directions, the
        same of the other one behind them, as ``back_*``.

    Raises:
        InputError: the model was trained on pairs, a set has no test picture, or a file of weights cannot be
            used.
    """
    test = places.pairs / TEST
    _check(model, test)
    with TemporaryDirectory() as scratch:
        returned = None if model.back is None else Path(scratch)
        ways = [SetFolders(A, B, test, places.results, returned)]
        if model.back is not None:
            ways.append(SetFolders(B, A, test, places.results, returned))
        _translate(model, test, places.results, Path(scratch))
        measured = [measure_set(folders) for folders in ways]
        write_set_plots(measured, places.plots)
    figures, lines, notes = _compare(measured[0], options, model)
    for back in measured[1:]:
        more, more_lines, more_notes = _compare(back, options, model)
        figures |= of_back(more)
        lines += more_lines
        notes += more_notes
    notes += notes_on_films(places.pairs / MANIFEST)
    notes += [NO_FACES] if _wants_faces(places, options) else []
    per_image = pd.concat([each.per_image for each in measured], ignore_index=True)
    return Evaluated(figures, per_image, lines, list(dict.fromkeys(notes)))


def _check(model: TrainedModel, test: Path) -> None:
    if model.settings["objective"] == "pix2pix":
        raise InputError(
            f"{test} holds two sets of pictures that are no pairs, and the model was trained with objective: "
            "pix2pix, on pairs; train one with objective: cyclegan or cut, or build pairs"
        )
    for name in (A, B):
        if next((test / name).rglob("*.png"), None) is None:
            raise InputError(f"no pictures in {test / name}: expected PNG files; build_pairs writes them")


def _wants_faces(places: Places, options: EvaluationOptions) -> bool:
    if options.face_rate != "auto":
        return options.face_rate
    return bool(cropped_faces(places.pairs / MANIFEST, places.faces, TEST))


def _translate(model: TrainedModel, test: Path, results: Path, returned: Path) -> None:
    """Translate the pictures of A, and by a model of both directions those of B, and all of these back."""
    fabric, test_mode = model.fabric, model.test_mode
    with whole_folder(results) as partial:
        translate_pictures(model.generator, test / A, partial / A, fabric, test_mode)
        if model.back is not None:
            translate_pictures(model.back, test / B, partial / B, fabric, test_mode)
            translate_pictures(model.back, partial / A, returned / A, fabric, test_mode)
            translate_pictures(model.generator, partial / B, returned / B, fabric, test_mode)


def _compare(
    measured: MeasuredSet, options: RealismOptions, model: TrainedModel
) -> tuple[dict[str, float], list[str], list[str]]:
    """Return the figures of a direction, the lines to print of them, and notes."""
    folders = measured.folders
    inputs, targets = folders.names(folders.of), folders.names(folders.to)
    realism, notes = measure_sets(
        [folders.results / name for name in inputs],
        [folders.pictures / name for name in inputs],
        [folders.pictures / name for name in targets],
        options,
        model.fabric.device,
    )
    figures = summarize_set(measured) | realism
    return figures, set_lines(figures, folders), notes
