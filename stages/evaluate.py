"""Measure the model on the test pairs."""

from pix2pix.device import open_fabric
from pix2pix.evaluation import best_median_worst, measure, summarize, translate_folder
from pix2pix.images import write_png
from pix2pix.model_file import load_generator
from pix2pix.outputs import whole_folder, write_json, write_table
from pix2pix.pair_data import PairFolder
from stages.settings.machine import load_machine
from stages.stage import path_arguments, performance, run


def main() -> None:
    """Write the translated test pictures, the metrics and the examples, from the model and ``pairs/``."""
    args = path_arguments("model", "pairs", "results", "metrics", "per-image", "plots", "performance")
    generator, trained = load_generator(args.model)
    fabric = open_fabric(load_machine().accelerator, precision=trained["precision"])
    pairs = PairFolder(args.pairs / "test")
    with performance(args.performance, "evaluate"):
        with whole_folder(args.results) as results:
            translate_folder(generator.to(fabric.device), pairs, results, fabric, trained["test_mode"])
        per_image = measure(pairs, args.results)
    summary = summarize(per_image)
    write_table(args.per_image, per_image.round(6))
    with whole_folder(args.plots) as plots:
        write_png(plots / "examples.png", best_median_worst(per_image, pairs, args.results))
    write_json(args.metrics, summary)
    print(f"evaluate: {summary['n_images']} test pictures")
    for name in ("l1", "psnr", "ssim", "histogram_distance"):
        print(
            f"evaluate: {name:18} {summary[name]:8.4f}   output = input: {summary[f'baseline_{name}']:8.4f}"
        )


if __name__ == "__main__":
    run(main)
