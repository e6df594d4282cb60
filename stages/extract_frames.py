"""Take frames from the raw videos."""

from pix2pix.core.outputs import whole_folder
from pix2pix.items.manifest import KEPT, kept_rows, skipped_summary, write_manifest
from pix2pix.items.parallel import Workers
from pix2pix.videos.frames import ClipRow, FrameRow, extract_frames
from stages.settings.extract_frames import ExtractFramesSettings
from stages.shared.machine import load_machine
from stages.shared.running import path_arguments, performance, run
from stages.shared.settings import load_settings


def main() -> None:
    """Write ``frames/`` from ``raw/``."""
    args = path_arguments("raw", "frames", "performance")
    settings = load_settings(ExtractFramesSettings)
    machine = load_machine()
    videos = list(kept_rows(args.raw / "videos/videos.csv"))
    with performance(args.performance, "extract_frames"), whole_folder(args.frames) as out:
        rows, clips = extract_frames(
            args.raw,
            videos,
            out,
            interval_ms=settings.frame_interval_ms,
            max_frames=settings.max_frames_per_clip,
            workers=Workers(machine.n_jobs, machine.dask_scheduler),
        )
        write_manifest(out / "manifest.csv", rows, FrameRow)
        write_manifest(out / "clips.csv", clips, ClipRow)
    if not videos:
        print("extract_frames: the dataset has no videos, nothing to do")
        return
    frames = sum(row.status == KEPT for row in rows)
    same = sum(clip.reason.startswith("same film") for clip in clips)
    print(
        f"extract_frames: {len(clips)} clips, {frames} frames kept; {skipped_summary(clips)}, {same} repeated"
    )


if __name__ == "__main__":
    run(main)
