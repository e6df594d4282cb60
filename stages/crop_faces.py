"""Cut the faces out of the frames."""

from pix2pix.device import pick_device
from pix2pix.faces import FaceDetector, FaceRow, crop_faces
from pix2pix.manifest import KEPT, kept_rows, skipped_summary, write_manifest
from pix2pix.outputs import whole_folder
from stages.settings.base import load_settings
from stages.settings.crop_faces import CropFacesSettings
from stages.settings.machine import load_machine
from stages.stage import path_arguments, performance, run


def main() -> None:
    """Write ``faces/`` from ``frames/``."""
    args = path_arguments("frames", "faces", "performance")
    settings = load_settings(CropFacesSettings)
    frames = kept_rows(args.frames / "manifest.csv")
    detector = FaceDetector(
        pick_device(load_machine().accelerator), settings.detect_max_side_px, settings.face_min_px
    )
    with performance(args.performance, "crop_faces"), whole_folder(args.faces) as out:
        rows = crop_faces(
            args.frames,
            frames,
            out,
            detector,
            margin=settings.face_margin,
            min_probability=settings.face_min_probability,
            min_face_px=settings.face_min_px,
            faces_per_frame=settings.faces_per_frame,
        )
        write_manifest(out / "manifest.csv", rows, FaceRow)
    if not frames:
        print("crop_faces: there are no frames, nothing to do")
        return
    print(
        f"crop_faces: {sum(row.status == KEPT for row in rows)} faces kept; frames: {skipped_summary(rows)}"
    )


if __name__ == "__main__":
    run(main)
