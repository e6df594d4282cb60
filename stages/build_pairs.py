"""Build A|B pairs from photos, faces or the source's own pairs; split them and count them."""

from dataclasses import fields

from pix2pix.manifest import kept_rows, skipped_summary, write_manifest
from pix2pix.outputs import whole_folder, write_json, write_table
from pix2pix.pairs import PairRow, Recipe, build_pairs, count_by_class, count_pairs, list_sources
from stages.settings.base import load_settings
from stages.settings.build_pairs import BuildPairsSettings
from stages.settings.machine import load_machine
from stages.stage import path_arguments, performance, run


def main() -> None:
    """Write ``pairs/`` from ``raw/`` and ``faces/``, and the counts by class and split."""
    args = path_arguments("raw", "faces", "pairs", "metrics", "classes", "performance")
    settings = load_settings(BuildPairsSettings)
    photos = kept_rows(args.raw / "manifest.csv")
    faces = kept_rows(args.faces / "manifest.csv")
    sources = list_sources(args.raw, photos, args.faces, faces, settings.pair_task, settings.split_by)
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
            n_jobs=load_machine().n_jobs,
        )
        write_manifest(out / "manifest.csv", rows, PairRow)
    counts = count_pairs(rows)
    write_json(args.metrics, counts)
    write_table(args.classes, count_by_class(rows))
    for note in notes:
        print(f"build_pairs: {note}")
    print(
        f"build_pairs: {counts['train']} train, {counts['val']} val, {counts['test']} test pairs "
        f"in {counts['classes']} classes; {skipped_summary(rows)}"
    )


if __name__ == "__main__":
    run(main)
