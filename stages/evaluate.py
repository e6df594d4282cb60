"""Measure the model on the test pairs, or without pairs on the test pictures of both sets."""

from pix2pix.core.outputs import write_json, write_table
from pix2pix.evaluation.options import Places
from pix2pix.evaluation.paired import evaluate_pairs
from pix2pix.evaluation.size_and_speed import inference_speed, network_sizes
from pix2pix.evaluation.unpaired import evaluate_sets
from pix2pix.machine.memory import keep_freed_memory
from pix2pix.model.trained_model import TrainedModel
from pix2pix.pictures.pairs import are_unpaired
from pix2pix.realism.comparison import check_weight_files
from stages.settings.evaluate import EvaluateSettings
from stages.shared.machine import load_machine
from stages.shared.running import path_arguments, performance, run
from stages.shared.settings import load_settings


def main() -> None:
    """Write the translated test pictures, the metrics and the plots, from the model and the pictures."""
    args = path_arguments(
        "model", "pairs", "faces", "results", "metrics", "sizes", "per-image", "plots", "performance"
    )
    settings = load_settings(EvaluateSettings)
    machine = load_machine()
    check_weight_files(settings)
    keep_freed_memory()
    model = TrainedModel.load(args.model, machine.accelerator)
    places = Places(args.pairs, args.faces, args.results, args.plots)
    evaluate = evaluate_sets if are_unpaired(args.pairs) else evaluate_pairs
    with performance(args.performance, "evaluate") as figures:
        evaluated = evaluate(model, places, settings)
        figures.update(inference_speed(model.generator, model.fabric))
    write_table(args.per_image, evaluated.per_image.round(6))
    write_json(args.metrics, evaluated.metrics)
    write_json(args.sizes, network_sizes(model.generator, model.settings, model.back))
    for line in [*evaluated.lines, *evaluated.notes]:
        print(f"evaluate: {line}")


if __name__ == "__main__":
    run(main)
