"""Every frame of the videos in FOLDER to JPEG: ``extract_frames`` against ffmpeg and an OpenCV loop.

The clips are repeated until they last five minutes. ffmpeg runs clip by clip with ``-q:v 2``; the OpenCV loop
reads and writes in one process, at JPEG quality 95 as ours. Ours also compares the clips to find recordings.
The start of processes is not counted, except ffmpeg's, which is part of its use. Beside them: ours with a
frame every 500 ms, and decoding alone, by the same processes.

``speedup_over_ffmpeg``, ``speedup_over_opencv_loop``: frames per second, ours over theirs.
``speedup_of_interval_500``: frame every 500 ms over all frames, in film per second.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.timing import as_text, data_folder, print_result, report, seconds_of, speedup
from pix2pix.download.raw import download_folder
from pix2pix.items.manifest import KEPT
from pix2pix.items.parallel import Workers, in_parallel
from pix2pix.pictures.opencv import cv2
from pix2pix.videos.frames import extract_frames
from pix2pix.videos.video_files import VideoReader

FILM_S = 300
EVERY_FRAME = 0
SPARSE_MS = 500
WORKERS = Workers(os.cpu_count() or 1, stay=True)


def main() -> None:
    """Measure, and print the figures."""
    if shutil.which("ffmpeg") is None:
        raise SystemExit("ffmpeg is needed to compare with: apt-get install ffmpeg")
    with tempfile.TemporaryDirectory() as scratch:
        raw = Path(scratch, "raw")
        rows = [row for row in download_folder(data_folder(), raw, "videos", Workers()) if row.status == KEPT]
        videos = _repeated(raw, [as_text(row) for row in rows])
        clips = [raw / video["path"] for video in videos]
        counts: list[int] = []  # of frames, by round
        ways: dict[str, Callable[[Path], object]] = {
            "extract_frames": lambda out: counts.append(_extract(raw, videos, out, EVERY_FRAME)),
            "OpenCV loop, 1 process": lambda out: _opencv_loop(clips, out),
            "ffmpeg, clip by clip": lambda out: _ffmpeg(clips, out),
            f"extract_frames, every {SPARSE_MS} ms": lambda out: _extract(raw, videos, out, SPARSE_MS),
            "decoding alone": lambda out: _decode(clips),
        }
        seconds = seconds_of(ways, Path(scratch, "outputs"))
        print(f"{len(clips)} clips, {counts[0]} frames; rates count all frames of the film")
        report(seconds, counts[0], "frames")
        ours, loop, ffmpeg, sparse, _ = ways
        print_result(
            speedup_over_ffmpeg=speedup(seconds, ours, ffmpeg),
            speedup_over_opencv_loop=speedup(seconds, ours, loop),
            speedup_of_interval_500=speedup(seconds, sparse, ours),
        )


def _repeated(raw: Path, videos: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Copies of the clips, with names and hashes of their own, that last five minutes in all."""
    film_s = sum(_seconds(raw / video["path"]) for video in videos)
    copies = []
    for number in range(-(-FILM_S // max(1, int(film_s)))):
        for video in videos:
            path = Path(video["path"])
            copy = path.with_name(f"{path.stem}_{number}{path.suffix}")
            shutil.copyfile(raw / path, raw / copy)
            copies.append({**video, "path": str(copy), "sha256": f"{number}{video['sha256']}"})
    return copies


def _seconds(clip: Path) -> float:
    capture = cv2.VideoCapture(str(clip))
    return float(capture.get(cv2.CAP_PROP_FRAME_COUNT) / (capture.get(cv2.CAP_PROP_FPS) or 25))


def _extract(raw: Path, videos: Sequence[Mapping[str, str]], out: Path, interval_ms: float) -> int:
    rows, _ = extract_frames(raw, videos, out, interval_ms=interval_ms, max_frames=0, workers=WORKERS)
    return len(rows)


def _ffmpeg(clips: Sequence[Path], out: Path) -> None:
    for number, clip in enumerate(clips):
        (out / str(number)).mkdir()
        frames = str(out / str(number) / "%06d.jpg")
        command = ["ffmpeg", "-loglevel", "error", "-nostdin", "-i", str(clip), "-q:v", "2", frames]
        subprocess.run(command, check=True)


def _opencv_loop(clips: Sequence[Path], out: Path) -> None:
    for number, clip in enumerate(clips):
        (out / str(number)).mkdir()
        capture = cv2.VideoCapture(str(clip))
        frame = 0
        while True:
            read, image = capture.read()
            if not read:
                break
            path = out / str(number) / f"{frame:06}.jpg"
            cv2.imwrite(str(path), image, [cv2.IMWRITE_JPEG_QUALITY, 95])
            frame += 1


def _decode(clips: Sequence[Path]) -> None:
    in_parallel(_count, [(clip,) for clip in clips], WORKERS, "decode", "clip")


def _count(clip: Path) -> int:
    return sum(1 for _ in VideoReader(clip).times_ms())


if __name__ == "__main__":
    main()
