"""From videos to frames: each clip's frames as JPEG files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pix2pix.core.errors import UnreadableError
from pix2pix.items.manifest import KEPT, SKIPPED, Row
from pix2pix.items.names import flat_names, recording_key
from pix2pix.items.parallel import Workers, in_parallel
from pix2pix.videos.recordings import Signature, same_film
from pix2pix.videos.video_files import VideoReader


@dataclass(frozen=True)
class FrameRow(Row):
    """A kept frame, or a clip that gave none.

    Attributes:
        person: whom the clip shows.
        split: the source's own split, or empty.
        recording: the key of the film, equal for two files of the same film; its frames stay together.
        frame: the frame's number in the clip, from 0.
        time_ms: its presentation time.
        side: ``A`` or ``B`` of a source whose sides are no pairs, else empty.
    """

    person: str = ""
    split: str = ""
    recording: str = ""
    frame: int | str = ""
    time_ms: float | str = ""
    side: str = ""


@dataclass(frozen=True)
class ClipRow(Row):
    """A clip, with how many of its frames were decoded, kept as files, and damaged."""

    person: str = ""
    split: str = ""
    recording: str = ""
    decoded: int = 0
    kept: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Clip:
    """A video to take frames from, and the folder, relative to the output, that they go to."""

    source: Path
    folder: PurePosixPath
    row: Mapping[str, str]


class Extracted(NamedTuple):
    """What was extracted from a clip.

    Attributes:
        kept: number and time in ms of every frame that was written.
        decoded: how many frames were decoded.
        failed: how many frames could not be decoded.
        signature: what the clip looks like; None where nothing was kept.
        reason: why nothing was kept, or what is to be said of the times, or empty.
    """

    kept: Sequence[tuple[int, float]] = ()
    decoded: int = 0
    failed: int = 0
    signature: Signature | None = None
    reason: str = ""


def extract_frames(
    raw: Path,
    videos: Sequence[Mapping[str, str]],
    out: Path,
    *,
    interval_ms: float,
    max_frames: int,
    workers: Workers,
) -> tuple[list[FrameRow], list[ClipRow]]:
    """Write the frames of every video to ``out/[<side>/]<person>/<clip>/<number>.jpg``.

    Args:
        raw: the folder of the raw dataset.
        videos: rows of its manifest.
        out: an empty folder.
        interval_ms: film time between kept frames; 0 keeps all.
        max_frames: at most so many of a clip; 0 for no limit.
        workers: who works on the clips side by side; the result is the same for any.

    Returns:
        a row per kept frame and per clip without any, and a row per clip.

    Example:
        >>> videos = list(kept_rows(Path("data/raw/videos/videos.csv")))
        >>> frames, clips = extract_frames(
        ...     Path("data/raw"), videos, Path("frames"), interval_ms=500, max_frames=0, workers=Workers(2)
        ... )
        >>> frames[0].path
        'anna/clip_00/000000.jpg'
    """
    clips = _clips(raw, videos)
    results = _extract_clips(clips, out, interval_ms, max_frames, workers)
    recordings = same_film(
        {
            recording_key(clip.row): result.signature
            for clip, result in zip(clips, results, strict=True)
            if result.signature is not None
        }
    )
    frame_rows: list[FrameRow] = []
    clip_rows: list[ClipRow] = []
    first_of: dict[str, str] = {}
    for clip, result in zip(clips, results, strict=True):
        recording = recordings.get(recording_key(clip.row), "")
        first = first_of.setdefault(recording, clip.row["path"]) if recording else clip.row["path"]
        frame_rows += _frame_rows(clip, result, recording)
        clip_rows.append(_clip_row(clip, result, recording, first))
    return frame_rows, clip_rows


def _clips(raw: Path, videos: Sequence[Mapping[str, str]]) -> list[Clip]:
    people: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for row in videos:
        people.setdefault((row["side"], row["class_name"]), []).append(row)
    clips = []
    for (side, person), rows in sorted(people.items()):
        names = flat_names([_below_person(row) for row in rows])
        clips += [
            Clip(raw / row["path"], PurePosixPath(side, person, name), row)
            for row, name in zip(rows, names, strict=True)
        ]
    return clips


def _below_person(row: Mapping[str, str]) -> PurePosixPath:
    """The path of a video without ``videos/``, side and person's folder: ``[split/][session/]clip.mp4``."""
    parts = list(PurePosixPath(row["path"]).relative_to(PurePosixPath("videos", row["side"])).parts)
    if row["class_name"] in parts[:-1]:
        parts.remove(row["class_name"])
    return PurePosixPath(*parts)


def _extract_clips(
    clips: Sequence[Clip], out: Path, interval_ms: float, max_frames: int, workers: Workers
) -> list[Extracted]:
    """Extract the frames of all clips, and return the results in the order of the clips."""
    # The largest first, so that no process is left with a long clip while the others have ended.
    order = sorted(range(len(clips)), key=lambda index: clips[index].source.stat().st_size, reverse=True)
    jobs = [(clips[index], out, interval_ms, max_frames) for index in order]
    done = in_parallel(_extract_clip, jobs, workers, "extract_frames", "clip")
    return [result for _, result in sorted(zip(order, done, strict=True), key=itemgetter(0))]


def _extract_clip(clip: Clip, out: Path, interval_ms: float, max_frames: int) -> Extracted:
    try:
        reader = VideoReader(clip.source, interval_ms, max_frames)
    except UnreadableError as error:
        return Extracted(reason=str(error))
    folder = out / clip.folder
    kept = []
    signature = Signature()
    folder.mkdir(parents=True)
    for frame in reader:
        frame.write_jpeg(f"{folder}/{_file_name(frame.number)}")
        signature.add(frame)
        kept.append((frame.number, round(frame.time_ms, 3)))
    if not kept:
        return Extracted(reason="no frame can be decoded")
    return Extracted(kept, reader.decoded, reader.failed, signature, reader.clock.note)


def _file_name(number: int) -> str:
    return f"{number:06}.jpg"


def _frame_rows(clip: Clip, result: Extracted, recording: str) -> list[FrameRow]:
    """A row per kept frame, or one that says why there is none."""
    source = clip.row["path"]
    origin = {"person": clip.row["class_name"], "split": clip.row["split"], "side": clip.row["side"]}
    if not result.kept:
        return [FrameRow("", source, SKIPPED, result.reason, **origin)]
    return [
        FrameRow(
            f"{clip.folder}/{_file_name(number)}",
            source,
            KEPT,
            "",
            recording=recording,
            frame=number,
            time_ms=time_ms,
            **origin,
        )
        for number, time_ms in result.kept
    ]


def _clip_row(clip: Clip, result: Extracted, recording: str, first: str) -> ClipRow:
    """The row of a clip; ``first`` is the source of the first clip that shows the same film."""
    source = clip.row["path"]
    person = clip.row["class_name"]
    split = clip.row["split"]
    if not result.kept:
        return ClipRow("", source, SKIPPED, result.reason, person, split)
    notes = [f"same film as {first}"] if first != source else []
    notes += [result.reason] if result.reason else []
    counts = result.decoded, len(result.kept), result.failed
    return ClipRow(str(clip.folder), source, KEPT, "; ".join(notes), person, split, recording, *counts)
