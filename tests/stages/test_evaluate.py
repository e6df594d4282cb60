"""The stage as DVC runs it, on pairs and on two sets of pictures."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from conftest import PROJECT
from ruamel.yaml import YAML
from training_cases import write_pairs
from unpaired_cases import write_sets, write_unpaired_model

from pix2pix.core.errors import InputError
from stages import evaluate

OUTPUTS = {
    "results": "results",
    "metrics": "evaluate.json",
    "sizes": "model.json",
    "per-image": "per_image.csv",
    "plots": "metrics/plots/evaluate",
    "performance": "performance.json",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: settings, no faces, pairs in ``paired/`` and two sets in ``sets/``."""
    for name in ("params.yaml", "machine.yaml"):
        shutil.copy2(PROJECT / name, tmp_path)
    monkeypatch.setenv("PIX2PIX_ACCELERATOR", "cpu")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "faces.csv").write_text("path,status\n")
    write_pairs(tmp_path / "paired", train=2, val=4)
    (tmp_path / "paired" / "val").rename(tmp_path / "paired" / "test")
    write_sets(tmp_path / "sets")
    for folder in ("paired", "sets"):
        (tmp_path / folder / "manifest.csv").write_text("path,source,status,split\n")
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, objective: str, pairs: str) -> None:
    model = write_unpaired_model(Path("model.safetensors"), objective)
    inputs = ["--model", str(model), "--pairs", pairs, "--faces", "faces.csv"]
    outputs = [word for name, path in OUTPUTS.items() for word in (f"--{name}", path)]
    monkeypatch.setattr("sys.argv", ["evaluate", *inputs, *outputs])
    evaluate.main()


@pytest.mark.parametrize(
    ("objective", "pairs"),
    [("pix2pix", "paired"), ("cyclegan", "paired"), ("cyclegan", "sets"), ("cut", "sets")],
)
def test_every_plot_of_the_pipeline_finds_its_file_and_columns(
    project: Path, monkeypatch: pytest.MonkeyPatch, objective: str, pairs: str
) -> None:
    run(monkeypatch, objective, pairs)
    plots = YAML(typ="safe").load(PROJECT / "dvc.yaml")["plots"]
    pictures = [plot for plot in plots if isinstance(plot, str) and "evaluate" in plot]
    assert len(pictures) == 3 and all((project / picture).is_file() for picture in pictures)
    tables = [plot for plot in plots if isinstance(plot, dict) and "plots/evaluate" in str(plot)]
    assert len(tables) == 2
    for (options,) in (plot.values() for plot in tables):
        for path, columns in options["y"].items():
            expected = {options["x"], *([columns] if isinstance(columns, str) else columns)}
            assert expected <= set(pd.read_csv(project / path))


@pytest.mark.parametrize(("objective", "n_rows"), [("cyclegan", 12), ("cut", 5)])
def test_sets_have_figures_notes_and_a_row_for_each_translated_picture(
    project: Path, monkeypatch: pytest.MonkeyPatch, objective: str, n_rows: int
) -> None:
    run(monkeypatch, objective, "sets")
    figures = json.loads((project / "evaluate.json").read_text())
    assert (figures["n_images"], figures["n_images_b"]) == (5, 7)
    assert figures["notes"] == ("kid_lite0: left out: it compares sets of 30 pictures or more, found 5 and 7")
    table = pd.read_csv(project / "per_image.csv")
    results = [path.relative_to("results").as_posix() for path in sorted(Path("results").rglob("*.png"))]
    assert table["path"].tolist() == results and len(results) == n_rows
    sizes = json.loads((project / "model.json").read_text())
    assert ("back_generator_parameters" in sizes) == (objective == "cyclegan")


def test_model_of_pairs_stops_before_anything_is_written(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="train one with objective: cyclegan or cut, or build pairs"):
        run(monkeypatch, "pix2pix", "sets")
    assert not any(Path(path).exists() for path in OUTPUTS.values())
