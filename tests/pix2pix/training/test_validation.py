from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pix2pix.machine.device import open_fabric
from pix2pix.model.inference import translating
from pix2pix.model.pair_folder import PairFolder, to_image
from pix2pix.networks.generators import build_generator
from pix2pix.networks.options import GeneratorOptions
from pix2pix.pictures.images import write_png
from pix2pix.training.validation import PICTURES_SHOWN, validate


def pairs(folder: Path, count: int) -> PairFolder:
    rng = np.random.default_rng(0)
    for i in range(count):
        write_png(folder / "a" / f"{i:02}.png", rng.integers(0, 256, (64, 128, 3), dtype=np.uint8))
    return PairFolder(folder)


def small(**options: Any) -> Any:
    torch.manual_seed(0)
    return build_generator(GeneratorOptions(image_size=64, ngf=2, **options))


def measured(generator: Any, folder: PairFolder, test_mode: Any = "eval", precision: Any = "fp32") -> Any:
    return validate(
        generator, folder, open_fabric("cpu", precision=precision), test_mode, lambda v: v.double()
    )


@pytest.mark.parametrize("test_mode", ["eval", "train"])
@pytest.mark.parametrize("pixel_range", ["symmetric", "unit"])
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_l1_is_the_mean_over_the_pairs(tmp_path: Path, test_mode: Any, pixel_range: str, norm: str) -> None:
    folder, generator = pairs(tmp_path, 5), small(pixel_range=pixel_range, norm=norm)
    l1, _ = measured(generator, folder, test_mode)
    distances = []
    with translating(generator, open_fabric("cpu"), test_mode) as translate:
        for index in range(5):
            a, b = folder[index]
            distances.append((translate(a[None])[0].double() - b.double()).abs().mean().item() / 255)
    assert l1 == pytest.approx(np.mean(distances), rel=1e-12) and 0 < l1 < 1


@pytest.mark.parametrize(
    ("count", "shown"), [(1, [0]), (6, list(range(6))), (7, [0, 1, 2, 3, 4, 5]), (13, [0, 2, 4, 6, 8, 10])]
)
def test_examples_are_pairs_from_all_over(tmp_path: Path, count: int, shown: list[int]) -> None:
    folder, generator = pairs(tmp_path, count), small()
    _, examples = measured(generator, folder)
    assert [name for name, _ in examples] == [f"a/{index:02}" for index in shown]
    assert len(shown) <= PICTURES_SHOWN
    with translating(generator, open_fabric("cpu"), "eval") as translate:
        for index, (_, images) in zip(shown, examples, strict=True):
            a, b = folder[index]
            assert all(
                map(np.array_equal, images, [to_image(image) for image in (a, translate(a[None])[0], b)])
            )


def test_measuring_repeats_and_leaves_the_generator_in_eval_mode(tmp_path: Path) -> None:
    folder, generator = pairs(tmp_path, 3), small(norm="batch").train()
    (l1, examples), (l1_again, examples_again) = (measured(generator, folder, "train") for _ in range(2))
    assert l1 == l1_again and not generator.training
    for (_, images), (_, again) in zip(examples, examples_again, strict=True):
        assert all(map(np.array_equal, images, again))


def test_precision_of_the_training_is_that_of_the_measurement(tmp_path: Path) -> None:
    folder, generator = pairs(tmp_path, 3), small()
    dtypes: list[torch.dtype] = []
    generator.encoder[0].register_forward_hook(lambda _module, _inputs, out: dtypes.append(out.dtype))
    full, _ = measured(generator, folder)
    half, _ = measured(generator, folder, precision="bf16")
    assert dtypes == [torch.float32, torch.bfloat16]
    assert half == pytest.approx(full, rel=0.01)
