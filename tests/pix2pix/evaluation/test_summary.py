import numpy as np
import pandas as pd
import pytest

from pix2pix.evaluation.metrics import METRICS
from pix2pix.evaluation.summary import as_lines, by_class, summarize


def measured(count: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    columns = [*METRICS, "target_colorfulness", *(f"baseline_input_{metric}" for metric in METRICS)]
    table = pd.DataFrame(rng.random((count, len(columns))), columns=columns)
    table.insert(0, "path", [f"{'ab'[i % 4 == 0]}/{i}.png" for i in range(count)])
    table.insert(1, "class_name", ["ab"[i % 4 == 0] for i in range(count)])
    return table


def test_means_and_spread_are_those_of_numpy() -> None:
    table = measured()
    summary = summarize(table)
    assert summary["n_images"] == 40
    for metric in METRICS:
        values = table[metric].to_numpy()
        figures = [summary[f"{metric}{end}"] for end in ("", "_std", "_p5", "_p95")]
        expected = [values.mean(), values.std(), *np.percentile(values, [5, 95])]
        assert figures == pytest.approx(expected, abs=1e-6)
        baseline = table[f"baseline_input_{metric}"].mean()
        assert summary[f"baseline_input_{metric}"] == pytest.approx(baseline, abs=1e-6)
    assert all(isinstance(value, int | float) for value in summary.values())


def test_one_picture_has_no_spread() -> None:
    summary = summarize(measured(1))
    assert summary["l1_std"] == 0 and summary["l1_p5"] == summary["l1_p95"] == summary["l1"]


def test_classes_are_averaged_apart() -> None:
    table = measured()
    classes = by_class(table).set_index("class")
    assert classes["n_images"].to_dict() == {"a": 30, "b": 10}
    for name in "ab":
        expected = table.loc[table["class_name"] == name, "psnr"].mean()
        assert classes.loc[name, "psnr"] == pytest.approx(expected, abs=1e-6)


def test_lines_show_the_model_beside_the_trivial_answers() -> None:
    summary = summarize(measured())
    lines = as_lines(summary)
    assert lines[0].split() == ["40", "pictures", "model", "output", "=", "input"]
    assert lines[1].split() == ["l1", f"{summary['l1']:.4f}", f"{summary['baseline_input_l1']:.4f}"]
    assert [line.split()[0] for line in lines[1:]] == list(METRICS)
