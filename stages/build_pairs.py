"""Build A|B pairs from photos, faces or the source's own pairs; split them, count them, show some."""

from dataclasses import fields

from pix2pix.data_report import count_by_class, count_pairs, count_skipped, sample_pairs
from pix2pix.images import write_png
from pix2pix.manifest import kept_rows, read_manifest, skipped_summary, write_manifest
from pix2pix.outputs import whole_folder, write_json, write_table
from pix2pix.pairs import PairRow, Recipe, build_pairs, list_sources
from pix2pix.parallel import Workers
from stages.settings.base import load_settings
from stages.settings.build_pairs import BuildPairsSettings
from stages.settings.machine import load_machine
from stages.stage import path_arguments, performance, run


def main() -> None:
    """Write ``pairs/`` from ``raw/`` and ``faces/``, and the report on the data of all stages so far."""
    args = path_arguments("raw", "frames", "faces", "pairs", "metrics", "plots", "performance")
    settings, machine = load_settings(BuildPairsSettings), load_machine()
    folders = {
        "download": args.raw,
        "extract_frames": args.frames,
        "crop_faces": args.faces,
        "build_pairs": args.pairs,
    }
    manifests = {stage: folder / "manifest.csv" for stage, folder in folders.items()}
    raw_rows, face_rows = kept_rows(manifests["download"]), kept_rows(manifests["crop_faces"])
    sources = list_sources(args.raw, raw_rows, args.faces, face_rows, settings.pair_task, settings.split_by)
    recipe = Recipe(**settings.model_dump(include={field.name for field in fields(Recipe)}))
    with performance(args.performance, "build_pairs"), whole_folder(args.pairs) as out:
        rows, notes = build_pairs(
            sources,
            out,
            recipe,
            max_images=settings.max_images,
            val_fraction=settings.val_fraction,
            test_fraction=settings.test_fraction,
            seed=settings.seed,
            workers=Workers(machine.n_jobs, machine.dask_scheduler),
        )
        write_manifest(out / "manifest.csv", rows, PairRow)
    pairs, skipped = read_manifest(manifests["build_pairs"]), count_skipped(manifests)
    counts = count_pairs(pairs, skipped)
    write_json(args.metrics, counts)
    with whole_folder(args.plots) as plots:
        write_table(plots / "classes.csv", count_by_class(pairs))
        write_table(plots / "skipped.csv", skipped)
        write_png(plots / "pairs.png", sample_pairs(args.pairs / "train"))
    for note in notes:
        print(f"build_pairs: {note}")
    if counts["test_leaks"]:
        print(f"build_pairs: {counts['test_leaks']} test pictures stand in another split of the source too")
    shares = ", ".join(f"{counts[split]} {split}" for split in ("train", "val", "test"))
    print(f"build_pairs: {shares} pairs in {counts['classes']} classes; {skipped_summary(rows)}")


if __name__ == "__main__":
    run(main)
