from pathlib import Path

import numpy as np
import pytest
from unpaired_cases import write_sets

from pix2pix.evaluation.metrics import colorfulness, histogram_distance, histogram_emd, histograms
from pix2pix.evaluation.set_measurement import (
    MeasuredSet,
    SetFolders,
    measure_set,
    set_lines,
    summarize_set,
)
from pix2pix.pictures.images import RgbImage, read_image, write_png


def copied(folder: Path, invert: bool = False, returned: bool = True) -> MeasuredSet:
    """Measure outputs that are their inputs, or the negatives of these; the way back halves what it gets."""
    sets = write_sets(folder / "pairs") / "test"
    for path in (sets / "A").rglob("*.png"):
        image, name = read_image(path), path.relative_to(sets)
        write_png(folder / "out" / name, 255 - image if invert else image)
        write_png(folder / "returned" / name, image // 2)
    way_back = folder / "returned" if returned else None
    return measure_set(SetFolders("A", "B", sets, folder / "out", way_back))


def pictures(folder: Path, name: str) -> list[RgbImage]:
    return [read_image(path) for path in sorted((folder / name).rglob("*.png"))]


def test_colours_are_those_of_all_pixels_of_each_set_together(tmp_path: Path) -> None:
    figures = summarize_set(copied(tmp_path, invert=True))
    inputs, real = (pictures(tmp_path / "pairs" / "test", name) for name in "AB")
    outputs, inputs_together, real_together = (
        histograms(np.concatenate(images)) for images in (pictures(tmp_path, "out"), inputs, real)
    )
    for prefix, colors in (("", outputs), ("baseline_input_", inputs_together)):
        distance, emd = histogram_distance(colors, real_together), histogram_emd(colors, real_together)
        assert figures[f"{prefix}histogram_distance"] == pytest.approx(distance, abs=1e-6)
        assert figures[f"{prefix}histogram_emd"] == pytest.approx(emd, abs=1e-6)
    assert figures["histogram_distance"] != figures["baseline_input_histogram_distance"]
    expected = np.mean([colorfulness(image) for image in real])
    assert figures["target_colorfulness"] == pytest.approx(expected, abs=1e-6)


def test_outputs_that_are_their_inputs_score_as_the_baseline(tmp_path: Path) -> None:
    figures = summarize_set(copied(tmp_path))
    for metric in ("histogram_distance", "histogram_emd", "colorfulness"):
        assert figures[metric] == figures[f"baseline_input_{metric}"] > 0
    assert figures["change_l1"] == figures["change_l1_std"] == 0


def test_cycle_is_the_difference_from_the_input_and_so_is_the_map(tmp_path: Path) -> None:
    measured = copied(tmp_path)
    inputs = np.stack(pictures(tmp_path / "pairs" / "test", "A"))
    errors = (inputs - inputs // 2) / 255
    assert measured.per_image["cycle_l1"].tolist() == pytest.approx(errors.mean(axis=(1, 2, 3)).tolist())
    assert measured.error == pytest.approx(errors.mean(axis=(0, 3)))
    assert summarize_set(measured)["cycle_l1"] == pytest.approx(errors.mean(), abs=1e-6)


def test_without_a_way_back_the_map_is_of_the_change(tmp_path: Path) -> None:
    measured = copied(tmp_path, invert=True, returned=False)
    inputs = np.stack(pictures(tmp_path / "pairs" / "test", "A")).astype(float)
    assert measured.kind == "change_l1" and "cycle_l1" not in measured.per_image
    assert measured.error == pytest.approx(np.abs(255 - 2 * inputs).mean(axis=(0, 3)) / 255)


def test_lines_show_outputs_inputs_and_real_pictures(tmp_path: Path) -> None:
    measured = copied(tmp_path)
    figures = summarize_set(measured)
    lines = set_lines(figures, measured.folders)
    assert lines[0].split()[:6] == ["5", "of", "A,", "7", "of", "B"]
    shown = {line.split()[0]: line.split()[1:] for line in lines[1:]}
    assert list(shown) == ["histogram_distance", "histogram_emd", "colorfulness", "change_l1", "cycle_l1"]
    names = ("colorfulness", "baseline_input_colorfulness", "target_colorfulness")
    assert shown["colorfulness"] == [f"{figures[name]:.4f}" for name in names]
