"""Train pix2pix on the pairs and save the generator."""

from pix2pix.device import open_fabric
from pix2pix.model_file import save_generator
from pix2pix.networks import PatchDiscriminator, UnetGenerator, initialize
from pix2pix.objective import Pix2Pix
from pix2pix.outputs import whole_folder, write_json
from pix2pix.pair_data import PairFolder, TrainingPairs
from pix2pix.training import Schedule, fit
from stages.settings.base import load_settings
from stages.settings.machine import load_machine
from stages.settings.train import TrainSettings
from stages.stage import path_arguments, performance, run
from stages.training_log import open_log


def main() -> None:
    """Write the model, its metrics and curves, and a picture per sampled epoch, from ``pairs/``."""
    args = path_arguments("pairs", "model", "metrics", "plots", "epochs", "performance")
    s, machine = load_settings(TrainSettings), load_machine()
    fabric = open_fabric(machine.accelerator)
    fabric.seed_everything(s.seed, verbose=False)
    generator = UnetGenerator(s.image_size, s.ngf, s.norm, s.dropout, s.bias_outer)
    discriminator = PatchDiscriminator(s.ndf, s.norm, s.bias_outer)
    initialize(generator)
    initialize(discriminator)
    model = Pix2Pix(
        fabric,
        generator,
        discriminator,
        lambda_l1=s.lambda_l1,
        learning_rate=s.learning_rate,
        beta1=s.beta1,
        beta2=s.beta2,
    )
    train = PairFolder(args.pairs / "train", machine.cache_gb)
    val = PairFolder(args.pairs / "val", machine.cache_gb)
    augmented = TrainingPairs(train, jitter=s.augment_jitter, mirror=s.augment_mirror, seed=s.seed)
    schedule = Schedule(s.epochs, s.batch_size, s.log_every, s.sample_every, s.seed)
    with performance(args.performance, "train") as figures, whole_folder(args.epochs) as epochs:
        with open_log(args.plots, epochs) as log:
            result = fit(model, augmented, val, schedule, log, machine.loader_workers)
        figures["images_per_second"] = round(result.images_per_second, 2)
    save_generator(args.model, generator.state_dict(), s.model_dump())
    write_json(args.metrics, result.metrics)
    print(
        f"train: {s.epochs} epochs on {fabric.device.type}, {result.images_per_second:.1f} images/s, "
        f"validation l1 {result.metrics['val_l1']:.4f}"
    )


if __name__ == "__main__":
    run(main)
