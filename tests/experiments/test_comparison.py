"""A table and a figure of experiments whose metrics and curves are written here."""

import json
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from experiments.comparison import compare
from experiments.dvc_runs import Experiment
from experiments.studies import Run, Study, StudyFile

ANSWERS = {
    "baseline_input_l1": 0.25,
    "baseline_input_psnr": 12.0,
    "baseline_mean_l1": 0.35,
    "l1_std": 0.1,
    "target_colorfulness": 1.0,
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "tester")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "tester@example.org")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def experiment(repository: Path, name: str, l1: float, psnr: float, epochs: int = 3) -> Experiment:
    curves = repository / "metrics/plots/train/plots/metrics"
    for part in ("val", "train"):
        (curves / part).mkdir(parents=True, exist_ok=True)
        rows = [{"step": 10 * i, "l1": 0.5 / i} for i in range(1, epochs + 1)]
        pd.DataFrame(rows).to_csv(curves / part / "l1.tsv", sep="\t", index=False)
    metrics = {
        "data": {"train": 40, "val": 10, "test": 5},
        "train": {"val_l1": l1, "best_val_l1": l1, "best_epoch": 2},
        "evaluate": {"n_images": 5, "l1": l1, "psnr": psnr, "checkerboard": 1.5, **ANSWERS},
    }
    for part, values in metrics.items():
        (repository / f"metrics/{part}.json").write_text(json.dumps(values))
    for command in (["add", "-A"], ["commit", "--quiet", "--no-verify", "-m", name]):
        subprocess.run(["git", *command], check=True)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return Experiment(name, commit.stdout.strip(), "")


def test_table_and_figure_compare_the_runs_with_each_other_and_with_the_input(repository: Path) -> None:
    values = ("a", "b")
    file = StudyFile(title="A and b", claim="b is better", recipe="r", grid={"norm": {v: {} for v in values}})
    study = Study("ab", file, [Run((value,), {}) for value in values])
    done = [experiment(repository, "ab-a", 0.3, 20.0), experiment(repository, "ab-b", 0.2, 10.0)]
    text = compare(study, done, repository / "results")

    table = pd.read_csv(repository / "results/table.csv")
    assert list(table["norm"]) == ["a", "b", "output = input", "output = mean target"]
    assert list(table["l1"]) == [0.3, 0.2, 0.25, 0.35] and list(table["psnr"][:3]) == [20.0, 10.0, 12.0]
    assert table["val_l1"].isna().tolist() == [False, False, True, True]
    assert text.splitlines() == [
        "| norm | validation L1 | best validation L1 | best epoch | L1 | PSNR in dB | checkerboard |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        "| a | 0.3 | 0.3 | 2 | 0.3 | **20** | 1.5 |",
        "| b | **0.2** | **0.2** | 2 | **0.2** | 10 | 1.5 |",
        "| output = input |  |  |  | 0.25 | 12 |  |",
        "| output = mean target |  |  |  | 0.35 |  |  |",
    ]
    report = (repository / "results/table.md").read_text()
    assert text in report and "b is better" in report and "40 training, 10 validation and 5 test" in report
    with Image.open(repository / "results/figure.png") as figure:
        colors = {color for _, color in figure.convert("RGB").getcolors(10**7)}
    assert {(0, 114, 178), (213, 94, 0)} <= colors  # a bar and a curve of each run


def test_missing_metrics_name_the_experiment(repository: Path) -> None:
    done = experiment(repository, "ab-a", 0.3, 20.0)
    with pytest.raises(FileNotFoundError, match="experiment ab-a"):
        done.read("metrics/none.json")
