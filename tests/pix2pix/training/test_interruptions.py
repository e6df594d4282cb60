"""Trainings that are stopped, or that diverge."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from training_cases import (
    EPOCH_END,
    EVERY_STEP,
    Notes,
    StoppedError,
    same,
    small_training,
    train,
    write_halfway_pairs,
    write_pairs,
)

from pix2pix.core.errors import InputError
from pix2pix.core.hashes import file_hash
from pix2pix.model.model_file import load_generator
from pix2pix.training.curves import DivergedError
from pix2pix.training.loop import Training, TrainingResult
from pix2pix.training.options import MachineOptions


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pairs(tmp_path_factory.mktemp("pairs"))


@pytest.fixture(scope="module")
def halfway(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_halfway_pairs(tmp_path_factory.mktemp("halfway"))


class Poison(Notes):
    """A log that makes a weight of the generator no number at its n-th point."""

    training: Training

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        if self.points + 1 == self.stop_at:
            with torch.no_grad():
                next(self.training.model.generator.parameters()).fill_(float("nan"))
            self.stop_at = 0
        super().metrics(step, values)


@pytest.mark.parametrize("ema", [0.0, 0.9])
@pytest.mark.parametrize("machine", [EVERY_STEP, EPOCH_END])
@pytest.mark.parametrize("point", [5, 6, 8])  # the first and second step of an epoch, and a validation
def test_divergence_says_how_to_go_on_from_the_last_good_weights(
    pairs: Path, tmp_path: Path, ema: float, machine: MachineOptions, point: int
) -> None:
    notes = Poison(point)
    notes.training = small_training(pairs, tmp_path / "work", notes, machine=machine, ema_decay=ema)
    with pytest.raises(InputError, match=r"training has diverged; try a lower learning_rate") as error:
        notes.training.run()
    path = tmp_path / "work" / "last_good.safetensors"
    assert f"-S init_from={path} -S init_from_sha256={file_hash(path)}" in str(error.value)
    generator, settings = load_generator(path)
    assert all(weight.isfinite().all() for weight in generator.parameters()) and settings["ngf"] == 2
    again = small_training(
        pairs, tmp_path / "again", init_from=str(path), init_from_sha256=file_hash(path), epochs=1
    )
    assert same(again.model.generator.state_dict(), generator.state_dict())
    again.run()


def test_divergence_in_the_first_epoch_says_what_to_try(pairs: Path, tmp_path: Path) -> None:
    notes = Poison(1)
    notes.training = small_training(pairs, tmp_path, notes)
    with pytest.raises(DivergedError, match=r"is nan by step 2: .* try a lower learning_rate, or precision"):
        notes.training.run()
    assert not (tmp_path / "state.pt").exists()


def test_state_is_kept_only_of_weights_that_are_numbers(pairs: Path, tmp_path: Path) -> None:
    """A loss may still be a number when the step after it has ruined the weights."""
    notes = Poison(3)  # of the last step of an epoch, after its loss
    notes.training = small_training(pairs, tmp_path, notes, machine=EVERY_STEP, log_every=1)
    with pytest.raises(DivergedError, match="a weight is no number after step 3"):
        notes.training.run()
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert state["position"]["step"] == 2
    assert all(weight.isfinite().all() for weight in state["model"]["network"].values())


RESUMED: dict[str, dict[str, Any]] = {
    "plain": {},
    "average": {"ema_decay": 0.9},
    "batch norm": {"norm": "batch"},
    "accumulate": {"batch_size": 1, "accumulate_steps": 2},
    "accumulate unevenly": {"batch_size": 1, "accumulate_steps": 4, "norm": "batch"},
    "separate updates": {"discriminator_updates": "separate"},
    "fp16": {"precision": "fp16"},
    "bf16": {"precision": "bf16"},
    "best": {"select": "best", "keep_every": 1, "learning_rate": 0.005, "sample_every": 1, "epochs": 5},
    "early stop": {"early_stop_epochs": 1, "learning_rate": 0.005, "epochs": 6, "select": "best"},
    "spectral norm": {"spectral_norm": True},
    "pretraining": {"pretrain_epochs": 1, "epochs": 2, "lr_schedule": "cosine"},
    "augmentation": {"augment_mosaic": 0.5, "augment_color_jitter": 0.5, "sample_with_replacement": True},
    "points over steps": {"log_every": 2, "test_mode": "train"},
    "recommended": {
        "generator": "efficientnet_unet",
        "gan_loss": "lsgan",
        "lambda_feature_matching": 10.0,
        "lambda_perceptual": 5.0,
        "lambda_projected": 1.0,
        "augment_discriminator": True,
        "ema_decay": 0.9,
        "lr_schedule": "cosine",
        "epochs": 2,
    },
    "chroma": {"output": "chroma", "precision": "bf16", "norm": "batch"},
    "classes": {"input_labels": True, "ema_decay": 0.9},
    "networks of CycleGAN": {"generator": "resnet_6blocks", "norm": "instance_plain", "dropout": 0.5},
}


def assert_same_training(
    one: tuple[TrainingResult, Notes], other: tuple[TrainingResult, Notes], work: tuple[Path, Path]
) -> None:
    assert same(one[0].weights, other[0].weights)
    assert one[0].metrics == other[0].metrics and one[1].curves == other[1].curves
    kept = [
        {path.name: path.read_bytes() for path in folder.glob(pattern)}
        for folder in work
        for pattern in ("epochs/*", "best/*")
    ]
    assert kept[:2] == kept[2:] and kept[0]


@pytest.mark.parametrize(
    ("name", "machine"),
    [pytest.param(name, EVERY_STEP, id=f"{name}, state of every step") for name in RESUMED]
    + [
        pytest.param(name, EPOCH_END, id=f"{name}, state of every epoch")
        for name in ("plain", "accumulate unevenly", "best", "early stop", "pretraining")
    ],
)
def test_training_interrupted_at_every_point_equals_an_undisturbed_one(
    halfway: Path, tmp_path: Path, name: str, machine: MachineOptions
) -> None:
    """Each run is stopped in the middle of the step, or the validation, of one more point than the last."""
    changes = RESUMED[name]
    undisturbed = train(halfway, tmp_path / "undisturbed", **changes)
    work = tmp_path / "interrupted"
    for stop_at in range(1, undisturbed[1].points + 1):
        with pytest.raises(StoppedError):
            train(halfway, work, stop_at, machine, **changes)
    resumed = train(halfway, work, machine=machine, **changes)
    assert_same_training(undisturbed, resumed, (tmp_path / "undisturbed", work))


def test_finished_training_run_again_gives_its_result(pairs: Path, tmp_path: Path) -> None:
    """As when the process is killed between the last state and the model file."""
    first = train(pairs, tmp_path, select="best")
    again = train(pairs, tmp_path, select="best")
    assert same(first[0].weights, again[0].weights) and first[0].metrics == again[0].metrics
    assert first[1].curves == again[1].curves


def test_workers_go_on_where_a_run_without_them_was_stopped(pairs: Path, tmp_path: Path) -> None:
    undisturbed = train(pairs, tmp_path / "undisturbed")
    with pytest.raises(StoppedError):
        train(pairs, tmp_path / "work", 7, EVERY_STEP)
    resumed = train(pairs, tmp_path / "work", machine=MachineOptions(loader_workers=2))
    assert_same_training(undisturbed, resumed, (tmp_path / "undisturbed", tmp_path / "work"))


def test_resumed_training_says_where_it_goes_on(
    pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(StoppedError):
        train(pairs, tmp_path, 7, EVERY_STEP)
    assert "going on" not in capsys.readouterr().out
    train(pairs, tmp_path)
    assert "train: going on after step 5, with 1 of 3 epochs done" in capsys.readouterr().out


def test_state_holds_no_code(pairs: Path, tmp_path: Path) -> None:
    train(pairs, tmp_path, ema_decay=0.9, precision="fp16", epochs=1)
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert state["position"]["step"] == 3 and {"network", "averages"} <= state["model"].keys()


def test_damaged_state_is_refused(pairs: Path, tmp_path: Path) -> None:
    train(pairs, tmp_path, epochs=1)
    whole = (tmp_path / "state.pt").read_bytes()
    (tmp_path / "state.pt").write_bytes(whole[:-1000])
    with pytest.raises(InputError, match=f"state.pt is not a training's state, .* remove {tmp_path} to"):
        train(pairs, tmp_path)


def test_model_is_in_training_mode_after_validation_and_after_going_on(pairs: Path, tmp_path: Path) -> None:
    class Modes(Notes):
        training: Training

        def metrics(self, step: int, values: Mapping[str, float]) -> None:
            if "train/l1" in values:
                seen.append(self.training.model.generator.training)

    seen: list[bool] = []
    notes = Modes()
    notes.training = small_training(pairs, tmp_path, notes, norm="batch", test_mode="train")
    notes.training.run()
    assert seen == [True] * 9
