"""Trainings on two sets of pictures that are no pairs."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from training_cases import EVERY_STEP, Notes, StoppedError, same, small_options, small_training, write_pairs
from unpaired_cases import write_sets

from pix2pix.core.errors import InputError
from pix2pix.core.hashes import file_hash
from pix2pix.model.model_file import load_generator, save_generator
from pix2pix.model.pair_folder import PictureFolder, Side, open_sides, to_tensor
from pix2pix.pictures.images import write_png
from pix2pix.realism.comparison import KID_SCALE
from pix2pix.realism.feature_distances import whole_kid
from pix2pix.realism.networks import load_lite0
from pix2pix.training.options import AugmentOptions
from pix2pix.training.set_validation import batches_of
from pix2pix.training.training_pairs import TrainingSides

SMALL: dict[str, Any] = {"generator": "resnet_6blocks", "gan_loss": "lsgan", "epochs": 2, "sample_every": 1}
OBJECTIVES = ("cyclegan", "cut")
PLAIN = AugmentOptions()


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sets(tmp_path_factory.mktemp("sets"), train=6, val=3)


def train(sets: Path, work: Path, stop_at: int = 0, **changes: Any) -> Any:
    notes = Notes(stop_at)
    machine = EVERY_STEP if stop_at else None
    return small_training(sets, work, notes, machine=machine, **(SMALL | changes)).run(), notes


def test_sides_are_opened_from_two_sets_and_from_pairs(sets: Path, tmp_path: Path) -> None:
    a, b = open_sides(sets, "train")
    assert isinstance(a, PictureFolder) and len(a) == len(b) == 6 and a[0].shape == (3, 64, 64)
    assert not torch.equal(a[0], b[0]) and a.name(0).as_posix() == "class_0/0.png"
    write_pairs(tmp_path)
    a, b = open_sides(tmp_path, "train")
    assert isinstance(a, Side) and len(a) == len(b) == 6 and a[0].shape == (3, 64, 64)
    assert torch.equal(a[0][0], a[0][2]) and not torch.equal(b[0][0], b[0][2])  # grey, and orange


def test_picture_that_is_no_square_is_named(sets: Path, tmp_path: Path) -> None:
    write_png(tmp_path / "wide.png", np.zeros((64, 65, 3), np.uint8))
    with pytest.raises(InputError, match=r"wide\.png is 65x64; a picture is a square"):
        PictureFolder(tmp_path)[0]


def test_an_epoch_has_as_many_as_the_larger_side_and_draws_b(tmp_path: Path) -> None:
    for name, count in (("A", 3), ("B", 5)):
        for i in range(count):
            write_png(tmp_path / name / f"{i}.png", np.full((64, 64, 3), 10 * i, np.uint8))
    sides = PictureFolder(tmp_path / "A"), PictureFolder(tmp_path / "B")
    pictures = TrainingSides(sides, PLAIN, "unit", seed=0)
    assert len(pictures) == 5
    drawn = [pictures[1, place, place] for place in range(5)]
    assert [round(25.5 * float(pair[0].mean())) for pair in drawn] == [0, 1, 2, 0, 1]
    many = {round(25.5 * float(pictures[epoch, 0, 0][1].mean())) for epoch in range(50)}
    assert many == set(range(5))
    assert torch.equal(pictures[3, 2, 4], TrainingSides(sides, PLAIN, "unit", seed=0)[3, 2, 4])
    symmetric = TrainingSides(sides, PLAIN, "symmetric", seed=0)[1, 2, 2]
    assert torch.allclose(symmetric, 2 * pictures[1, 2, 2] - 1)


def test_each_picture_is_changed_for_itself(sets: Path) -> None:
    """Mirrored on its own, and only A in its colours."""
    a, b = open_sides(sets, "train")
    pictures = TrainingSides((a, b), AugmentOptions(augment_mirror=True), "unit", seed=0)
    mirrored = []
    for epoch in range(40):
        of_a, of_b = pictures[epoch, 0, 0]
        originals = [to_tensor(side[i], "unit") for side in (b,) for i in range(6)]
        is_mirrored = any(torch.equal(of_b, original.flip(-1)) for original in originals)
        mirrored.append((torch.equal(of_a, to_tensor(a[0], "unit").flip(-1)), is_mirrored))
    assert len(set(mirrored)) == 4
    colours = TrainingSides((a, b), AugmentOptions(augment_color_jitter=1.0), "unit", seed=0)
    of_a, of_b = colours[1, 0, 0]
    assert not torch.equal(of_a, to_tensor(a[0], "unit"))
    assert any(torch.equal(of_b, to_tensor(b[i], "unit")) for i in range(6))
    everything = AugmentOptions(augment_jitter=True, augment_mosaic=1.0)
    assert TrainingSides((a, b), everything, "unit", seed=0)[1, 0, 0].shape == (2, 3, 64, 64)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_training_without_pairs_has_curves_pictures_and_a_model(
    sets: Path, tmp_path: Path, objective: str
) -> None:
    result, notes = train(sets, tmp_path, objective=objective, keep_every=1, ema_decay=0.9)
    own = {"cyclegan": {"cycle", "back_identity", "back_discriminator_real"}, "cut": {"contrast_identity"}}
    common = {"generator_gan", "discriminator_real_accuracy"}
    assert {f"train/{name}" for name in own[objective] | common} <= notes.curves.keys()
    assert len(notes.curves["val/kid_lite0"]) == 2 and "val/l1" not in notes.curves
    assert result.validation == "kid_lite0" and "val_l1" not in result.metrics
    assert result.metrics["val_kid_lite0"] == notes.curves["val/kid_lite0"][-1][1]
    assert len(notes.pictures) == 2
    kept = tmp_path / "epochs" / "epoch_0002.safetensors"
    for direction in ("AtoB", "BtoA") if objective == "cyclegan" else ("AtoB",):
        generator, settings = load_generator(kept, direction)  # type: ignore[arg-type]
        assert settings["objective"] == objective
        assert all(torch.equal(v, result.weights[k]) for k, v in generator.state_dict().items()) == (
            direction == "AtoB"
        )


RESUMED = [
    *(("cyclegan", changes) for changes in ({}, {"ema_decay": 0.9, "batch_size": 1, "accumulate_steps": 2})),
    ("cyclegan", {"select": "best", "precision": "bf16", "generator": "unet", "norm": "batch"}),
    ("cut", {"nce_flip": True, "ema_decay": 0.9}),
    ("cut", {"dropout": 0.5, "batch_size": 1, "accumulate_steps": 3}),
]


@pytest.mark.parametrize(("objective", "changes"), RESUMED)
@pytest.mark.parametrize("stop_at", [2, 5])
def test_killed_training_goes_on_to_the_same_weights(
    sets: Path, tmp_path: Path, objective: str, changes: dict[str, Any], stop_at: int
) -> None:
    changes = {"objective": objective, **changes}
    whole, whole_notes = train(sets, tmp_path / "whole", **changes)
    with pytest.raises(StoppedError):
        train(sets, tmp_path / "killed", stop_at, **changes)
    again, notes = train(sets, tmp_path / "killed", **changes)
    assert same(whole.weights, again.weights) and whole.metrics == again.metrics
    assert notes.curves == whole_notes.curves


def test_pool_is_part_of_the_state(sets: Path, tmp_path: Path) -> None:
    training = small_training(sets, tmp_path, **(SMALL | {"objective": "cyclegan"}))
    training.run()
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert [len(pool["kept"]) for pool in state["model"]["pools"]] == [12, 12]


def test_pairs_are_taken_for_two_sides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result, _ = train(write_pairs(tmp_path / "pairs"), tmp_path / "work", objective="cyclegan", epochs=1)
    assert "objective: cyclegan ignores which A and B are a pair" in capsys.readouterr().out
    assert np.isfinite(result.metrics["val_kid_lite0"])


def test_pix2pix_refuses_two_sides_with_the_way_out(sets: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"learns from pairs, and .* set objective to cyclegan or cut"):
        train(sets, tmp_path)


def test_one_validation_picture_is_too_few(tmp_path: Path) -> None:
    sets = write_sets(tmp_path / "sets", train=2, val=2)
    shutil.rmtree(sets / "val" / "B" / "class_1")
    with pytest.raises(InputError, match="side B has 1 validation picture"):
        train(sets, tmp_path / "work", objective="cyclegan")


def test_validation_is_the_mean_kid_of_both_directions(sets: Path, tmp_path: Path) -> None:
    training = small_training(sets, tmp_path, **(SMALL | {"objective": "cyclegan"}))
    generators = training.model.results
    measured, examples = training.validate(generators)
    lite0, kids = load_lite0().eval(), []
    val = open_sides(sets, "val")
    with torch.inference_mode():
        real = [lite0(torch.stack([side[i] for i in range(len(side))])) for side in val]
        for generator, source, target in zip(generators, val, (1, 0), strict=True):
            pictures = torch.stack([to_tensor(source[i], "symmetric") for i in range(3)])
            outputs = generator.eval()(pictures).add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
            kids.append(KID_SCALE * whole_kid(lite0(outputs), real[target]))
    assert measured == pytest.approx(np.mean(kids), rel=1e-2)
    assert [caption for caption, _ in examples] == [f"class_{i % 2}/{i}" for i in (0, 2, 1)] * 2
    assert all(len(pictures) == 3 for _, pictures in examples)


def test_validation_looks_at_pictures_from_all_over_a_large_side(tmp_path: Path) -> None:
    for name in "AB":
        for i in range(420):
            write_png(tmp_path / "val" / name / f"{i:03}.png", np.full((64, 64, 3), i % 256, np.uint8))
    sides = [PictureFolder(tmp_path / "val" / name) for name in "AB"]

    taken = [int(batch[i, 0, 0, 0]) for batch in batches_of(sides[0], 16) for i in range(len(batch))]
    assert len(taken) == 200 and taken[0] == 0 and taken[-1] == 417 % 256


def test_training_starts_from_the_forward_generator_of_a_model(sets: Path, tmp_path: Path) -> None:
    training = small_training(sets, tmp_path / "a", **(SMALL | {"objective": "cyclegan"}))
    saved = tmp_path / "both.safetensors"
    save_generator(saved, training.model.weights(), small_options(**SMALL, objective="cyclegan").header)
    start = {"init_from": str(saved), "init_from_sha256": file_hash(saved), "seed": 9}
    again = small_training(sets, tmp_path / "b", **(SMALL | {"objective": "cyclegan"} | start))
    assert same(again.model.generator.state_dict(), training.model.generator.state_dict())
    assert not same(again.model.results[1].state_dict(), training.model.results[1].state_dict())


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_outputs_get_the_colours_of_the_other_set(sets: Path, tmp_path: Path, objective: str) -> None:
    """Blue blocks become orange, though no picture of one set belongs to one of the other."""
    small = {"norm": "instance", "ngf": 4, "ndf": 8, "learning_rate": 1e-3, "epochs": 20, "log_every": 10}
    training = small_training(sets, tmp_path, **(SMALL | small | {"objective": objective}))
    training.run()
    blue, orange = (torch.stack([side[i] for i in range(3)]) for side in open_sides(sets, "val"))
    with torch.no_grad():
        outputs = training.model.result.eval()(to_tensor(blue, "symmetric"))
    colours = [
        pictures.mean(dim=(0, 2, 3))
        for pictures in ((outputs + 1) / 2, orange.float() / 255, blue.float() / 255)
    ]
    assert (colours[0] - colours[1]).abs().max() < 0.12 < (colours[2] - colours[1]).abs().max()
