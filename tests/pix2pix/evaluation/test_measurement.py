import shutil
from pathlib import Path

import numpy as np
import pytest

from pix2pix.evaluation.artefacts import ARTEFACTS, Traces, artefacts, border_and_inside, periodic_energy
from pix2pix.evaluation.measurement import class_of, mean_target, measure
from pix2pix.evaluation.metrics import METRICS, colorfulness, histograms, image_metrics
from pix2pix.pictures.images import RgbImage, read_image, write_png

NAMES = [Path(f"class_{i % 2}/{i:02}.png") for i in range(5)]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Pairs, and results that are neither input nor target."""
    rng = np.random.default_rng(0)
    for name in NAMES:
        write_png(tmp_path / "pairs" / name, rng.integers(0, 256, (64, 128, 3), dtype=np.uint8))
        write_png(tmp_path / "out" / name, rng.integers(0, 256, (64, 64, 3), dtype=np.uint8))
    return tmp_path / "pairs", tmp_path / "out"


def halves(pairs: Path, name: Path) -> tuple[RgbImage, RgbImage]:
    pair = read_image(pairs / name)
    return pair[:, :64].copy(), pair[:, 64:].copy()


def test_metrics_are_those_of_the_saved_pictures_and_of_the_trivial_answers(
    folders: tuple[Path, Path],
) -> None:
    pairs, out = folders
    mean = mean_target(pairs)
    assert mean is not None
    measured = measure(pairs, NAMES, out, mean)
    table = measured.per_image
    assert table["path"].tolist() == [name.as_posix() for name in NAMES]
    assert table["class_name"].tolist() == [name.parts[0] for name in NAMES]
    for row, traces, name in zip(table.to_dict("records"), measured.traces, NAMES, strict=True):
        a, b = halves(pairs, name)
        for prefix, answer in (
            ("", read_image(out / name)),
            ("baseline_input_", a),
            ("baseline_mean_", mean),
        ):
            assert {metric: row[prefix + metric] for metric in METRICS} == image_metrics(answer, b)
            expected = Traces(periodic_energy(answer), periodic_energy(b), border_and_inside(answer, b))
            assert all(map(np.array_equal, traces[prefix], expected))
            assert {name: row[prefix + name] for name in ARTEFACTS} == artefacts([expected])
        assert row["target_colorfulness"] == colorfulness(b)


def test_copies_of_the_input_score_as_the_baseline_and_copies_of_the_target_are_perfect(
    folders: tuple[Path, Path],
) -> None:
    pairs, out = folders
    for name in NAMES[:2]:
        write_png(out / name, halves(pairs, name)[0])
    for name in NAMES[2:]:
        write_png(out / name, halves(pairs, name)[1])
    table = measure(pairs, NAMES, out).per_image
    for metric in (*METRICS, *ARTEFACTS):
        assert table[metric][:2].equals(table[f"baseline_input_{metric}"][:2])
    perfect = {"l1": 0, "l2": 0, "psnr": 100, "ssim": 1, "histogram_distance": 0, "histogram_emd": 0}
    perfect |= dict.fromkeys(ARTEFACTS, 1)
    for metric, value in perfect.items():
        assert (table[metric][2:] == value).all()
    assert table["colorfulness"][2:].equals(table["target_colorfulness"][2:])
    assert not any(column.startswith("baseline_mean") for column in table)


def test_order_of_the_files_changes_no_picture_and_no_sum(folders: tuple[Path, Path]) -> None:
    pairs, out = folders
    forth, back = measure(pairs, NAMES, out), measure(pairs, NAMES[::-1], out)
    by_path = [table.sort_values("path", ignore_index=True) for table in (forth.per_image, back.per_image)]
    assert by_path[0].equals(by_path[1])
    assert np.array_equal(forth.output_colors, back.output_colors)
    assert forth.error == pytest.approx(back.error, abs=1e-12)


def test_colours_and_errors_are_those_of_all_pictures(folders: tuple[Path, Path]) -> None:
    pairs, out = folders
    measured = measure(pairs, NAMES, out)
    outputs = np.stack([read_image(out / name) for name in NAMES])
    targets = np.stack([halves(pairs, name)[1] for name in NAMES])
    assert np.array_equal(measured.output_colors, histograms(outputs.reshape(-1, 64, 3)))
    assert np.array_equal(measured.target_colors, histograms(targets.reshape(-1, 64, 3)))
    difference = np.abs(outputs.astype(float) - targets).mean(axis=(0, 3)) / 255
    assert measured.error == pytest.approx(difference, abs=1e-9)


def test_mean_target_is_the_mean_of_the_right_halves(folders: tuple[Path, Path], tmp_path: Path) -> None:
    pairs, _ = folders
    expected = np.mean([halves(pairs, name)[1] for name in NAMES], axis=0)
    assert np.abs(mean_target(pairs) - expected).max() <= 0.5
    assert mean_target(tmp_path / "none") is None


def test_missing_result_is_an_error(folders: tuple[Path, Path]) -> None:
    pairs, out = folders
    shutil.rmtree(out / "class_1")
    with pytest.raises(Exception, match="unreadable"):
        measure(pairs, NAMES, out)


def test_class_is_the_first_folder() -> None:
    assert class_of(Path("rose/a.png")) == class_of(Path("rose/b/c.png")) == "rose"
    assert class_of(Path("a.png")) == ""
