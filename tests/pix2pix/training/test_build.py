from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from training_cases import (
    LABELS,
    small_options,
    small_settings,
    small_training,
    write_label_maps,
    write_pairs,
)

from pix2pix.core.errors import InputError
from pix2pix.core.hashes import file_hash
from pix2pix.machine.device import open_fabric
from pix2pix.model.model_file import save_generator
from pix2pix.networks.efficientnet import pretrained_encoder
from pix2pix.networks.generators import ResnetUnetGenerator
from pix2pix.pictures.images import write_png
from pix2pix.training.build import build_model, build_training
from pix2pix.training.objectives.pix2pix import Pix2Pix
from pix2pix.training.options import MachineOptions


def build(**changes: Any) -> Pix2Pix:
    return build_model(open_fabric("cpu"), small_options(**changes))


def same(one: nn.Module, other: nn.Module) -> bool:
    state = other.state_dict()
    return all(torch.equal(tensor, state[name]) for name, tensor in one.state_dict().items())


def test_seed_decides_where_the_weights_start() -> None:
    torch.manual_seed(5)
    first = build(seed=1)
    torch.manual_seed(6)
    again, other = build(seed=1), build(seed=2)
    assert same(first.generator, again.generator) and same(first.discriminator, again.discriminator)
    assert not same(first.generator, other.generator)


@pytest.mark.parametrize(
    ("changes", "has_one"),
    [
        ({}, True),
        ({"lambda_gan": 0.5, "lambda_l1": 0.0}, True),
        ({"lambda_gan": 0.0}, False),
        ({"lambda_gan": 0.0, "track_gan": True}, True),
    ],
)
def test_discriminator_is_built_where_it_is_of_use(changes: dict[str, Any], has_one: bool) -> None:
    model = build(**changes)
    assert (model.discriminator is not None) == has_one
    assert ("discriminator" in model.state_dict()) == has_one


def test_discriminator_changes_nothing_of_how_g_starts() -> None:
    assert same(build().generator, build(lambda_gan=0.0).generator)


def test_networks_are_those_of_the_settings() -> None:
    model = build(ngf=4, levels=3, ndf=3, patch_size=16, norm="none", spectral_norm=True)
    assert len(model.generator.encoder) == 3 and model.generator.encoder[0].out_channels == 4
    picture = torch.zeros(1, 3, 64, 64)
    assert model.discriminator(picture, picture).shape == (1, 1, 30, 30)
    assert isinstance(build(generator="resnet18_unet").generator, ResnetUnetGenerator)


def test_training_starts_from_a_saved_model(tmp_path: Path) -> None:
    path, before = tmp_path / "start.safetensors", build(seed=5)
    save_generator(path, before.generator.state_dict(), small_settings(seed=5))
    model = build(init_from=str(path), init_from_sha256=file_hash(path))
    assert same(model.generator, before.generator)


def test_average_starts_from_the_saved_model_too(tmp_path: Path) -> None:
    path, before = tmp_path / "start.safetensors", build(seed=5)
    save_generator(path, before.generator.state_dict(), small_settings(seed=5))
    model = build(init_from=str(path), init_from_sha256=file_hash(path), ema_decay=0.9)
    assert same(model.result, before.generator)


def test_encoder_starts_from_pretrained_weights(tmp_path: Path) -> None:
    encoder = build(generator="resnet18_unet", seed=5).generator.encoder
    torch.save(encoder.state_dict(), tmp_path / "resnet.pth")
    model = build(
        generator="resnet18_unet",
        pretrained=str(tmp_path / "resnet.pth"),
        pretrained_sha256=file_hash(tmp_path / "resnet.pth"),
    )
    assert same(model.generator.encoder, encoder)


def test_pairs_of_train_and_val_are_needed(tmp_path: Path) -> None:
    write_pairs(tmp_path, val=0)
    with pytest.raises(InputError, match=rf"no pairs in {tmp_path / 'val'}: expected PNG files"):
        build_training(open_fabric("cpu"), small_options(), tmp_path)


@pytest.mark.parametrize(
    "machine",
    [
        MachineOptions(cache_gb=1.0),
        MachineOptions(data_on_device=True),
        MachineOptions(data_on_device=True, loader_workers=2),
    ],
    ids=["in memory", "on the device", "on the device, with workers"],
)
def test_where_the_pairs_lie_changes_no_weight(tmp_path: Path, machine: MachineOptions) -> None:
    write_pairs(tmp_path / "pairs")
    options = small_options(epochs=1, augment_color_jitter=0.5, augment_mosaic=0.5)
    results = []
    for number, each in enumerate((MachineOptions(cache_gb=0.0, data_on_device=False), machine)):
        training = build_training(
            open_fabric("cpu"), options, tmp_path / "pairs", machine=each, work=tmp_path / f"work {number}"
        )
        results.append(training.run().weights)
    assert all(torch.equal(tensor, results[1][name]) for name, tensor in results[0].items())


@pytest.mark.parametrize(
    "change",
    [
        {"augment_jitter": False},
        {"augment_mirror": False},
        {"augment_color_jitter": 1.0},
        {"augment_mosaic": 1.0},
        {"sample_with_replacement": True},
        {"batch_size": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_settings_of_the_pairs_reach_the_training(tmp_path: Path, change: dict[str, Any]) -> None:
    write_pairs(tmp_path / "pairs")
    by_default, changed = (
        small_training(tmp_path / "pairs", tmp_path / "work", **({"epochs": 1} | options))
        for options in ({}, change)
    )
    batches = [list(training.loader) for training in (by_default, changed)]
    assert len(batches[0]) == 3
    assert not all(map(torch.equal, *batches))


def test_settings_are_saved_with_every_model(tmp_path: Path) -> None:
    write_pairs(tmp_path / "pairs")
    small_training(tmp_path / "pairs", tmp_path / "work", epochs=1, keep_every=1).run()
    (path,) = (tmp_path / "work" / "epochs").glob("*.safetensors")
    assert load_file(path).keys() == build().generator.state_dict().keys()


OURS = {
    "generator": "efficientnet_unet",
    "output": "chroma",
    "gan_loss": "lsgan",
    "lambda_feature_matching": 10.0,
    "lambda_perceptual": 5.0,
    "lambda_projected": 1.0,
}


def test_generator_on_efficientnet_starts_from_imagenets_weights() -> None:
    encoder = build(generator="efficientnet_unet", seed=5).generator.encoder
    assert same(encoder, pretrained_encoder())


def test_features_are_those_of_a_network_that_no_training_changes() -> None:
    model = build(**OURS)
    assert same(model.encoder, pretrained_encoder())
    assert not any(weight.requires_grad for weight in model.encoder.parameters())
    assert build().encoder is None and build().projected is None


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [{}, {"norm": "batch", "accumulate_steps": 2}, {"generator": "resnet18_unet"}, OURS],
)
def test_compiled_networks_learn_the_same(tmp_path: Path, changes: dict[str, Any]) -> None:
    write_pairs(tmp_path / "pairs")
    plain, compiled = (
        small_training(tmp_path / "pairs", tmp_path / str(compile), compile=compile, epochs=2, **changes)
        for compile in (False, True)
    )
    expected, result = plain.run(), compiled.run()
    assert result.weights.keys() == expected.weights.keys()
    assert result.metrics["val_l1"] == pytest.approx(expected.metrics["val_l1"], abs=0.01)


def classes(pairs: Path, **changes: Any) -> list[list[int]]:
    """The colours that the generator of a training is told of."""
    training = build_training(open_fabric("cpu"), small_options(**changes), pairs)
    return [[round(value) for value in colour] for colour in training.model.generator.labels.palette.tolist()]


@pytest.mark.parametrize("generator", ["unet", "efficientnet_unet"])
@pytest.mark.parametrize("input_labels", ["auto", True])
def test_generator_is_told_the_classes_of_label_maps(
    tmp_path: Path, generator: str, input_labels: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    write_label_maps(tmp_path)
    found = classes(tmp_path, generator=generator, input_labels=input_labels)
    assert found == [list(colour) for colour in LABELS]
    assert "the inputs are label maps of 4 colours" in capsys.readouterr().out


def test_label_maps_are_pictures_where_that_is_wanted(tmp_path: Path) -> None:
    write_label_maps(tmp_path)
    assert classes(tmp_path, input_labels=False) == []


def test_pictures_that_are_no_label_maps_have_classes_only_by_force(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    assert classes(tmp_path, input_labels="auto") == []
    assert len(classes(tmp_path, input_labels=True)) > 1


def test_label_maps_are_wanted_where_there_are_none(tmp_path: Path) -> None:
    for split in ("train", "val"):
        write_png(tmp_path / split / "0.png", np.full((64, 128, 3), 255, np.uint8))
    with pytest.raises(InputError, match="input_labels: true, but the training inputs have 1 colours"):
        classes(tmp_path, input_labels=True)


def test_training_on_a_resnet_takes_label_maps_as_pictures(tmp_path: Path) -> None:
    write_label_maps(tmp_path)
    options = small_options(generator="resnet18_unet", input_labels="auto")
    training = build_training(open_fabric("cpu"), options, tmp_path)
    assert training.model.generator(torch.zeros(1, 3, 64, 64)).shape == (1, 3, 64, 64)


def test_training_goes_on_with_the_classes_that_its_start_knows(tmp_path: Path) -> None:
    write_label_maps(tmp_path / "pairs")
    path = tmp_path / "start.safetensors"
    before = build_training(open_fabric("cpu"), small_options(input_labels=True), tmp_path / "pairs").model
    save_generator(path, before.generator.state_dict(), small_settings())
    for file in (tmp_path / "pairs" / "train").iterdir():  # of the class of a part alone
        write_png(file, np.full((64, 128, 3), LABELS[1], np.uint8))
    start = {"init_from": str(path), "init_from_sha256": file_hash(path)}
    assert classes(tmp_path / "pairs", **start) == [list(colour) for colour in LABELS]


def test_classes_are_kept_with_the_weights(tmp_path: Path) -> None:
    write_label_maps(tmp_path / "pairs")
    result = small_training(
        tmp_path / "pairs", tmp_path / "work", input_labels="auto", epochs=1, ema_decay=0.9
    ).run()
    assert [tuple(map(round, colour)) for colour in result.weights["labels.palette"].tolist()] == list(LABELS)
