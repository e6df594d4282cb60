"""Measure the model on the test pairs."""

from pix2pix.core.outputs import whole_folder, write_json, write_table
from pix2pix.evaluation.face_rate import cropped_faces, face_rate
from pix2pix.evaluation.measurement import mean_target, measure
from pix2pix.evaluation.results import translate_folder, write_plots
from pix2pix.evaluation.size_and_speed import inference_speed, network_sizes
from pix2pix.evaluation.summary import as_lines, summarize
from pix2pix.machine.device import open_fabric
from pix2pix.machine.memory import keep_freed_memory
from pix2pix.model.model_file import load_generator
from pix2pix.model.pair_folder import PairFolder
from pix2pix.pictures.pairs import TEST, TRAIN
from pix2pix.realism.comparison import check_weight_files, measure_realism
from stages.settings.evaluate import EvaluateSettings
from stages.shared.machine import load_machine
from stages.shared.running import path_arguments, performance, run
from stages.shared.settings import load_settings


def main() -> None:
    """Write the translated test pictures, the metrics and the plots, from the model and the pairs."""
    args = path_arguments(
        "model", "pairs", "faces", "results", "metrics", "sizes", "per-image", "plots", "performance"
    )
    settings = load_settings(EvaluateSettings)
    machine = load_machine()
    check_weight_files(settings)
    keep_freed_memory()
    generator, trained = load_generator(args.model)
    fabric = open_fabric(machine.accelerator, precision=trained["precision"])
    pairs = PairFolder(args.pairs / TEST)
    folder, names = pairs.folder, pairs.names
    with performance(args.performance, "evaluate") as figures:
        with whole_folder(args.results) as results:
            translate_folder(generator.to(fabric.device), pairs, results, fabric, trained["test_mode"])
        measured = measure(folder, names, args.results, mean_target(args.pairs / TRAIN))
        summary = summarize(measured)
        if settings.face_rate:
            is_auto = settings.face_rate == "auto"
            faces = cropped_faces(args.pairs / "manifest.csv", args.faces, TEST) if is_auto else names
            summary |= face_rate(folder, faces, args.results, fabric.device, settings.face_min_probability)
        pictures = [(args.results / name, folder / name) for name in names]
        distances, notes = measure_realism(pictures, settings, fabric.device)
        figures.update(inference_speed(generator, fabric))
    summary |= distances
    write_plots(measured, folder, args.results, args.plots)
    write_table(args.per_image, measured.per_image.round(6))
    write_json(args.metrics, summary | ({"notes": "; ".join(notes)} if notes else {}))
    write_json(args.sizes, network_sizes(generator, trained))
    for line in as_lines(summary) + notes:
        print(f"evaluate: {line}")


if __name__ == "__main__":
    run(main)
