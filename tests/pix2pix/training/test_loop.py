import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import PROJECT
from safetensors.torch import load_file
from training_cases import (
    EVERY_STEP,
    Notes,
    StoppedError,
    same,
    small_training,
    train,
    write_halfway_pairs,
    write_pairs,
)

from pix2pix.machine.device import open_fabric
from pix2pix.model.model_file import load_generator
from pix2pix.model.pair_folder import PairFolder
from pix2pix.pictures.images import grayscale, read_image, write_png
from pix2pix.training.options import MachineOptions
from pix2pix.training.validation import validate


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pairs(tmp_path_factory.mktemp("pairs"))


def files(folder: Path, pattern: str = "*") -> list[str]:
    return sorted(path.name for path in folder.glob(pattern))


def test_training_learns_and_its_curves_have_their_points(pairs: Path, tmp_path: Path) -> None:
    result, notes = train(pairs, tmp_path, ngf=4, epochs=12, log_every=2)
    val = [value for _, value in notes.curves["val/l1"]]
    assert val[-1] < 0.6 * val[0]
    assert [step for step, _ in notes.curves["val/l1"]] == [3 * epoch for epoch in range(1, 13)]
    names = {"generator_gan", "l1", "l2", "generator_gradient", "discriminator_gradient"} | {
        f"discriminator_{kind}{term}" for kind in ("real", "fake") for term in ("", "_accuracy")
    }
    assert notes.curves.keys() == {"val/l1"} | {f"train/{name}" for name in names}
    for name in names:
        assert [step for step, _ in notes.curves[f"train/{name}"]] == list(range(2, 37, 2))
    assert result.metrics["val_l1"] == val[-1] and result.metrics["best_val_l1"] == min(val)
    assert val[int(result.metrics["best_epoch"]) - 1] == min(val)
    assert (result.metrics["epochs"], result.metrics["steps"]) == (12, 36)
    assert result.images_per_second > 0


def test_training_of_fewer_steps_than_log_every_has_a_point_at_its_end(pairs: Path, tmp_path: Path) -> None:
    _, notes = train(pairs, tmp_path, log_every=100, epochs=2, pretrain_epochs=1)
    assert {"train/l1", "train/generator_gan", "train/discriminator_gradient"} <= notes.curves.keys()
    for name in notes.curves.keys() - {"val/l1"}:
        assert [step for step, _ in notes.curves[name]] == [9]


def test_chroma_is_learned_and_the_brightness_kept(pairs: Path, tmp_path: Path) -> None:
    for path in sorted(pairs.rglob("*.png")):
        target = read_image(path)[:, 64:]
        write_png(tmp_path / path.relative_to(pairs), np.hstack([grayscale(target), target]))
    _, notes = train(tmp_path, tmp_path / "work", ngf=4, epochs=12, output="chroma", keep_every=12)
    val = [value for _, value in notes.curves["val/l1"]]
    assert val[-1] < 0.6 * val[0]
    generator, settings = load_generator(tmp_path / "work" / "epochs" / "epoch_0012.safetensors")
    val_pairs = PairFolder(tmp_path / "val")
    l1, examples = validate(generator, val_pairs, open_fabric("cpu"), "eval", torch.Tensor.double)
    assert settings["output"] == "chroma" and l1 == pytest.approx(val[-1], abs=1e-9)
    for _, (real_a, output, _) in examples:
        assert np.abs(grayscale(output).astype(int) - real_a).max() <= 1


@pytest.mark.parametrize(("epochs", "pictured"), [(4, [2, 4]), (5, [2, 4, 5]), (1, [1])])
def test_last_epoch_is_always_pictured(pairs: Path, tmp_path: Path, epochs: int, pictured: list[int]) -> None:
    _, notes = train(pairs, tmp_path, epochs=epochs)
    assert files(tmp_path / "epochs") == [f"epoch_{epoch:04}.png" for epoch in pictured]
    assert len(notes.pictures) == len(pictured)
    assert np.array_equal(notes.pictures[-1], read_image(tmp_path / "epochs" / f"epoch_{epochs:04}.png"))


def test_workers_change_no_weight(pairs: Path, tmp_path: Path) -> None:
    changes = {"epochs": 2, "augment_mosaic": 0.5, "augment_color_jitter": 0.5}
    alone, notes = train(pairs, tmp_path / "0", **changes)
    helped, notes_2 = train(pairs, tmp_path / "2", machine=MachineOptions(loader_workers=2), **changes)
    assert notes.curves == notes_2.curves and same(alone.weights, helped.weights)


def test_same_seed_gives_the_same_weights_and_another_other_ones(pairs: Path, tmp_path: Path) -> None:
    first, again, other = (
        train(pairs, tmp_path / str(run), seed=seed, epochs=1)[0].weights
        for run, seed in enumerate((0, 0, 1))
    )
    assert same(first, again) and not same(first, other)


def test_kept_epochs_are_models_with_pictures(pairs: Path, tmp_path: Path) -> None:
    result, _ = train(pairs, tmp_path, epochs=5, keep_every=2, sample_every=100)
    kept = [f"epoch_{epoch:04}" for epoch in (2, 4, 5)]
    assert files(tmp_path / "epochs") == sorted(
        f"{name}.{kind}" for name in kept for kind in ("png", "safetensors")
    )
    models = [load_generator(tmp_path / "epochs" / f"{name}.safetensors") for name in kept]
    assert same(models[-1][0].state_dict(), result.weights) and models[0][1]["keep_every"] == 2
    assert not same(models[0][0].state_dict(), result.weights)


def test_nothing_is_kept_by_default(pairs: Path, tmp_path: Path) -> None:
    train(pairs, tmp_path, epochs=2)
    assert files(tmp_path, "**/*.safetensors") == []


@pytest.fixture(scope="module")
def halfway(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_halfway_pairs(tmp_path_factory.mktemp("halfway"))


OVERTRAINED = {"epochs": 8, "learning_rate": 0.005, "keep_every": 1}


def test_best_epochs_weights_are_selected_and_older_best_ones_removed(halfway: Path, tmp_path: Path) -> None:
    result, notes = train(halfway, tmp_path, select="best", **OVERTRAINED)
    val = [value for _, value in notes.curves["val/l1"]]
    best = val.index(min(val)) + 1
    assert 1 < best < 8, "the case shows nothing"
    assert result.metrics["best_epoch"] == best and result.metrics["val_l1"] == val[-1] > min(val)
    assert same(result.weights, load_file(tmp_path / "epochs" / f"epoch_{best:04}.safetensors"))
    assert files(tmp_path / "best") == [f"epoch_{best:04}.safetensors"]


def test_last_epochs_weights_are_selected_by_default(halfway: Path, tmp_path: Path) -> None:
    result, _ = train(halfway, tmp_path, **OVERTRAINED)
    assert same(result.weights, load_file(tmp_path / "epochs" / "epoch_0008.safetensors"))
    assert not (tmp_path / "best").exists()


@pytest.mark.parametrize("patience", [1, 2])
def test_training_stops_early_without_a_better_epoch(halfway: Path, tmp_path: Path, patience: int) -> None:
    _, undisturbed = train(halfway, tmp_path / "all", **OVERTRAINED)
    val = [value for _, value in undisturbed.curves["val/l1"]]
    since_best = [epoch - val.index(min(val[: epoch + 1])) for epoch in range(len(val))]
    expected = since_best.index(patience) + 1
    assert expected < 8, "the case shows nothing"
    changes = OVERTRAINED | {"early_stop_epochs": patience, "keep_every": 0, "sample_every": 100}
    result, notes = train(halfway, tmp_path / "early", **changes)
    assert result.metrics["epochs"] == expected == len(notes.curves["val/l1"])
    assert files(tmp_path / "early" / "epochs") == [f"epoch_{expected:04}.png"]


def test_pretraining_is_by_l1_alone_and_is_not_counted_as_best(pairs: Path, tmp_path: Path) -> None:
    result, notes = train(
        pairs,
        tmp_path,
        pretrain_epochs=4,
        epochs=2,
        select="best",
        keep_every=1,
        learning_rate=0.02,
        lambda_l1=0.0,
    )
    val = [value for _, value in notes.curves["val/l1"]]
    assert len(val) == 6 and result.metrics["epochs"] == 6 and result.metrics["steps"] == 18
    assert min(val) == min(val[:4]), "the case shows nothing"
    best = int(result.metrics["best_epoch"])
    assert result.metrics["best_val_l1"] == min(val[4:]) == val[4 + best - 1]
    assert same(result.weights, load_file(tmp_path / "epochs" / f"epoch_{4 + best:04}.safetensors"))
    assert min(step for step, _ in notes.curves["train/generator_gan"]) == 4 * 3 + 1
    assert min(step for step, _ in notes.curves["train/l1"]) == 1


def test_pretraining_does_not_use_up_the_patience(pairs: Path, tmp_path: Path) -> None:
    result, _ = train(pairs, tmp_path, pretrain_epochs=3, epochs=2, early_stop_epochs=2, learning_rate=0.3)
    assert result.metrics["epochs"] == 5


def test_rates_follow_the_schedule_of_the_epochs_after_pretraining(pairs: Path, tmp_path: Path) -> None:
    """A rate that is all but 0 after two epochs leaves the weights as they were."""
    changes = {"lr_schedule": "step", "lr_step_epochs": 1, "lr_step_factor": 1e-9, "pretrain_epochs": 2}
    train(pairs, tmp_path, epochs=2, keep_every=1, **changes)
    kept = [load_file(path) for path in sorted((tmp_path / "epochs").glob("*.safetensors"))]
    assert not same(kept[0], kept[1]) and not same(kept[1], kept[2])
    assert all(torch.allclose(kept[2][name], kept[3][name], rtol=0, atol=1e-7) for name in kept[2])


def test_average_is_what_is_measured_and_saved(pairs: Path, tmp_path: Path) -> None:
    training = small_training(pairs, tmp_path, ema_decay=0.9, keep_every=3)
    result = training.run()
    assert same(result.weights, training.model.result.state_dict())
    assert same(load_file(tmp_path / "epochs" / "epoch_0003.safetensors"), result.weights)
    assert not same(result.weights, training.model.generator.state_dict())


@pytest.mark.parametrize("accumulate", [1, 2, 3, 5])
def test_steps_are_batches_over_accumulated_ones(pairs: Path, tmp_path: Path, accumulate: int) -> None:
    result, _ = train(pairs, tmp_path, batch_size=1, accumulate_steps=accumulate, epochs=2)
    assert result.metrics["steps"] == 2 * -(-6 // accumulate)


WINS = {"lambda_l1": 100.0, "lambda_gan": 0.0, "track_gan": True, "ndf": 8, "norm": "none"}


def test_warns_once_when_d_wins_outright(
    pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result, notes = train(
        pairs, tmp_path, epochs=14, learning_rate=1e-6, discriminator_learning_rate=1e-2, **WINS
    )
    out = capsys.readouterr().out
    assert out.count("train: warning: in epoch") == 1
    assert "lower discriminator_learning_rate or ndf, a smaller patch_size, or augmentation" in out
    won = int(result.metrics["epochs_d_won"])
    first = int(out.partition("in epoch ")[2].split()[0])
    assert 1 <= won <= 14 - first + 1 and result.metrics["discriminator_real_accuracy"] >= 0.99
    assert notes.curves["train/discriminator_real"][3 * (first - 1)][1] < 0.5


@pytest.mark.parametrize(
    "changes",
    [{"learning_rate": 1e-6}, {"lambda_gan": 0.0}, {"gan_loss": "lsgan", "epochs": 6}],
    ids=["D learns nothing", "no D", "balanced"],
)
def test_does_not_warn_otherwise(
    pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any]
) -> None:
    result, _ = train(pairs, tmp_path, **changes)
    assert "warning" not in capsys.readouterr().out and result.metrics["epochs_d_won"] == 0


PROCESSES = """
import json, sys
from pathlib import Path
import torch
from training_cases import small_options
from pix2pix.machine.device import open_fabric
from pix2pix.model.model_file import save_generator
from pix2pix.training.build import build_training

torch.set_num_threads(1)
pairs, folder, processes, changes = sys.argv[1:]
options = small_options(**json.loads(changes))
fabric = open_fabric("cpu", devices=int(processes))
work = Path(folder, "work") if fabric.is_global_zero else None
result = build_training(fabric, options, Path(pairs), work=work).run()
if fabric.is_global_zero:
    save_generator(Path(folder, "model"), result.weights, options.header | {"metrics": result.metrics})
"""


def train_in_processes(
    pairs: Path, folder: Path, processes: int, **changes: Any
) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
    """Train in so many processes; return the weights and the metrics."""
    script = folder / "train.py"
    script.write_text(PROCESSES)
    path = os.pathsep.join([str(PROJECT), str(PROJECT / "tests"), str(PROJECT / "tests/helpers")])
    arguments = [str(pairs), str(folder), str(processes), json.dumps(changes)]
    run = subprocess.run(
        [sys.executable, str(script), *arguments],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    generator, settings = load_generator(folder / "model")
    return generator.state_dict(), settings["metrics"]


WITHOUT_PAIRS = {"objective": "cyclegan", "generator": "resnet_6blocks", "gan_loss": "lsgan"}


@pytest.mark.slow
@pytest.mark.parametrize("objective", [{}, WITHOUT_PAIRS], ids=["pix2pix", "cyclegan"])
def test_two_processes_learn_what_one_learns_from_accumulated_batches(
    pairs: Path, tmp_path: Path, objective: dict[str, Any]
) -> None:
    """Without dropout the gradients of two halves of a batch add up to those of the whole."""
    changes = objective | {
        "dropout": 0.0,
        "discriminator_updates": "separate",
        "accumulate_steps": 2,
        "select": "best",
        "learning_rate": 2e-4,
        "epochs": 2,
    }
    alone = train(pairs, tmp_path / "alone", **changes)[0]
    weights, metrics = train_in_processes(pairs, tmp_path, 2, **changes)
    for name, tensor in weights.items():
        assert torch.allclose(alone.weights[name], tensor, atol=2e-5), name
    assert metrics.keys() == alone.metrics.keys()
    for term in [name for name in alone.metrics if not name.endswith("_gradient")]:
        assert metrics[term] == pytest.approx(alone.metrics[term], rel=1e-3, abs=1e-4), term


@pytest.mark.slow
def test_two_processes_measure_the_generator_that_is_saved(pairs: Path, tmp_path: Path) -> None:
    """Each has running statistics of its own; the measured ones must be those of the saved model."""
    changes = {"norm": "batch", "epochs": 4, "learning_rate": 0.02, "ngf": 4}
    _, metrics = train_in_processes(pairs, tmp_path, 2, **changes)
    generator, _ = load_generator(tmp_path / "model")
    l1, _ = validate(generator, PairFolder(pairs / "val"), open_fabric("cpu"), "eval", torch.Tensor.double)
    assert metrics["val_l1"] == pytest.approx(l1, abs=1e-9)


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_training_learns_on_a_gpu(pairs: Path, tmp_path: Path, precision: str) -> None:
    notes = Notes()
    training = small_training(
        pairs,
        tmp_path,
        notes,
        accelerator="cuda",
        machine=MachineOptions(loader_workers=2),
        ngf=4,
        epochs=12,
        precision=precision,
    )
    result = training.run()
    assert next(training.model.generator.parameters()).is_cuda
    assert result.metrics["val_l1"] < 0.6 * notes.curves["val/l1"][0][1]


@pytest.mark.gpu
def test_training_goes_on_on_a_gpu(pairs: Path, tmp_path: Path) -> None:
    notes = Notes(7)
    with pytest.raises(StoppedError):
        small_training(pairs, tmp_path, notes, accelerator="cuda", machine=EVERY_STEP).run()
    result = small_training(pairs, tmp_path, accelerator="cuda").run()
    assert result.metrics["steps"] == 9 and np.isfinite(result.metrics["val_l1"])
