from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from pix2pix.device import open_fabric
from pix2pix.errors import InputError
from pix2pix.images import write_png
from pix2pix.networks import PatchDiscriminator, UnetGenerator, initialize
from pix2pix.objective import Pix2Pix
from pix2pix.pair_data import PairFolder, TrainingPairs
from pix2pix.training import Schedule, TrainingResult, fit


class Notes:
    def __init__(self) -> None:
        self.curves: dict[str, list[tuple[int, float]]] = {}
        self.pictures: list[int] = []

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self.curves.setdefault(name, []).append((step, value))

    def samples(self, epoch: int, picture: np.ndarray) -> None:
        assert picture.ndim == 3 and picture.dtype == np.uint8
        self.pictures.append(epoch)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pairs whose target is the input in orange."""
    rng = np.random.default_rng(0)
    for i in range(6):
        grey = np.kron(rng.integers(0, 255, (8, 8, 1)), np.ones((8, 8, 1))).astype(np.uint8)
        orange = (grey * np.array([1.0, 0.6, 0.1])).astype(np.uint8)
        write_png(tmp_path / f"{i}.png", np.hstack([grey.repeat(3, 2), orange]))
    return tmp_path


def train(
    folder: Path, epochs: int, workers: int = 0, lambda_l1: float = 100, accelerator: str = "cpu"
) -> tuple[TrainingResult, Notes, UnetGenerator]:
    torch.manual_seed(0)
    generator, discriminator = UnetGenerator(64, 4, "instance"), PatchDiscriminator(4, "instance")
    initialize(generator)
    initialize(discriminator)
    model = Pix2Pix(
        open_fabric(accelerator),
        generator,
        discriminator,
        lambda_l1=lambda_l1,
        learning_rate=2e-3,
        beta1=0.5,
        beta2=0.999,
    )
    pairs, notes = PairFolder(folder), Notes()
    data = TrainingPairs(pairs, jitter=True, mirror=True, seed=0)
    result = fit(model, data, pairs, Schedule(epochs, 2, log_every=2, sample_every=2, seed=0), notes, workers)
    return result, notes, generator


def test_training_learns_and_its_curves_have_their_points(folder: Path) -> None:
    result, notes, _ = train(folder, epochs=12)
    val = [value for _, value in notes.curves["val/l1"]]
    assert val[-1] < 0.6 * val[0]
    assert [step for step, _ in notes.curves["val/l1"]] == [3 * epoch for epoch in range(1, 13)]
    for name in ("generator_gan", "l1", "discriminator_real", "discriminator_fake"):
        assert [step for step, _ in notes.curves[f"train/{name}"]] == list(range(2, 37, 2))
    assert notes.pictures == [2, 4, 6, 8, 10, 12]
    assert result.metrics["val_l1"] == val[-1] and result.metrics["best_val_l1"] == min(val)
    assert val[int(result.metrics["best_epoch"]) - 1] == min(val)
    assert (result.metrics["epochs"], result.metrics["steps"]) == (12, 36)


def test_last_epoch_is_always_pictured(folder: Path) -> None:
    assert train(folder, epochs=3)[1].pictures == [2, 3]


def test_workers_change_no_weight(folder: Path) -> None:
    _, notes, alone = train(folder, epochs=2)
    _, notes_2, helped = train(folder, epochs=2, workers=2)
    assert notes.curves == notes_2.curves
    assert all(torch.equal(a, b) for a, b in zip(alone.parameters(), helped.parameters(), strict=True))


def test_divergence_stops_with_a_message(folder: Path) -> None:
    with pytest.raises(InputError, match=r"(nan|inf) at step \d+: training has diverged; try a lower"):
        train(folder, epochs=4, lambda_l1=float("inf"))


@pytest.mark.gpu
def test_training_learns_on_a_gpu(folder: Path) -> None:
    result, notes, generator = train(folder, epochs=12, workers=2, accelerator="cuda")
    assert next(generator.parameters()).is_cuda
    assert result.metrics["val_l1"] < 0.6 * notes.curves["val/l1"][0][1]
