"""Recipes beside what the papers and reports say, and changes of them."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import PROJECT
from torch import nn

from experiments.recipes import (
    absolute_paths,
    changed,
    committed_params,
    parse_changes,
    read_recipe,
    recipe_names,
)
from pix2pix.core.errors import InputError
from pix2pix.networks.convolutions import Doubling
from pix2pix.networks.discriminator import PatchDiscriminator
from pix2pix.networks.generators import UnetGenerator, build_generator
from pix2pix.networks.options import DiscriminatorOptions, GeneratorOptions, patch_grid
from pix2pix.training.options import LearningRateOptions
from pix2pix.training.schedule import rate_factor
from stages.shared.settings import read_settings_file

WEIGHTS_OF_METRICS = {"feature_weights", "feature_weights_sha256", "lpips_weights", "lpips_weights_sha256"}
NOT_OF_A_PAPER = {"source", "source_sha256", "max_unpacked_gb", "compile"} | WEIGHTS_OF_METRICS

# arXiv:1611.07004; what the reports do not mention is as here.
ORIGINAL: dict[str, Any] = {
    "image_size": 256,
    "epochs": 200,
    "batch_size": 1,
    "accumulate_steps": 1,
    "learning_rate": 2e-4,
    "discriminator_learning_rate": 0,
    "beta1": 0.5,
    "beta2": 0.999,
    "lr_schedule": "constant",
    "epochs_decay": 0,
    "objective": "pix2pix",
    "lambda_l1": 100,
    "lambda_l2": 0,
    "lambda_gan": 1,
    "lambda_feature_matching": 0,
    "lambda_perceptual": 0,
    "lambda_projected": 0,
    "lambda_cycle": 0,
    "lambda_identity": 0,
    "lambda_nce": 0,
    "lambda_nce_identity": 0,
    "nce_flip": False,
    "gan_loss": "bce",
    "discriminator_loss_factor": 0.5,
    "discriminator_updates": "joint",
    "norm": "batch",
    "dropout": 0.5,
    "dropout_blocks": 3,
    "activation": "leaky_relu",
    "leaky_slope": 0.2,
    "generator": "unet",
    "pretrained": False,
    "input_labels": False,
    "ngf": 64,
    "levels": 0,
    "skip_connections": True,
    "upsample": "transpose",
    "bias_outer": True,
    "pixel_range": "symmetric",
    "output": "colour",
    "ndf": 64,
    "patch_size": 70,
    "discriminator_padding": 1,
    "spectral_norm": False,
    "augment_discriminator": False,
    "augment_jitter": True,
    "augment_mirror": True,
    "augment_color_jitter": 0,
    "augment_mosaic": 0,
    "sample_with_replacement": False,
    "pretrain_epochs": 0,
    "ema_decay": 0,
    "init_from": "",
    "test_mode": "train",
    "select": "last",
    "early_stop_epochs": 0,
    "precision": "fp32",
    "max_images": 0,
}
NO_AUGMENTATION = {"augment_jitter": False, "augment_mirror": False}
DREXEL = ORIGINAL | {"batch_size": 32, "norm": "instance", "dropout": 0, "pair_task": "grayscale"}
COLUMBIA = ORIGINAL | {
    "beta1": 0.9,
    "lambda_l1": 200,
    "leaky_slope": 0.01,
    "bias_outer": False,
    "pixel_range": "unit",
    **NO_AUGMENTATION,
}
COUNTRY211 = COLUMBIA | {
    "dataset": "country211",
    "pair_task": "grayscale",
    "epochs": 20,
    "resize": "stretch",
}
IIT = ORIGINAL | {
    "dropout_blocks": 8,
    "lr_schedule": "step",
    "lr_step_epochs": 20,
    "lr_step_factor": 0.1,
    **NO_AUGMENTATION,
}
BLOG = ORIGINAL | {"pair_task": "sketch", "levels": 7, "discriminator_loss_factor": 1, "keep_every": 20}
PAIRS = {"pair_task": "none", "direction": "AtoB"}
CYCLEGAN = ORIGINAL | {
    "layout": "unpaired",
    **PAIRS,
    "objective": "cyclegan",
    "lambda_l1": 0,
    "lambda_cycle": 10,
    "gan_loss": "lsgan",
    "lr_schedule": "linear",
    "epochs_decay": 100,
    "generator": "resnet_9blocks",
    "norm": "instance_plain",
    "dropout": 0,
    "test_mode": "eval",
}
CUT = CYCLEGAN | {
    "objective": "cut",
    "lambda_cycle": 0,
    "lambda_nce": 1,
    "lambda_nce_identity": 1,
    "epochs": 400,
    "epochs_decay": 200,
}
LABELS = {"pair_task": "none", "direction": "BtoA"}
SYSTEMS: dict[str, dict[str, Any]] = {
    "isola_facades": ORIGINAL | LABELS | {"dataset": "facades"},
    "isola_maps": ORIGINAL | PAIRS | {"dataset": "maps"},
    "isola_edges2shoes": ORIGINAL | PAIRS | {"dataset": "edges2shoes", "batch_size": 4, "epochs": 15},
    "isola_colorization": ORIGINAL
    | {"pair_task": "grayscale", "batch_size": 4, "epochs": 6, "augment_jitter": False},
    "drexel_shortie": DREXEL | PAIRS | {"epochs": 1500},
    "drexel_huge": DREXEL | {"dataset": "flowers", "epochs": 250},
    "drexel_faces": DREXEL | {"layout": "videos", "frame_interval_ms": 0, "epochs": 25},
    "columbia_facades": COLUMBIA | LABELS | {"dataset": "facades", "keep_every": 20, "sample_every": 20},
    "columbia_country211": COUNTRY211,
    "columbia_country211_enhanced": COUNTRY211
    | {"generator": "resnet18_unet", "pretrained": True, "pretrain_epochs": 20},
    "iit_maps": IIT
    | PAIRS
    | {"dataset": "kaggle_maps", "batch_size": 16, "epochs": 500, "augment_color_jitter": 0.5},
    "iit_anime": IIT | LABELS | {"dataset": "anime_sketch", "batch_size": 32, "epochs": 100},
    "blog_sketch": BLOG,
    "blog_sketch_resize": BLOG | {"upsample": "resize"},
    "tutorial_maps": ORIGINAL
    | PAIRS
    | NO_AUGMENTATION
    | {
        "dataset": "maps",
        "epochs": 100,
        "patch_size": 142,
        "discriminator_padding": "same",
        "discriminator_updates": "separate",
        "sample_with_replacement": True,
        "keep_every": 10,
        "sample_every": 10,
    },
    "cyclegan_horse2zebra": CYCLEGAN | {"dataset": "horse2zebra", "lambda_identity": 0.5},
    "cyclegan_monet2photo": CYCLEGAN | {"dataset": "monet2photo", "lambda_identity": 0.5},
    "cyclegan_maps": CYCLEGAN | {"dataset": "maps_unpaired"},
    "cut_horse2zebra": CUT | {"dataset": "horse2zebra"},
}

RECOMMENDED = ["best_colour", "best_edges", "best_labels"]  # of no paper


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)


def test_every_recipe_is_compared() -> None:
    assert recipe_names() == sorted([*SYSTEMS, *RECOMMENDED])


@pytest.mark.parametrize("name", SYSTEMS)
def test_settings_are_those_of_the_paper_or_report(name: str) -> None:
    recipe = read_recipe(name)
    assert {key: recipe[key] for key in SYSTEMS[name]} == SYSTEMS[name]


@pytest.mark.parametrize("name", [*SYSTEMS, *RECOMMENDED])
def test_recipe_leaves_nothing_to_the_defaults(name: str) -> None:
    written = set(read_settings_file(Path(f"recipes/{name}.yaml")))
    assert written == set(committed_params()) - NOT_OF_A_PAPER


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_difference_from_the_original_has_a_comment(name: str) -> None:
    lines = Path(f"recipes/{name}.yaml").read_text().splitlines()
    bare = {line.split(":")[0] for line in lines if " # " not in line}
    assert not [key for key in bare & ORIGINAL.keys() if SYSTEMS[name][key] != ORIGINAL[key]]


def networks(name: str) -> tuple[nn.Module, PatchDiscriminator]:
    """The networks of a recipe, without memory for their weights."""
    recipe = read_recipe(name)
    with torch.device("meta"):
        return build_generator(GeneratorOptions.of(recipe)), PatchDiscriminator(
            DiscriminatorOptions.of(recipe)
        )


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("name", ["drexel_shortie", "drexel_huge", "drexel_faces"])
def test_drexels_networks_have_as_many_parameters_as_its_tables(name: str) -> None:
    generator, discriminator = networks(name)
    assert (count(generator), count(discriminator)) == (54_413_955, 2_768_705)
    assert not any(isinstance(module, nn.Dropout) for module in generator.modules())
    assert grid(name) == 30


@pytest.mark.parametrize("name", ["columbia_facades", "columbia_country211"])
def test_columbias_networks_have_the_parameters_and_memory_of_its_table(name: str) -> None:
    counts = [count(network) for network in networks(name)]
    assert counts == [54_413_952, 2_768_641] and sum(counts) == 57_182_593
    assert [round(4 * n / 1e6, 1) for n in counts] == [217.7, 11.1]
    assert grid(name) == 30


@pytest.mark.parametrize("name", ["blog_sketch", "blog_sketch_resize"])
def test_blogs_generator_has_seven_blocks_down_and_up_and_judges_30x30_patches(name: str) -> None:
    generator, _ = networks(name)
    assert isinstance(generator, UnetGenerator)
    assert len(generator.encoder) == 7 and len(generator.decoder.blocks) + 1 == 7
    upsamplings = [module for module in generator.modules() if isinstance(module, (nn.Upsample, Doubling))]
    assert [type(module) for module in upsamplings] == [
        Doubling if name == "blog_sketch" else nn.Upsample
    ] * 7
    assert grid(name) == 30


def test_tutorials_discriminator_has_one_more_layer_and_16x16_outputs() -> None:
    _, discriminator = networks("tutorial_maps")
    pair = torch.empty(1, 3, 256, 256, device="meta")
    assert discriminator(pair, pair).shape == (1, 1, 16, 16)
    more = 512 * 512 * 16 + 2 * 512  # the layer and its norm
    assert count(discriminator) == 2_768_705 + more


def test_iits_generator_drops_out_in_all_eight_blocks() -> None:
    generator, _ = networks("iit_maps")
    assert sum(isinstance(module, nn.Dropout) for module in generator.modules()) == 8


@pytest.mark.parametrize("name", [name for name in SYSTEMS if name.startswith(("cyclegan", "cut"))])
def test_networks_without_pairs_are_as_large_as_cyclegans_code_prints(name: str) -> None:
    recipe = read_recipe(name)
    with torch.device("meta"):
        judge = PatchDiscriminator(DiscriminatorOptions.of(recipe), pictures=1)
    generator, _ = networks(name)
    assert [round(count(network) / 1e6, 3) for network in (generator, judge)] == [11.378, 2.765]
    assert not any(isinstance(module, nn.Dropout) for module in generator.modules())
    assert grid(name) == 30


@pytest.mark.parametrize(("name", "at_full_rate"), [("cyclegan_horse2zebra", 100), ("cut_horse2zebra", 200)])
def test_rate_falls_to_zero_over_the_second_half(name: str, at_full_rate: int) -> None:
    options = LearningRateOptions.of(read_recipe(name))
    factors = [rate_factor(options, epoch) for epoch in range(1, options.epochs + 2)]
    assert factors[:at_full_rate] == [1.0] * at_full_rate and factors[at_full_rate] < 1
    assert factors[-1] == 0 < factors[-2] and len(factors) == 2 * at_full_rate + 1


def test_fastcut_is_the_line_in_cuts_recipe() -> None:
    (line,) = re.findall(r'FastCUT: `SET="(.*)"`', Path("recipes/cut_horse2zebra.yaml").read_text())
    recipe = read_recipe("cut_horse2zebra")
    changes = parse_changes(line, recipe)
    assert changes == {
        "lambda_nce": 10,
        "lambda_nce_identity": 0,
        "nce_flip": True,
        "epochs": 200,
        "epochs_decay": 50,
    }
    assert changed(recipe, changes) == recipe | changes


def grid(name: str) -> int:
    recipe = read_recipe(name)
    return patch_grid(recipe["image_size"], recipe["patch_size"], recipe["discriminator_padding"])


def test_changes_are_read_by_the_types_of_the_settings() -> None:
    recipe = read_recipe("isola_maps")
    text = "epochs=2 learning_rate=1e-5 source='/my photos, new' augment_mirror=false pretrained=/w.pth"
    assert parse_changes(text, recipe) == {
        "epochs": 2,
        "learning_rate": 1e-5,
        "source": "/my photos, new",
        "augment_mirror": False,
        "pretrained": "/w.pth",
    }
    assert parse_changes("source_sha256=" + "1" * 64, recipe) == {"source_sha256": "1" * 64}
    assert parse_changes("discriminator_padding=same init_from=", recipe) == {
        "discriminator_padding": "same",
        "init_from": "",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "norm=layer",
            "SET: norm: found 'layer'; input should be 'batch', 'instance', 'instance_plain' or 'none'",
        ),
        ("lamda_l1=3", "SET: lamda_l1: there is no such setting; did you mean lambda_l1?"),
        ("epochs=two", "SET: epochs: found 'two'; input should be a valid integer"),
        ("epochs", "SET: found 'epochs'; expected key=value"),
        ("source='/my photos", "no closing quotation"),
        ("patch_size=286 image_size=64", "patch_size 286 is too large for image_size 64"),
    ],
)
def test_wrong_change_is_refused_with_what_is_allowed(text: str, message: str) -> None:
    recipe = read_recipe("isola_maps")
    with pytest.raises(InputError) as error:
        changed(recipe, parse_changes(text, recipe))
    assert message in str(error.value)


def test_unknown_recipe_names_those_there_are() -> None:
    with pytest.raises(InputError, match=r"NAME: found 'isola'; input should be one of best_colour, "):
        read_recipe("isola")


@pytest.mark.parametrize("name", [*SYSTEMS, *RECOMMENDED])
def test_smoke_is_small_and_leaves_every_part_on(name: str) -> None:
    recipe = read_recipe(name)
    smoke = changed(recipe, {}, smoke=True)
    assert smoke["epochs"] <= 4 and 0 < smoke["max_images"] <= 60 and smoke["ngf"] == smoke["ndf"] == 16
    assert smoke["image_size"] == (128 if name.startswith("blog") else 64)  # seven halvings need 128 px
    for key in ("pretrain_epochs", "keep_every", "batch_size", "dropout", "augment_color_jitter"):
        assert bool(smoke[key]) == bool(recipe[key])
    assert smoke["lr_schedule"] != "step" or smoke["lr_step_epochs"] < smoke["epochs"]
    shrunk = {key for key in recipe if smoke[key] != recipe[key]}
    assert shrunk <= {
        "image_size",
        "ngf",
        "ndf",
        "epochs",
        "pretrain_epochs",
        "batch_size",
        "max_images",
        "max_frames_per_clip",
        "lr_step_epochs",
        "epochs_decay",
        "keep_every",
        "log_every",
        "sample_every",
    }


def test_changes_go_before_smoke() -> None:
    smoke = changed(read_recipe("isola_maps"), {"epochs": 9, "image_size": 128}, smoke=True)
    assert (smoke["epochs"], smoke["image_size"], smoke["ngf"]) == (9, 128, 16)


def test_paths_become_absolute_for_a_copy_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = read_recipe("isola_maps")
    monkeypatch.chdir(tmp_path)
    assert absolute_paths(recipe)["source"] == recipe["source"]  # the dataset has its own address
    own = recipe | {"dataset": "folder", "source": "photos", "init_from": "m.safetensors"}
    assert absolute_paths(own)["source"] == str(tmp_path / "photos")
    assert absolute_paths(own)["init_from"] == str(tmp_path / "m.safetensors")
    assert absolute_paths(own | {"source": "s3://bucket/photos"})["source"] == "s3://bucket/photos"
