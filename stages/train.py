"""Train pix2pix on the pairs and save the generator."""

import shutil

from pix2pix.core.hashes import files_hash
from pix2pix.core.outputs import whole_folder, write_json
from pix2pix.machine.device import open_fabric
from pix2pix.machine.memory import explained_out_of_memory, gpu_memory, keep_freed_memory
from pix2pix.model.model_file import save_generator
from pix2pix.pictures.pairs import TRAIN, VAL
from pix2pix.training.build import build_training
from pix2pix.training.options import MachineOptions
from stages.settings.train import TrainSettings
from stages.shared.machine import load_machine
from stages.shared.running import kept, path_arguments, performance, run
from stages.shared.settings import load_settings
from stages.training_log import open_log


def main() -> None:
    """Write the model, its metrics and curves, and pictures of the epochs, from ``pairs/``."""
    args = path_arguments("pairs", "model", "metrics", "plots", "epochs", "performance")
    settings = load_settings(TrainSettings)
    machine = load_machine()
    machine_options = MachineOptions.of(vars(machine))
    keep_freed_memory()
    fabric = open_fabric(
        machine.accelerator, precision=settings.precision, devices=machine.devices, nodes=machine.nodes
    )
    with explained_out_of_memory():
        if not fabric.is_global_zero:  # the first process alone keeps and writes
            build_training(fabric, settings, args.pairs, machine=machine_options).run()
            return
        with performance(args.performance, "train") as figures:
            files = sorted(
                path.relative_to(args.pairs).as_posix()
                for split in (TRAIN, VAL)
                for path in (args.pairs / split).rglob("*.png")
            )
            with kept("train", settings, files_hash(args.pairs, files)) as work:
                with open_log(args.plots, machine.tensorboard) as log:
                    training = build_training(
                        fabric, settings, args.pairs, machine=machine_options, work=work, log=log
                    )
                    result = training.run()
                save_generator(args.model, result.weights, settings.header)
                with whole_folder(args.epochs) as epochs:
                    shutil.copytree(work / "epochs", epochs, dirs_exist_ok=True)
                write_json(args.metrics, result.metrics)
            figures["images_per_second"] = round(result.images_per_second, 2)
            figures.update(gpu_memory(fabric.device))
    print(
        f"train: {settings.epochs} epochs on {fabric.device.type}, {result.images_per_second:.1f} images/s, "
        f"validation {result.validation} {result.metrics[f'val_{result.validation}']:.4f}"
    )


if __name__ == "__main__":
    run(main)
