from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pix2pix.evaluation.artefacts import ARTEFACTS, Traces, artefacts
from pix2pix.evaluation.measurement import Measured
from pix2pix.evaluation.metrics import METRICS
from pix2pix.evaluation.summary import as_lines, by_class, notes_on_films, summarize

PREFIXES = ("", "baseline_input_")


def measured(count: int = 40) -> Measured:
    """Measurements at random: a picture of class b, then three of a, and so on."""
    rng = np.random.default_rng(0)
    names = [prefix + name for prefix in PREFIXES for name in (*METRICS, *ARTEFACTS)]
    table = pd.DataFrame(rng.random((count, len(names) + 1)), columns=[*names, "target_colorfulness"])
    table.insert(0, "path", [f"{'ab'[i % 4 == 0]}/{i}.png" for i in range(count)])
    table.insert(1, "class_name", ["ab"[i % 4 == 0] for i in range(count)])
    traces = [
        {prefix: Traces(*rng.random((2, 3, 3, 4)), rng.random(2)) for prefix in PREFIXES}
        for _ in range(count)
    ]
    return Measured(table, traces, *np.zeros((2, 3, 256), np.int64), np.zeros((64, 64)))


def joint(results: Measured, rows: Iterable[int]) -> dict[str, float]:
    """The artefacts of some pictures together."""
    return {
        prefix + name: value
        for prefix in PREFIXES
        for name, value in artefacts([results.traces[row][prefix] for row in rows]).items()
    }


def test_test_pictures_of_the_film_that_was_trained_on_are_told(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.csv"
    assert notes_on_films(manifest) == []
    rows = ["train,kept,ann/a", "val,kept,ann/a", "test,kept,ann/a", "test,kept,", ",skipped,"]
    manifest.write_text("\n".join(["split,status,cut_recording", *rows]))
    (note,) = notes_on_films(manifest)
    assert note.startswith("1 of 2 test pictures come from the same film as training pictures")
    manifest.write_text("\n".join(["split,status,cut_recording", "train,kept,ann/a", "test,kept,"]))
    assert notes_on_films(manifest) == []


def test_means_and_spread_are_those_of_numpy() -> None:
    results = measured()
    table, summary = results.per_image, summarize(results)
    assert summary["n_images"] == 40
    for metric in METRICS:
        values = table[metric].to_numpy()
        figures = [summary[f"{metric}{end}"] for end in ("", "_std", "_p5", "_p95")]
        expected = [values.mean(), values.std(), *np.percentile(values, [5, 95])]
        assert figures == pytest.approx(expected, abs=1e-6)
        baseline = table[f"baseline_input_{metric}"].mean()
        assert summary[f"baseline_input_{metric}"] == pytest.approx(baseline, abs=1e-6)
    assert all(isinstance(value, int | float) for value in summary.values())


def test_artefacts_are_those_of_all_pictures_together_without_a_spread() -> None:
    results = measured()
    summary = summarize(results)
    expected = joint(results, range(40))
    assert {name: summary[name] for name in expected} == pytest.approx(expected, abs=1e-6)
    assert [name for name in summary if "checkerboard" in name] == [
        "checkerboard",
        "baseline_input_checkerboard",
    ]


def test_one_picture_has_no_spread() -> None:
    summary = summarize(measured(1))
    assert summary["l1_std"] == 0 and summary["l1_p5"] == summary["l1_p95"] == summary["l1"]


def test_classes_are_averaged_apart() -> None:
    results = measured()
    table, classes = results.per_image, by_class(results).set_index("class")
    assert classes["n_images"].to_dict() == {"a": 30, "b": 10}
    for name in "ab":
        of_class = table["class_name"] == name
        expected = {"psnr": table.loc[of_class, "psnr"].mean()} | joint(results, np.flatnonzero(of_class))
        assert classes.loc[name, list(expected)].to_dict() == pytest.approx(expected, abs=1e-6)


def test_lines_show_the_model_beside_the_trivial_answers() -> None:
    summary = summarize(measured())
    lines = as_lines(summary)
    assert lines[0].split() == ["40", "pictures", "model", "output", "=", "input"]
    assert lines[1].split() == ["l1", f"{summary['l1']:.4f}", f"{summary['baseline_input_l1']:.4f}"]
    assert [line.split()[0] for line in lines[1:]] == [*METRICS, *ARTEFACTS]
