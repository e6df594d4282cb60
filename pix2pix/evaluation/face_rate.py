"""The face rate: of the targets in which a detector finds a face, the share whose output has one too."""

from collections.abc import Sequence
from pathlib import Path

import torch

from pix2pix.core.progress import with_progress
from pix2pix.faces.detector import SMALLEST_FACE_PX, FaceDetector
from pix2pix.items.manifest import KEPT, read_manifest
from pix2pix.pictures.images import RgbImage, read_image
from pix2pix.pictures.pairs import read_pair

SMALLEST_SHARE = 1 / 4  # the smallest face that counts, as a share of the picture's side
AT_ONCE = 16  # pictures
DECIMALS = 6


def face_rate(
    pairs: Path, names: Sequence[Path], results: Path, device: torch.device, min_probability: float
) -> dict[str, float]:
    """Count the targets and the outputs in which MTCNN finds a face.

    Args:
        pairs: the folder of the A|B pairs.
        names: the pictures, relative to ``pairs`` and to ``results``.
        results: the folder of the translated pictures.
        device: where the detector runs.
        min_probability: the least probability of a face that counts, in [0, 1].

    Returns:
        ``n_faces``, how many targets have a face; and, where one has, ``face_rate``, the share of these whose
        output has a face, in [0, 1]. Empty where ``names`` is.
    """
    if not names:
        return {}
    side = len(read_image(results / names[0]))
    detector = FaceDetector(device, side, max(SMALLEST_FACE_PX, int(side * SMALLEST_SHARE)))

    def show_a_face(images: list[RgbImage]) -> list[bool]:
        return [
            any(face.probability >= min_probability for face in faces) for faces in detector.detect(images)
        ]

    n_faces = n_kept = 0
    batches = [names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE)]
    for batch in with_progress(batches, len(batches), "evaluate: find faces", "batch"):
        targets = show_a_face([read_pair(pairs / name)[1] for name in batch])
        outputs = show_a_face([read_image(results / name) for name in batch])
        n_faces += sum(targets)
        n_kept += sum(target and output for target, output in zip(targets, outputs, strict=True))
    return {"n_faces": n_faces} | ({"face_rate": round(n_kept / n_faces, DECIMALS)} if n_faces else {})


def cropped_faces(pairs_manifest: Path, faces_manifest: Path, split: str) -> list[Path]:
    """Return the pairs of a split that were made of face crops, relative to the split's folder."""
    crops = read_manifest(faces_manifest, ["path", "status"])
    pairs = read_manifest(pairs_manifest, ["path", "source", "status", "split"])
    of_faces = pairs["source"].isin(crops.loc[crops["status"] == KEPT, "path"])
    kept = pairs[of_faces & (pairs["status"] == KEPT) & (pairs["split"] == split)]
    return [Path(path).relative_to(split) for path in sorted(kept["path"])]
