"""The part ``faces``: frames with a face through the detector of ``crop_faces``, in frames per second.

The frames, 640x640 px, are the astronaut of scikit-image, moved about; they lie in memory. ``batch_8`` and so
on: so many frames at once on the card; ``cpu_batch_8``: the same on the processor. ``box_error_px``: the
largest difference of an edge of the boxes that card and processor find in the same frames.
"""

import statistics
from collections.abc import Iterator, Sequence

import numpy as np
import skimage.data
import torch

from benchmarks.gpu.clock import seconds_per_call
from benchmarks.gpu.record import Notes, Plan
from pix2pix.faces.detector import Face, FaceDetector
from pix2pix.pictures.images import RgbImage, resized

SIDE, FRAMES = 640, 128
CPU_FRAMES = 16
BATCHES = (8, 32, 128)
MAX_SIDE_PX, MIN_FACE_PX = 640, 40  # as in params.yaml
TURN_S = 1.0


def measure(plan: Plan, notes: Notes, _which: str = "") -> None:
    """Measure batches on the card, and beside them the processor."""
    frames = list(_frames(plan.size(FRAMES, 2)))
    on_card = FaceDetector(torch.device(plan.accelerator), MAX_SIDE_PX, MIN_FACE_PX)
    for batch in BATCHES[: plan.size(len(BATCHES), 1)]:
        with notes.failing_alone(f"faces, batch {batch}"):
            notes.add(
                **{f"batch_{batch}": _rate(plan, on_card, frames, batch, torch.device(plan.accelerator))}
            )
    few = frames[:CPU_FRAMES]
    on_cpu = FaceDetector(torch.device("cpu"), MAX_SIDE_PX, MIN_FACE_PX)
    with notes.failing_alone("faces on the processor"):
        notes.add(cpu_batch_8=_rate(plan, on_cpu, few, 8, torch.device("cpu")))
    with notes.failing_alone("faces compared"):
        notes.add(**_compared(on_card.detect(few), on_cpu.detect(few)))


def _frames(count: int) -> Iterator[RgbImage]:
    photo = resized(skimage.data.astronaut(), SIDE, SIDE)
    for number in range(count):
        yield np.roll(photo, (3 * number % 60, 5 * number % 60), (0, 1))


def _rate(
    plan: Plan, detector: FaceDetector, frames: Sequence[RgbImage], batch: int, device: torch.device
) -> dict[str, float]:
    def detect() -> None:
        for start in range(0, len(frames), batch):
            detector.detect(frames[start : start + batch])

    rounds = plan.size(3, 1)
    seconds = seconds_per_call({"": detect}, device, plan.seconds(TURN_S), rounds=rounds, calls=1)[""]
    return {"frames_per_s": round(len(frames) / statistics.median(seconds), 2)}


def _compared(ours: Sequence[Sequence[Face]], theirs: Sequence[Sequence[Face]]) -> dict[str, float]:
    """How many frames have a face in both, and how far the largest faces' boxes are apart."""
    both = [(a[0], b[0]) for a, b in zip(ours, theirs, strict=True) if a and b]
    edges = ("left", "top", "right", "bottom")
    errors = [abs(getattr(a, edge) - getattr(b, edge)) for a, b in both for edge in edges]
    return {
        "frames_compared": len(ours),
        "frames_with_a_face_in_both": len(both),
        "box_error_px": round(max(errors, default=0.0), 2),
    }
