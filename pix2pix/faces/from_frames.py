"""From frames to faces: every frame's faces as square pictures."""

import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from itertools import chain, groupby
from pathlib import Path, PurePosixPath
from typing import Any

import torch

from pix2pix.core.file_names import shortened
from pix2pix.core.outputs import link_or_copy, whole_folder
from pix2pix.faces.crops import level_crop, square_crop
from pix2pix.faces.detector import Face, FaceDetector
from pix2pix.faces.options import FaceOptions
from pix2pix.items.manifest import KEPT, SKIPPED, Row, read_rows, write_manifest
from pix2pix.items.names import MOST_BYTES_OF_STEM
from pix2pix.items.parallel import Workers, in_parallel
from pix2pix.machine.device import pictures_at_once
from pix2pix.pictures.images import RgbImage, read_image, write_png

FRAMES_PER_BATCH = 8  # of the detector on a CPU; more are hardly faster there, and take more memory
FRAMES_PER_JOB = 64  # so that a long clip is spread, and a kill loses little
FRAMES_WORTH_A_PROCESS = 150  # about as much work as to start one, with all that it imports


@dataclass(frozen=True)
class FaceRow(Row):
    """A face, or a frame without one.

    Attributes:
        person, split, recording, frame, time_ms: as in the manifest of the frames.
        left, top, right, bottom: the face's box in the frame, in px.
        probability: the detector's, in [0, 1].
        roll_deg: how far the face was turned clockwise, in degrees; empty where the crop is not turned back.
    """

    person: str = ""
    split: str = ""
    recording: str = ""
    frame: str = ""
    time_ms: str = ""
    left: float | str = ""
    top: float | str = ""
    right: float | str = ""
    bottom: float | str = ""
    probability: float | str = ""
    roll_deg: float | str = ""


def crop_faces(
    frames: Path,
    rows: Sequence[Mapping[str, str]],
    out: Path,
    options: FaceOptions,
    *,
    work: Path,
    device: torch.device,
    workers: Workers,
) -> list[FaceRow]:
    """Write the faces of every frame to ``out/<person>/<clip>_<frame>.png``, numbered where all are taken.

    Args:
        frames: the folder of the frames.
        rows: rows of its manifest.
        out: an empty folder.
        options: which faces are cut out, and how.
        work: a folder that holds what an interrupted call with the same arguments has finished.
        device: where the detector runs; on a GPU in this process.
        workers: who works side by side on a CPU; the result is the same for any.

    Returns:
        a row per face, and per frame without one; with the reason where there is no crop.
    """
    jobs, finished = _jobs(rows), _finished(work)
    missing = [(number, job) for number, job in enumerate(jobs) if number not in finished]
    run = secrets.token_hex(4)  # a job of a killed run that goes on elsewhere writes to another folder
    arguments = [(frames, job, work / f"{number}-{run}", options, str(device)) for number, job in missing]
    n_frames = sum(len(job) for _, job in missing)
    in_parallel(_crop_job, arguments, _fitting(workers, n_frames, device), "crop_faces", "part")
    result: list[FaceRow] = []
    for _, folder in sorted(_finished(work).items()):
        result += _collect(folder, out)
    return result


def _fitting(workers: Workers, n_frames: int, device: torch.device) -> Workers:
    """The workers without the processes that are not worth their start; only this process for a GPU."""
    if device.type != "cpu":
        return Workers(1)
    return replace(workers, n_jobs=min(workers.n_jobs, 1 + n_frames // FRAMES_WORTH_A_PROCESS))


def _jobs(rows: Sequence[Mapping[str, str]]) -> list[list[Mapping[str, str]]]:
    """Runs of frames of one clip."""
    clips = [list(clip) for _, clip in groupby(rows, key=lambda row: PurePosixPath(row["path"]).parent)]
    return [
        clip[start : start + FRAMES_PER_JOB]
        for clip in clips
        for start in range(0, len(clip), FRAMES_PER_JOB)
    ]


def _finished(work: Path) -> dict[int, Path]:
    """The folders of the jobs that are finished, by the job's number."""
    return {int(folder.name.split("-")[0]): folder for folder in work.glob("[0-9]*-*")}


def _collect(folder: Path, out: Path) -> list[FaceRow]:
    """Bring the faces of a finished job to ``out``, and return its rows."""
    rows = [FaceRow(**row) for row in read_rows(folder / "manifest.csv")]
    for row in rows:
        if row.path:
            link_or_copy(folder / row.path, out / row.path)
    return rows


def _crop_job(
    frames: Path, rows: Sequence[Mapping[str, str]], out: Path, options: FaceOptions, device: str
) -> None:
    """Write the faces of some frames of a clip, and a manifest of them, to the folder ``out``."""
    if device == "cpu":
        torch.set_num_threads(1)  # sums have one order, whatever the number of cores
    detector = _detector(device, options.detect_max_side_px, options.face_min_px)
    count = pictures_at_once(FRAMES_PER_BATCH, torch.device(device))
    with whole_folder(out) as folder, _mapping(device) as over:
        result: list[FaceRow] = []
        for start in range(0, len(rows), count):
            batch = rows[start : start + count]
            images = list(over(read_image, [frames / row["path"] for row in batch]))
            crop = partial(_crop_frame, folder, options)
            result += chain.from_iterable(over(crop, batch, images, detector.detect(images)))
        write_manifest(folder / "manifest.csv", result, FaceRow)


@contextmanager
def _mapping(device: str) -> Iterator[Callable[..., Iterable[Any]]]:
    """What maps a function over frames: ``map``, or threads beside a GPU, which would wait for the files."""
    if device == "cpu":
        yield map
        return
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield pool.map


@cache
def _detector(device: str, max_side_px: int, min_face_px: int) -> FaceDetector:
    """The detector of this process."""
    return FaceDetector(torch.device(device), max_side_px, min_face_px)


def _crop_frame(
    out: Path, options: FaceOptions, row: Mapping[str, str], image: RgbImage, faces: Sequence[Face]
) -> list[FaceRow]:
    result = []
    for number, face in enumerate(chosen_faces(faces, options)):
        reason = reason_to_skip(face, options)
        path = "" if reason else _crop_path(row, number if options.faces_per_frame == "all" else None)
        if path:
            crop = level_crop if options.face_level_eyes else square_crop
            write_png(out / path, crop(image, face, options.face_margin))
        turned = bool(path) and options.face_level_eyes
        result.append(_face_row(row, path, reason, asdict(face), turned=turned))
    return result or [_face_row(row, "", "no face found", {}, turned=False)]


def chosen_faces(faces: Sequence[Face], options: FaceOptions) -> Sequence[Face]:
    """All faces, or the largest that is not left out, or where there is none the largest of all.

    Args:
        faces: of a frame, the largest first.
        options: which of them are wanted.
    """
    if options.faces_per_frame == "all":
        return faces
    wanted = [face for face in faces if not reason_to_skip(face, options)]
    return (wanted or faces)[:1]


def reason_to_skip(face: Face, options: FaceOptions) -> str:
    """Say why a face is left out, or nothing."""
    if face.probability < options.face_min_probability:
        return f"probability below {options.face_min_probability}"
    return f"face smaller than {options.face_min_px} px" if face.side_px < options.face_min_px else ""


def _crop_path(row: Mapping[str, str], number: int | None) -> str:
    frame = PurePosixPath(row["path"])
    name = f"{frame.parent.name}_{frame.stem}" + ("" if number is None else f"_{number}")
    return str(PurePosixPath(frame.parent.parent, f"{shortened(name, MOST_BYTES_OF_STEM)}.png"))


def _face_row(
    row: Mapping[str, str], path: str, reason: str, face: Mapping[str, Any], *, turned: bool
) -> FaceRow:
    origin = {name: row[name] for name in ("person", "split", "recording", "frame", "time_ms")}
    measured = {**face, "roll_deg": face["roll_deg"] if turned else ""}
    return FaceRow(path, row["path"], SKIPPED if reason else KEPT, reason, **origin, **measured)
