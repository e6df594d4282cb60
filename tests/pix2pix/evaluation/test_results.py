import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from pix2pix.core.errors import InputError
from pix2pix.evaluation.measurement import measure
from pix2pix.evaluation.results import color_tables, translate_folder, write_plots
from pix2pix.machine.device import open_fabric
from pix2pix.model.inference import translating
from pix2pix.model.pair_folder import PairFolder, to_image
from pix2pix.networks.generators import build_generator
from pix2pix.networks.options import GeneratorOptions
from pix2pix.pictures.images import read_image, write_png

CPU = open_fabric("cpu")
COUNT = 7  # no multiple of a batch


@pytest.fixture
def pairs(tmp_path: Path) -> PairFolder:
    rng = np.random.default_rng(0)
    for i in range(COUNT):
        write_png(
            tmp_path / "test" / f"class_{i % 2}" / f"{i}.png",
            rng.integers(0, 255, (64, 128, 3), dtype=np.uint8),
        )
    return PairFolder(tmp_path / "test")


def small(**options: Any) -> Any:
    torch.manual_seed(0)
    return build_generator(GeneratorOptions(image_size=64, ngf=4, **options))


@pytest.mark.parametrize("test_mode", ["eval", "train"])
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_saved_pictures_are_the_translations(
    pairs: PairFolder, tmp_path: Path, test_mode: Any, norm: Any
) -> None:
    generator = small(norm=norm)
    translate_folder(generator, pairs, tmp_path / "out", CPU, test_mode)
    with translating(generator, CPU, test_mode) as translate:
        for index, name in enumerate(pairs.names):
            (expected,) = translate(pairs[index][:1])
            assert np.array_equal(read_image(tmp_path / "out" / name), to_image(expected))


@pytest.mark.parametrize("test_mode", ["eval", "train"])
def test_pictures_do_not_depend_on_chance_or_on_the_other_files(
    pairs: PairFolder, tmp_path: Path, test_mode: Any
) -> None:
    generator = small(dropout=0.5)
    translate_folder(generator, pairs, tmp_path / "all", CPU, test_mode)
    for path in pairs.paths[::2]:
        path.unlink()
    some = PairFolder(pairs.folder)
    translate_folder(generator, some, tmp_path / "some", CPU, test_mode)
    assert len(some) == COUNT // 2
    for name in some.names:
        assert (tmp_path / "some" / name).read_bytes() == (tmp_path / "all" / name).read_bytes()


def test_model_for_another_size_is_named_with_what_it_takes(pairs: PairFolder, tmp_path: Path) -> None:
    torch.manual_seed(0)
    generator = build_generator(GeneratorOptions(image_size=128, ngf=2))
    with pytest.raises(InputError, match=r"0\.png: its halves are 64x64, .* 128x128; .*image_size: 128"):
        translate_folder(generator, pairs, tmp_path / "out", CPU, "eval")


def test_plots_are_written_whole(pairs: PairFolder, tmp_path: Path) -> None:
    shutil.copytree(pairs.folder, tmp_path / "out")
    for name in pairs.names:
        write_png(tmp_path / "out" / name, read_image(pairs.folder / name)[:, :64])
    measured = measure(pairs.folder, pairs.names, tmp_path / "out")
    write_plots(measured, pairs.folder, tmp_path / "out", tmp_path / "plots")
    files = sorted(
        path.relative_to(tmp_path / "plots").as_posix() for path in (tmp_path / "plots").rglob("*.*")
    )
    colors = [f"colors/{channel}.csv" for channel in ("blue", "green", "red")]
    assert files == ["classes.csv", *colors, "error_map.png", "examples.jpg", "random.jpg"]
    classes = pd.read_csv(tmp_path / "plots" / "classes.csv")
    assert classes[["class", "n_images"]].to_numpy().tolist() == [["class_0", 4], ["class_1", 3]]


def test_colours_are_shares_of_the_pixels_by_channel() -> None:
    outputs, targets = np.zeros((3, 256), np.int64), np.zeros((3, 256), np.int64)
    outputs[:, [0, 3, 4]] = 10, 30, 60
    targets[0, 255] = targets[1, 128] = targets[2, 0] = 7
    tables = color_tables(outputs, targets)
    assert list(tables) == ["red", "green", "blue"]
    for table, place in zip(tables.values(), (63, 32, 0), strict=True):
        assert table["intensity"].tolist() == list(range(0, 256, 4))
        assert table["output"][:3].tolist() == [40, 60, 0] and table["output"].sum() == 100
        assert table["target"][place] == table["target"].sum() == 100
