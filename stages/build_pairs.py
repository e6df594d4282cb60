"""Build A|B pairs, or take two sides that are no pairs; split them, count them, show some."""

from pix2pix.core.outputs import whole_folder
from pix2pix.items.manifest import kept_rows, skipped_summary, write_manifest
from pix2pix.items.parallel import Workers
from pix2pix.pairs.building import PairRow, build_pairs
from pix2pix.pairs.sides import are_sides, list_sides
from pix2pix.pairs.sources import list_sources
from pix2pix.pairs.summary import count_skipped, describe_sizes, describe_skipped, write_report
from stages.settings.build_pairs import BuildPairsSettings
from stages.shared.machine import load_machine
from stages.shared.running import path_arguments, performance, run
from stages.shared.settings import load_settings


def main() -> None:
    """Write ``pairs/`` from the stages before, and the report on the data of all stages so far."""
    args = path_arguments("raw", "frames", "faces", "pairs", "metrics", "plots", "performance")
    settings = load_settings(BuildPairsSettings)
    machine = load_machine()
    folders = {
        "download": args.raw,
        "extract_frames": args.frames,
        "crop_faces": args.faces,
        "build_pairs": args.pairs,
    }
    manifests = {stage: folder / "manifest.csv" for stage, folder in folders.items()}
    before = {stage: path for stage, path in manifests.items() if stage != "build_pairs"}
    is_sided = are_sides(kept_rows(manifests["download"]))
    stage, list_them = ("extract_frames", list_sides) if is_sided else ("crop_faces", list_sources)
    sources = list_them(
        args.raw,
        kept_rows(manifests["download"]),
        folders[stage],
        kept_rows(manifests[stage]),
        settings.pair_task,
        settings.split_by,
        skipped=describe_skipped(count_skipped(before)),
    )
    with performance(args.performance, "build_pairs"), whole_folder(args.pairs) as out:
        rows, notes = build_pairs(
            sources,
            out,
            settings,
            max_images=settings.max_images,
            val_fraction=settings.val_fraction,
            test_fraction=settings.test_fraction,
            seed=settings.seed,
            workers=Workers(machine.n_jobs, machine.dask_scheduler),
            split_by=settings.split_by,
        )
        write_manifest(out / "manifest.csv", rows, PairRow)
    counts = write_report(manifests, args.pairs, args.metrics, args.plots)
    for note in notes:
        print(f"build_pairs: {note}")
    for name in ("duplicates_across_splits", "duplicates_across_sides", "near_duplicates_test"):
        if counts.get(name):
            print(f"build_pairs: {name}: {counts[name]}; see the manifest of the pairs")
    print(f"build_pairs: {describe_sizes(counts)}; {skipped_summary(rows)}")


if __name__ == "__main__":
    run(main)
