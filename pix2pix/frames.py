"""From videos to frames: each clip's frames as JPEG files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path, PurePosixPath

from pix2pix.errors import UnreadableError
from pix2pix.manifest import KEPT, SKIPPED, Row
from pix2pix.names import flat_names
from pix2pix.parallel import Workers, in_parallel
from pix2pix.recordings import Signature, clip_signature, same_film
from pix2pix.videos import VideoReader


@dataclass(frozen=True)
class FrameRow(Row):
    """A kept frame, or a clip that gave none.

    Attributes:
        person: whom the clip shows.
        split: the source's own split, or empty.
        recording: what must not part; equal for two files of the same film.
        frame: the frame's number in the clip, from 0.
        time_ms: its presentation time.
    """

    person: str = ""
    split: str = ""
    recording: str = ""
    frame: int | str = ""
    time_ms: float | str = ""


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


def extract_frames(
    raw: Path,
    videos: Sequence[Mapping[str, str]],
    out: Path,
    *,
    interval_ms: float,
    max_frames: int,
    workers: Workers,
) -> tuple[list[FrameRow], list[ClipRow]]:
    """Write the frames of every video to ``out/<person>/<clip>/<number>.jpg``.

    Args:
        raw: the folder of the raw dataset.
        videos: rows of its manifest.
        out: an empty folder.
        interval_ms: film time between kept frames; 0 keeps all.
        max_frames: at most so many of a clip; 0 for no limit.
        workers: who works on the clips side by side; the result is the same for any.

    Returns:
        a row per kept frame and per clip without any, and a row per clip.
    """
    clips = _clips(raw, videos)
    # The largest first, so that no process is left with a long clip while the others have ended.
    order = sorted(range(len(clips)), key=lambda index: clips[index].source.stat().st_size, reverse=True)
    jobs = [(clips[index], out, interval_ms, max_frames) for index in order]
    done = in_parallel(_extract_clip, jobs, workers, "extract_frames", "clip")
    results = [result for _, result in sorted(zip(order, done, strict=True), key=itemgetter(0))]
    signatures = {
        _key(clip): signature
        for clip, (_, _, signature) in zip(clips, results, strict=True)
        if signature is not None
    }
    recordings = same_film(signatures)
    frame_rows: list[FrameRow] = []
    clip_rows: list[ClipRow] = []
    first_of: dict[str, str] = {}
    for clip, (frames, summary, _) in zip(clips, results, strict=True):
        recording = recordings.get(_key(clip), "")
        first = first_of.setdefault(recording, summary.source)
        note = f"same film as {first}" if recording and first != summary.source else summary.reason
        clip_rows.append(replace(summary, recording=recording, reason=note))
        frame_rows += [replace(row, recording=recording) for row in frames]
    return frame_rows, clip_rows


def _clips(raw: Path, videos: Sequence[Mapping[str, str]]) -> list[Clip]:
    people: dict[str, list[Mapping[str, str]]] = {}
    for row in videos:
        people.setdefault(row["class_name"], []).append(row)
    clips = []
    for person, rows in sorted(people.items()):
        names = flat_names([_below_person(row) for row in rows])
        clips += [
            Clip(raw / row["path"], PurePosixPath(person) / name, row)
            for row, name in zip(rows, names, strict=True)
        ]
    return clips


def _below_person(row: Mapping[str, str]) -> PurePosixPath:
    """The path of a video without ``videos/`` and the person's folder: ``[split/][session/]clip.mp4``."""
    parts = list(PurePosixPath(row["path"]).parts[1:])
    if row["class_name"] in parts[:-1]:
        parts.remove(row["class_name"])
    return PurePosixPath(*parts)


def _key(clip: Clip) -> str:
    return f"{clip.row['class_name']}/{clip.row['sha256'][:16]}"


def _extract_clip(
    clip: Clip, out: Path, interval_ms: float, max_frames: int
) -> tuple[list[FrameRow], ClipRow, Signature | None]:
    source, person, split = clip.row["path"], clip.row["class_name"], clip.row["split"]
    rows: list[FrameRow] = []
    decoded = failed = 0
    reason = "no frame can be decoded"
    try:
        reader = VideoReader(clip.source, interval_ms, max_frames)
        (out / clip.folder).mkdir(parents=True)
        for frame in reader:
            path = clip.folder / f"{frame.number:06}.jpg"
            frame.write_jpeg(out / path)
            rows.append(
                FrameRow(
                    str(path), source, KEPT, "", person, split, "", frame.number, round(frame.time_ms, 3)
                )
            )
        decoded, failed = reader.decoded, reader.failed
    except UnreadableError as error:
        reason = str(error)
    if not rows:
        skipped = FrameRow("", source, SKIPPED, reason, person, split)
        return [skipped], ClipRow("", source, SKIPPED, reason, person, split), None
    summary = ClipRow(str(clip.folder), source, KEPT, "", person, split, "", decoded, len(rows), failed)
    return rows, summary, clip_signature([out / row.path for row in rows])
