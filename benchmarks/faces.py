"""The faces of the people in FOLDER's videos: ``crop_faces`` against a plain loop over MTCNN.

Both take the same frames, one every 250 ms of film. The loop calls ``MTCNN(keep_all=True).detect`` with
facenet-pytorch's defaults on each full frame, in one process with torch's own number of threads; only this
is timed, the frames lie in memory. Ours runs with the settings of params.yaml in a process per core, and is
timed whole: reading the frames, detection, cropping and writing. The start of processes is not counted.

``speedup_over_mtcnn_loop``: frames with a face per second, ours over the loop's.
``recall``: of the frames in which the loop finds a face with a probability of at least 0.95, the share of
which ours has a crop. ``iou``: the mean overlap, over these frames of both, of the loop's largest such box
and ours. ``people``, ``people_with_crops``: how many the folder has, and how many have a crop.
"""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from facenet_pytorch import MTCNN

from benchmarks.timing import as_text, data_folder, print_result, report, seconds_of, speedup
from pix2pix.download.raw import download_folder
from pix2pix.faces.from_frames import FaceRow, crop_faces
from pix2pix.items.manifest import KEPT
from pix2pix.items.parallel import Workers, end_processes
from pix2pix.pictures.images import RgbImage, read_image
from pix2pix.videos.frames import extract_frames
from stages.settings.crop_faces import CropFacesSettings
from stages.shared.settings import load_settings

INTERVAL_MS = 250
SURE = 0.95
WORKERS = Workers(os.cpu_count() or 1, stay=True)
THREADS = torch.get_num_threads()

Box = Sequence[float]


def main() -> None:
    """Measure, and print the figures."""
    with tempfile.TemporaryDirectory() as scratch:
        frames = Path(scratch, "frames")
        rows = _frames(Path(scratch, "raw"), frames)
        images = [read_image(frames / row["path"]) for row in rows]
        ours: list[FaceRow] = []
        theirs: list[Box | None] = []

        def crop(out: Path) -> None:
            ours[:] = _crop(frames, rows, out)

        def loop(_: Path) -> None:
            theirs[:] = _loop(images)

        ways = {"crop_faces": crop, "MTCNN loop, 1 process": loop}
        seconds = seconds_of(ways, Path(scratch, "outputs"))
    report(seconds, len(rows), "frames")
    crops = {row.source: row for row in ours if row.status == KEPT}
    found = {row["path"]: box for row, box in zip(rows, theirs, strict=True) if box is not None}
    both = [(_box(crops[path]), box) for path, box in found.items() if path in crops]
    print(f"of {len(rows)} frames with a face: ours {len(crops)}, the loop {len(found)}, both {len(both)}")
    print_result(
        speedup_over_mtcnn_loop=round(speedup(seconds, *ways) * len(crops) / len(found), 2),
        recall=round(len(both) / len(found), 4),
        iou=round(float(np.mean([_iou(a, b) for a, b in both])), 4),
        people=len({row["person"] for row in rows}),
        people_with_crops=len({row.person for row in crops.values()}),
    )


def _frames(raw: Path, frames: Path) -> list[dict[str, str]]:
    """Extract the frames of the videos, and return their rows of the manifest."""
    rows = download_folder(data_folder(), raw, "videos", WORKERS)
    videos = [as_text(row) for row in rows if row.status == KEPT]
    found, _ = extract_frames(raw, videos, frames, interval_ms=INTERVAL_MS, max_frames=0, workers=WORKERS)
    end_processes()  # those of crop_faces are to start with their own memory
    return [as_text(row) for row in found if row.status == KEPT]


def _crop(frames: Path, rows: Sequence[Mapping[str, str]], out: Path) -> list[FaceRow]:
    options = load_settings(CropFacesSettings)
    with tempfile.TemporaryDirectory(dir=out.parent) as work:
        return crop_faces(
            frames, rows, out, options, work=Path(work), device=torch.device("cpu"), workers=WORKERS
        )


def _loop(images: Sequence[RgbImage]) -> list[Box | None]:
    """The largest face that MTCNN is sure of, in each picture."""
    torch.set_num_threads(THREADS)
    mtcnn = MTCNN(keep_all=True)
    result: list[Box | None] = []
    for image in images:
        boxes, probabilities = mtcnn.detect(image)  # the largest first
        sure = (
            [box for box, p in zip(boxes, probabilities, strict=True) if p >= SURE]
            if boxes is not None
            else []
        )
        result.append(sure[0] if sure else None)
    return result


def _box(row: FaceRow) -> Box:
    return [float(edge) for edge in (row.left, row.top, row.right, row.bottom)]


def _iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes: left, top, right, bottom."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    common = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return common / (sum(areas) - common)


if __name__ == "__main__":
    main()
