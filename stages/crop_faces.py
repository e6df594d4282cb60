"""Cut the faces out of the frames."""

from pix2pix.core.hashes import files_hash
from pix2pix.core.outputs import whole_folder
from pix2pix.faces.from_frames import FaceRow, crop_faces
from pix2pix.items.manifest import KEPT, kept_rows, skipped_summary, write_manifest
from pix2pix.items.parallel import Workers
from pix2pix.machine.device import pick_device
from stages.settings.crop_faces import CropFacesSettings
from stages.shared.machine import load_machine
from stages.shared.running import kept, path_arguments, performance, run
from stages.shared.settings import load_settings


def main() -> None:
    """Write ``faces/`` from ``frames/``."""
    args = path_arguments("frames", "faces", "performance")
    settings = load_settings(CropFacesSettings)
    machine = load_machine()
    kept_frames = list(kept_rows(args.frames / "manifest.csv"))
    frames = [row for row in kept_frames if not row["side"]]  # those of a side are pictures as they are
    with performance(args.performance, "crop_faces"):
        device = pick_device(machine.accelerator)
        data = files_hash(args.frames, ["manifest.csv", *(row["path"] for row in frames)])
        with kept("crop_faces", settings, f"{device.type} {data}") as work, whole_folder(args.faces) as out:
            rows = crop_faces(
                args.frames,
                frames,
                out,
                settings,
                work=work,
                device=device,
                workers=Workers(machine.n_jobs, machine.dask_scheduler),
            )
            write_manifest(out / "manifest.csv", rows, FaceRow)
    if not frames:
        sided = f"all {len(kept_frames)} frames are of unpaired sides" if kept_frames else ""
        print(f"crop_faces: {sided or 'there are no frames'}, nothing to do")
        return
    print(
        f"crop_faces: {sum(row.status == KEPT for row in rows)} faces kept; frames: {skipped_summary(rows)}"
    )


if __name__ == "__main__":
    run(main)
