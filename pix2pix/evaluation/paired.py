"""The evaluation of a model on A|B pairs, in each of its directions."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from pix2pix.core.outputs import whole_folder
from pix2pix.core.progress import with_progress
from pix2pix.evaluation.face_rate import cropped_faces, face_rate
from pix2pix.evaluation.measurement import Measured, cycle_errors, mean_target, measure
from pix2pix.evaluation.options import CYCLE, MANIFEST, EvaluationOptions, Places
from pix2pix.evaluation.results import translate_folder, translate_pictures, write_plots
from pix2pix.evaluation.summary import Evaluated, as_lines, notes_on_films, of_back, summarize
from pix2pix.model.pair_folder import PairFolder
from pix2pix.model.trained_model import TrainedModel
from pix2pix.pictures.images import RgbImage, write_png
from pix2pix.pictures.pairs import TEST, TRAIN, read_pair
from pix2pix.realism.comparison import measure_realism
from pix2pix.realism.options import RealismOptions


class OneWay(NamedTuple):
    """The measurements of a direction: of its pictures, their summary, their realism, and notes on that."""

    measured: Measured
    summary: dict[str, float]
    realism: dict[str, float]
    notes: list[str]


def evaluate_pairs(model: TrainedModel, places: Places, options: EvaluationOptions) -> Evaluated:
    """Translate the test pairs' inputs, compare the outputs with the targets, and write pictures and plots.

    Of a model of both directions, the targets are translated, too, and compared with the inputs, and each
    picture goes there and back. These pictures are measured and not kept.

    Returns:
        the figures of ``summarize``, the face rate, and those of ``measure_realism``; of a model of both
        directions, the same of the other one behind them, as ``back_*``.

    Raises:
        InputError: there is no usable pair, or a file of weights cannot be used.
    """
    pairs = PairFolder(places.pairs / TEST)
    forth = evaluate_direction(model, pairs, places.results, options, mean_target(places.pairs / TRAIN))
    figures = forth.summary | _faces(pairs, places, options, model) | forth.realism
    lines, notes = as_lines(figures), [*notes_on_films(places.pairs / MANIFEST), *forth.notes]
    if model.back is not None:
        back = _evaluate_back(model.turned(), pairs, options)
        figures |= of_back(back.summary | back.realism)
        lines += ["the other direction, of the same pairs:", *as_lines(back.summary)]
        notes = list(dict.fromkeys([*notes, *back.notes]))
    write_plots(forth.measured, pairs.folder, places.results, places.plots)
    return Evaluated(figures, forth.measured.per_image, lines, notes)


def evaluate_direction(
    model: TrainedModel,
    pairs: PairFolder,
    results: Path,
    options: RealismOptions,
    mean_target: RgbImage | None = None,
) -> OneWay:
    """Translate the inputs of pairs, and measure the outputs.

    Args:
        model: whose first direction it is; where it has the other one, outputs are also translated back.
        pairs: of its inputs and targets.
        results: gets the outputs; replaced where it exists.
        options: of the realism.
        mean_target: the mean training target, (H, W, 3) uint8.
    """
    with whole_folder(results) as partial:
        translate_folder(model.generator, pairs, partial, model.fabric, model.test_mode)
    measured = measure(pairs.folder, pairs.names, results, mean_target)
    if model.back is not None:
        cycle = _cycle(model.turned(), pairs, results)
        measured = replace(measured, per_image=measured.per_image.assign(**{CYCLE: cycle}))
    pictures = [(results / name, pairs.folder / name) for name in pairs.names]
    realism, notes = measure_realism(pictures, options, model.fabric.device)
    return OneWay(measured, summarize(measured), realism, notes)


def _cycle(back: TrainedModel, pairs: PairFolder, results: Path) -> list[float]:
    """Translate outputs back, and return how far each is from its input then."""
    with TemporaryDirectory() as scratch:
        translate_pictures(back.generator, results, Path(scratch), back.fabric, back.test_mode)
        return cycle_errors(lambda name: read_pair(pairs.folder / name)[0], pairs.names, Path(scratch))


def _evaluate_back(back: TrainedModel, pairs: PairFolder, options: RealismOptions) -> OneWay:
    """Measure the other direction on copies of the pairs with their halves exchanged."""
    with TemporaryDirectory() as scratch:
        swapped = Path(scratch, "pairs")
        for name in with_progress(pairs.names, len(pairs), "evaluate: swap the halves", "pair"):
            write_png(swapped / name, np.hstack(read_pair(pairs.folder / name)[::-1]))
        return evaluate_direction(back, PairFolder(swapped), Path(scratch, "results"), options)


def _faces(
    pairs: PairFolder, places: Places, options: EvaluationOptions, model: TrainedModel
) -> dict[str, float]:
    if not options.face_rate:
        return {}
    is_auto = options.face_rate == "auto"
    faces = cropped_faces(places.pairs / MANIFEST, places.faces, TEST) if is_auto else pairs.names
    device, least = model.fabric.device, options.face_min_probability
    return face_rate(pairs.folder, faces, places.results, device, least)
