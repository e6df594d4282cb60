"""The page of the comparison, from figures."""

from pathlib import Path
from typing import Any

import pytest
from comparison_cases import only_compare
from conftest import PROJECT

from benchmarks.comparison_page import MARKS, PAGE, README, page, summary
from benchmarks.comparisons import ABLATION, COMPARISONS, ablation_runs, digest_of, full_runs, settings_of
from benchmarks.quality import read_record


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_compare(monkeypatch, seeds=2, fewer_epochs=1, epochs=2)
    monkeypatch.chdir(tmp_path)


def figures(l1: float, **more: Any) -> dict[str, Any]:
    return {
        "digest": "a",
        "machine": "Abacus, 2 cores",
        "image_size": 64,
        "epochs": 2,
        "train_pairs": 400,
        "images_seen": 8000,
        "steps": 8000,
        "seconds": 1234.5,
        "generator_parameters": 54_400_000,
        "n_images": 53,
        "target_colorfulness": 20.0,
        "l1": l1,
        "psnr": 10.0,
        "baseline_input_l1": 0.4,
        "baseline_mean_l1": 0.2,
        **more,
    }


def rows(text: str) -> list[list[str]]:
    """The cells of the tables' lines, but for those under the titles."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "---" not in line]


def test_figures_of_several_seeds_are_their_mean_with_the_range() -> None:
    record = {f"facades plain seed {seed}": figures(l1) for seed, l1 in ((1, 0.1), (2, 0.3))}
    record |= {f"facades ours seed {seed}": figures(l1) for seed, l1 in ((1, 0.1), (2, 0.2))}
    record |= {f"facades ours, 1 epochs seed {seed}": figures(0.25) for seed in (1, 2)}
    assert rows(page(record)) == [
        ["", "L1", "PSNR in dB", "seconds"],
        ["plain", "0.2000 (0.1000 to 0.3000)", "10.00", "1,234"],
        ["ours", "0.1500 (0.1000 to 0.2000)", "10.00", "1,234"],
        ["ours, 1 epochs", "0.2500", "10.00", "1,234"],
        ["ours / plain", "0.75", "", "1.00"],
        ["output = input", "0.4000", "", ""],
        ["output = mean training target", "0.2000", "", ""],
    ]


def test_page_says_how_it_was_made() -> None:
    text = page({"facades plain seed 1": figures(0.1)})
    assert "Made on Abacus, 2 cores." in text and "make compare" in text
    assert "400 training and 53 test pairs of 64 px; 2 epochs, 8,000 pictures seen" in " ".join(text.split())
    assert "54.4 million weights" in text


def test_missing_runs_are_shown_as_missing() -> None:
    table = rows(page({"facades plain seed 2": figures(0.1)}))
    assert table[1:5] == [
        ["plain (1 of 2 not run yet)", "0.1000", "10.00", "1,234"],
        ["ours (not run yet)", "", "", ""],
        ["ours, 1 epochs (not run yet)", "", "", ""],
        ["ours / plain", "", "", ""],
    ]
    assert "Not run yet." in page({}) and rows(page({})) == []


def test_trainings_of_other_settings_are_not_averaged() -> None:
    old = figures(0.9, digest="b")
    table = rows(page({"facades plain seed 1": figures(0.1), "facades plain seed 2": old}))
    assert table[1][:2] == ["plain (1 of 2 not run yet)", "0.1000"]


def test_ratio_is_left_out_where_it_says_nothing() -> None:
    plain, ours = figures(0.2, kid_lite0=-0.1, epochs_d_won=0), figures(0.1, kid_lite0=3.0, epochs_d_won=2)
    record = {"facades plain seed 1": plain, "facades ours seed 1": ours}
    (line,) = (row for row in rows(page(record)) if row[0] == "ours / plain")
    assert line == ["ours / plain", "0.50", "", "", "1.00", ""]


def test_ablation_has_a_row_for_each_change(monkeypatch: pytest.MonkeyPatch) -> None:
    only_compare(monkeypatch, ablation_epochs=1)
    monkeypatch.setitem(ABLATION, "facades", {"more L1": {"lambda_l1": 500}})
    table = rows(page({"facades ablation more L1 seed 1": figures(0.123)}))
    assert [row[0] for row in table] == [
        "",
        "plain (not run yet)",
        "ours (not run yet)",
        "more L1",
        "output = input",
        "output = mean training target",
    ]
    assert table[3][1] == "0.1230"


def test_page_in_git_is_that_of_the_figures_in_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.chdir(PROJECT)
    assert PAGE.read_text() == page(read_record()), "`make compare PAGE=1` writes it"
    assert summary(read_record()).join(MARKS) in README.read_text(), "`make compare PAGE=1` writes it"


def test_seconds_are_the_steps_times_those_of_a_step() -> None:
    record = {f"facades {row} seed 1": figures(0.1) for row in ("plain", "ours", "ours, 1 epochs")}
    record = {name: {key: of[key] for key in of if key != "seconds"} for name, of in record.items()}
    record["facades speed"] = {
        "digest": "",
        "machine": "Abacus, 2 cores",
        "seconds_per_step": {"plain": 0.5, "ours": 0.75},
    }
    table = rows(page(record))
    assert table[0][-2:] == ["seconds", "s per step"]
    assert [row[-2:] for row in table[1:5]] == [
        ["4,000", "0.500"],
        ["6,000", "0.750"],
        ["6,000", "0.750"],
        ["1.50", "1.50"],
    ]


def test_figures_in_git_are_of_the_settings_in_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.chdir(PROJECT)
    record = read_record()
    runs = [run for data in COMPARISONS for run in full_runs(data) + ablation_runs(data)]
    known = [run for run in runs if run.name in record]
    assert {run.name for run in known} == {name for name in record if not name.endswith("speed")}
    for run in known:
        assert record[run.name]["digest"] == digest_of(settings_of(run)), f"`make compare` trains {run.name}"
