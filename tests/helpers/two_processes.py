"""Trains in float64 and writes the terms of each step as JSON: the script of a test, for one process or two.

``python two_processes.py PAIRS NORM OUT``, or the same under ``python -m torch.distributed.run``.
"""

import json
import os
import sys
from pathlib import Path

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.precision import DoublePrecision
from lightning_fabric.strategies.ddp import DDPStrategy
from training_cases import Notes, small_options

from pix2pix.training.build import build_training


def main(pairs: Path, norm: str, out: Path) -> None:
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    fabric = Fabric(
        accelerator="cpu",
        devices=processes,
        strategy=DDPStrategy(forward_sync_buffers=False) if processes > 1 else "auto",
        plugins=DoublePrecision(),
    )
    fabric.launch()
    options = small_options(
        norm=norm, dropout=0, augment_jitter=False, augment_mirror=False, batch_size=4, epochs=8, ngf=4, ndf=4
    )
    log = Notes()
    training = build_training(fabric, options, pairs, log=log)
    for network in (training.model.generator, training.model.discriminator):
        network.register_forward_pre_hook(lambda _, inputs: tuple(x.double() for x in inputs))
    training.run()
    if fabric.is_global_zero:
        out.write_text(json.dumps(log.curves))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
