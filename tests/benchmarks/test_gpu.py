"""``python -m benchmarks.gpu`` on the CPU, at toy sizes, and the page of its figures."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import PROJECT

from benchmarks.gpu import card, page, training
from benchmarks.gpu.clock import busy_time, seconds_per_call
from benchmarks.gpu.marked_tests import results
from benchmarks.gpu.pairs import made_pair, repeat, write_pairs
from benchmarks.gpu.parts import PARTS, run_parts
from benchmarks.gpu.record import Notes, Plan, failure_text
from pix2pix.core.errors import InputError
from pix2pix.pictures.images import read_image, write_png

NO_FACENET = "raise ModuleNotFoundError(\"No module named 'facenet_pytorch'\", name='facenet_pytorch')"
WAYS = ("plain", "eager", "ours")


def dry_plan(out: Path, seconds: float = 600) -> Plan:
    return Plan(str(out), str(out / "no datasets"), is_dry=True, train_s=1, ends_at=time.time() + seconds)


def gpu(*words: str, python_path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    paths = [str(path) for path in (python_path, PROJECT) if path]
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu", *words],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so_in_a_line_and_measures_nothing(tmp_path: Path) -> None:
    done = gpu("--out", str(tmp_path / "out"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("gpu: ") and done.stderr.count("\n") == 1 and "--dry-run" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_dry_run_goes_through_all_parts_past_one_that_fails(tmp_path: Path) -> None:
    (tmp_path / "facenet_pytorch.py").write_text(NO_FACENET)
    out = tmp_path / "out"
    done = gpu("--dry-run", "--out", str(out), "--train-minutes", "0.01", python_path=tmp_path)
    assert done.returncode == 1
    record = json.loads((out / "gpu.json").read_text())
    assert record["dry_run"] and record["dates"].keys() == PARTS.keys() <= record.keys()
    missing = "the package facenet_pytorch is not installed: pip install -r requirements.txt"
    assert record["failures"] == {"faces": {"faces": missing}, **record["failures"]}
    assert record["failures"].keys() <= {"faces"}
    assert f"faces: {missing}" in done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == record
    assert {"torch", "device", "bf16_tflops", "memory_gb_per_s"} <= record["card"].keys()
    for batch in ("1", "16", "64"):
        assert {*WAYS, "apart", "ours_over_plain"} <= record["training"][batch].keys()
        assert all(record["training"][batch][way]["share_of_peak"] > 0 for way in WAYS)
    assert all(figures["pictures_per_s"] > 0 for figures in record["translation"].values())
    assert record["tests"]["failed"] == []
    for name, figures in record["recipes"].items():
        assert figures["epochs"] == 1 and {"l1", "baseline_mean_l1"} <= figures["metrics"].keys()
        assert read_image(out / f"recipe_{name}.png").shape[2] == 3
    assert sorted(path.name for path in out.iterdir()) == [
        "gpu.json",
        "recipe_best_labels.png",
        "recipe_isola_facades.png",
    ]


def test_a_training_step_is_measured_by_every_way(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes.json")
    training.measure(dry_plan(tmp_path), notes, "16")
    assert notes.failures == {}
    assert json.loads((tmp_path / "notes.json").read_text())["figures"] == notes.figures
    for way in WAYS:
        figures = notes.figures[way]
        assert figures["images_per_s"] == pytest.approx(2000 / figures["step_ms"], rel=1e-2)
        assert "share_of_peak" not in figures  # no peak was measured
    assert notes.figures["apart"]["uncaptured_again"] == {"weights": 0, "l1": 0}


def test_a_failing_way_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, is_captured: bool, **__: Any) -> Any:
        if is_captured:
            raise RuntimeError("no graphs today")
        return made(*_, is_captured=False)

    made = training.ours
    monkeypatch.setattr(training, "ours", broken)
    notes = Notes(tmp_path / "notes.json")
    training.measure(dry_plan(tmp_path), notes, "1")
    assert "RuntimeError: no graphs today" in notes.failures["ours, batch 1"]
    assert "Traceback" in notes.failures["ours, batch 1"]
    assert notes.figures["plain"]["images_per_s"] > 0 and notes.figures["eager"]["images_per_s"] > 0


def test_the_card_is_described_and_its_peaks_are_measured(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes.json")
    card.measure(dry_plan(tmp_path), notes)
    assert notes.failures == {} and notes.figures["torch"] == torch.__version__
    assert {
        "bf16_tflops",
        "fp32_tflops",
        "tf32_tflops",
        "memory_gb_per_s",
        "launch_us",
    } <= notes.figures.keys()


def test_parts_without_time_left_are_left_out_and_named(tmp_path: Path) -> None:
    record = run_parts(["faces"], dry_plan(tmp_path, seconds=5), tmp_path)
    assert (
        "left out" in record["failures"]["card"]["card"]
        and "left out" in record["failures"]["faces"]["faces"]
    )
    assert json.loads((tmp_path / "gpu.json").read_text()) == record


def test_a_killed_run_leaves_no_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.gpu", "--dry-run", "--out", str(tmp_path), "--part", "card"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "gpu: card\n"
        time.sleep(0.5)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    assert children and not [child for child in children if Path("/proc", child).exists()]


def test_kernels_that_overlap_count_once() -> None:
    events = [
        {"ph": "X", "cat": "kernel", "ts": 1000.0, "dur": 500.0},
        {"ph": "X", "cat": "kernel", "ts": 1200.0, "dur": 400.0},  # 100 beyond the first
        {"ph": "X", "cat": "gpu_memcpy", "ts": 1800.0, "dur": 200.0},
        {"ph": "X", "cat": "cuda_runtime", "ts": 0.0, "dur": 9000.0},
        {"ph": "M", "name": "process_name"},
    ]
    assert busy_time(events, calls=2) == {"busy_ms": 0.4, "kernels": 1.5, "idle_share_profiled": 0.2}
    assert busy_time([], calls=2) == {}


def test_ways_are_timed_by_turns() -> None:
    turns: list[str] = []
    ways = {"slow": lambda: (turns.append("slow"), time.sleep(0.02)), "quick": lambda: turns.append("quick")}
    seconds = seconds_per_call(ways, torch.device("cpu"), 0.0, rounds=2, calls=1)
    assert turns[4:] == ["slow", "slow", "quick", "quick"] * 2
    assert min(seconds["slow"]) >= 0.02 and len(seconds["quick"]) == 2


def test_results_of_tests_are_counted_with_what_failed() -> None:
    report = """<testsuites><testsuite>
        <testcase classname="a" name="good"/>
        <testcase classname="a" name="left"><skipped message="no"/></testcase>
        <testcase classname="a" name="bad"><failure message="1 == 2">line</failure></testcase>
        <testcase classname="a" name="unread"><error message="no module">trace</error></testcase>
    </testsuite></testsuites>"""
    assert results(report) == (1, 1, {"a::bad": "1 == 2\nline", "a::unread": "no module\ntrace"})


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ModuleNotFoundError("x", name="pydantic"), "the package pydantic is not installed: pip install -r"),
        (InputError("found 1, expected 2"), "found 1, expected 2"),
        (
            ModuleNotFoundError("No module named 'pix2pix.x'", name="pix2pix.x"),
            "ModuleNotFoundError: No module",
        ),
        (ValueError("odd"), "ValueError: odd"),
    ],
)
def test_failures_are_told_in_a_line_where_that_is_enough(error: Exception, text: str) -> None:
    assert text in failure_text(error)


def test_facades_are_taken_where_they_lie_else_pictures_are_made(tmp_path: Path) -> None:
    for split in ("train", "val", "test"):
        write_png(tmp_path / "facades" / split / "1.png", made_pair((0, 0), 128))
    assert write_pairs(tmp_path, tmp_path / "taken", 64) == "facades"
    assert write_pairs(tmp_path / "nowhere", tmp_path / "made", 64, most=3) == "made pictures"
    repeat(tmp_path / "made" / "train", 5)
    repeat(tmp_path / "made" / "val", 2)
    counts = [len(list((tmp_path / "made" / split).iterdir())) for split in ("train", "val", "test")]
    assert counts == [5, 2, 3]
    for file in [*(tmp_path / "taken").rglob("*.png"), *(tmp_path / "made").rglob("*.png")]:
        assert read_image(file).shape == (64, 128, 3)


def test_page_has_the_tables_of_the_kept_record() -> None:
    before, _, rest = page.PAGE.read_text().partition(page.MARKS[0])
    assert before and rest.partition(page.MARKS[1])[0] == page.tables(page.kept_record())


def way(rate: float) -> dict[str, float]:
    return {
        "images_per_s": rate,
        "share_of_peak": 0.25,
        "peak_memory_mb": 1234,
        "kernels": 600.0,
        "idle_share": 0.1,
    }


RECORD = {
    "dry_run": False,
    "dates": {"card": "2026-12-01", "training": "2026-12-01", "recipes": "2026-12-01"},
    "seconds": {"card": 5.0},
    "failures": {"training": {"ours, batch 64": "Traceback\nRuntimeError: broken"}},
    "card": {
        "device": "NVIDIA H200",
        "driver": "580.1",
        "torch": "2.11.0",
        "cores": 16,
        "bf16_tflops": 780.4,
    },
    "training": {
        "1": {"plain": way(50.0), "ours": way(400.0), "ours_over_plain": 8.0},
        "64": {"plain": way(90)},
    },
    "recipes": {
        "best_labels": {
            "data": "facades",
            "image_size": 128,
            "epochs": 9,
            "epochs_of_recipe": 40,
            "train_s": 60.0,
            "images_per_s_with_validation": 61.0,
            "test_pictures": 53,
            "metrics": {"l1": 0.1234, "baseline_input_l1": 0.4},
            "sheet": "recipe_best_labels.png",
        }
    },
}


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A record of a run, beside a project that has the page alone."""
    for folder in ("project/docs", "run"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "project" / page.PAGE).write_text(f"Text.\n{page.MARKS[0]}old\n{page.MARKS[1]}More.\n")
    monkeypatch.chdir(tmp_path / "project")
    (tmp_path / "run/gpu.json").write_text(json.dumps(RECORD))
    write_png(tmp_path / "run/recipe_best_labels.png", made_pair((0, 0), 64))
    return tmp_path / "run/gpu.json"


def rows(text: str) -> list[Sequence[str]]:
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]


def test_page_shows_what_was_measured_on_which_card_and_what_was_not(record: Path) -> None:
    text = page.write_page(record).read_text()
    assert text.startswith("Text.\n") and text.endswith("More.\n") and "old" not in text
    assert "2026-12-01 on one NVIDIA H200 (driver 580.1, torch 2.11.0)" in text and "780 TFLOP/s" in text
    table = rows(text)
    assert ["1", page.WAYS["ours"], "400.0", "25.0%", "1,234", "600", "10.0%"] in table
    assert ["64", page.WAYS["ours"], *["not measured"] * 5] in table
    assert "at batch 1 8.00 times as many images/s" in text and "9 of its 40 epochs in 60 s" in text
    assert ["`best_labels`", "0.1234", *["not measured"] * 4] in table
    assert "- ours, batch 64: RuntimeError: broken" in text and "Tests marked `gpu`: not measured." in text
    assert "(images/gpu_recipe_best_labels.jpg)" in text
    assert read_image(Path("docs/images/gpu_recipe_best_labels.jpg")).shape == (64, 128, 3)


def test_page_keeps_the_parts_that_a_later_run_on_the_same_card_lacks(record: Path) -> None:
    page.write_page(record)
    later = {name: RECORD[name] for name in ("dry_run", "card", "seconds")}
    later |= {"dates": {"card": "2026-12-02", "tests": "2026-12-02"}, "failures": {}}
    record.write_text(json.dumps(later | {"tests": {"passed": 12, "skipped": 0, "failed": []}}))
    text = page.write_page(record).read_text()
    assert "12 passed, 0 failed, 0 skipped" in text and "9 of its 40 epochs" in text
    assert "2026-12-01 and 2026-12-02" in text and "ours, batch 64: RuntimeError" in text
    record.write_text(json.dumps(later | {"card": {**RECORD["card"], "device": "NVIDIA A100"}}))
    assert "9 of its 40 epochs" not in page.write_page(record).read_text()


@pytest.mark.parametrize(
    ("text", "problem"),
    [("{", "Expecting"), ("[]", "no card"), (json.dumps(RECORD | {"dry_run": True}), "of a dry run")],
)
def test_page_takes_only_records_of_real_runs(record: Path, text: str, problem: str) -> None:
    record.write_text(text)
    with pytest.raises(InputError, match=problem):
        page.write_page(record)
    assert not page.RESULTS.exists()
