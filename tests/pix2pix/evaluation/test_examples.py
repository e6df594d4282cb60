import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pix2pix.evaluation.examples import (
    MAP_TITLES,
    best_median_worst,
    error_map,
    error_picture,
    outputs_and_real,
    random_examples,
    random_of_set,
)
from pix2pix.evaluation.set_measurement import MeasuredSet, SetFolders, measure_set
from pix2pix.pictures.images import RgbImage, write_png


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve black pairs, and results that are even greys, each lighter than the one before."""
    for i in range(12):
        write_png(tmp_path / "pairs" / f"{i}.png", np.zeros((64, 128, 3), dtype=np.uint8))
        write_png(tmp_path / "out" / f"{i}.png", np.full((64, 64, 3), 20 * i, dtype=np.uint8))
    return tmp_path


def table(order: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"path": [f"{i}.png" for i in order], "l1": [20 * i / 255 for i in order]})


def outputs_of(sheet: RgbImage, lines: int, columns: int = 1) -> list[int]:
    """The shades of the outputs, the second of four pictures, in the order of reading."""
    height, width = sheet.shape[0] // lines, sheet.shape[1] // columns
    return [
        int(sheet[line * height + height * 3 // 5, column * width + width * 3 // 8, 0])
        for line in range(lines)
        for column in range(columns)
    ]


def test_best_median_and_worst_are_those_by_l1(folder: Path) -> None:
    sheet = best_median_worst(table([3, 1, 2, 7, 5]), folder / "pairs", folder / "out")
    assert outputs_of(sheet, 3) == [20, 60, 140]


def test_random_examples_do_not_depend_on_order_or_scores(folder: Path) -> None:
    names = list(range(12))
    first = random_examples(table(names), folder / "pairs", folder / "out")
    again = random_examples(table(names[::-1]).assign(l1=lambda t: t["l1"]), folder / "pairs", folder / "out")
    assert np.array_equal(first, again)
    shades = outputs_of(first, 4, 2)
    assert len(set(shades)) == 8 and set(shades) <= {20 * i for i in names}


def test_few_pictures_are_all_shown(folder: Path) -> None:
    assert len(set(outputs_of(random_examples(table([4, 6]), folder / "pairs", folder / "out"), 2))) == 2
    assert outputs_of(best_median_worst(table([4]), folder / "pairs", folder / "out"), 3) == [80, 80, 80]


SHADES = {"pictures": 10, "out": 80, "returned": 150}  # each picture is lighter than the one before


def measured_set(folder: Path, *, returned: bool) -> MeasuredSet:
    """Twelve even greys of set A, and of their outputs and what went there and back; set B is white."""
    for i in range(12):
        for place, shade in SHADES.items():
            write_png(folder / place / "A" / f"{i}.png", np.full((64, 64, 3), shade + 5 * i, dtype=np.uint8))
        write_png(folder / "pictures" / "B" / f"{i}.png", np.full((64, 64, 3), 240, dtype=np.uint8))
    places = [folder / place for place in SHADES]
    return measure_set(SetFolders("A", "B", *places[:2], places[2] if returned else None))


def shades_of(sheet: RgbImage, pictures: int, lines: int = 4, columns: int = 2) -> list[list[int]]:
    """The shades of an example's pictures, for each example."""
    height, width = sheet.shape[0] // lines, sheet.shape[1] // columns
    return [
        [
            int(
                sheet[
                    line * height + height * 3 // 5, column * width + width * (2 * i + 1) // (2 * pictures), 0
                ]
            )
            for i in range(pictures)
        ]
        for line in range(lines)
        for column in range(columns)
    ]


@pytest.mark.parametrize("returned", [True, False])
def test_examples_of_a_set_are_inputs_outputs_and_their_way_back(tmp_path: Path, returned: bool) -> None:
    shades = shades_of(random_of_set(measured_set(tmp_path, returned=returned)), 3 if returned else 2)
    starts = [of_example[0] for of_example in shades]
    assert len(set(starts)) == 8 and set(starts) <= {10 + 5 * i for i in range(12)}
    assert shades == [[start, start + 70, start + 140][: 3 if returned else 2] for start in starts]


def test_outputs_without_a_way_back_are_shown_beside_real_pictures(tmp_path: Path) -> None:
    shades = shades_of(outputs_and_real(measured_set(tmp_path, returned=False)), 2)
    assert len({output for output, _ in shades}) == 8 and all(80 <= output < 140 for output, _ in shades)
    assert {real for _, real in shades} == {240}


def test_errors_are_black_where_there_are_none_and_brighter_where_they_are_larger() -> None:
    target = np.zeros((3, 1, 3), dtype=np.uint8)
    output = target.copy()
    output[1], output[2] = 64, 255
    none, some, most = error_picture(output, target)[:, 0].astype(int)
    assert none.sum() < 10 < some.sum() < most.sum() and most[0] > 200


def test_error_map_is_a_picture_whose_bright_places_are_the_wrong_ones() -> None:
    error = np.zeros((64, 64))
    error[:32, :32] = 0.5
    drawn = error_map(error, *MAP_TITLES["l1"])
    image = np.asarray(Image.open(io.BytesIO(drawn)).convert("L"))
    assert error_map(error, *MAP_TITLES["l1"]) == drawn != error_map(error, *MAP_TITLES["cycle_l1"])
    height, width = image.shape
    assert image[height // 4, width // 4] > 200 > 50 > image[height // 4, width // 2]
