import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import PROJECT
from rated_pictures import Folders, picture_folders
from ruamel.yaml import YAML
from scipy import stats

from pix2pix.pages.rating.answers import Answer, append_answer
from pix2pix.pages.rating.questions import model_id, picture_id
from pix2pix.pages.rating.summary import agreement, share_interval, summarize_answers

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C: 4 observers, 12 units.
OBSERVERS = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
# The same, section A: two observers, 10 units, binary.
MEG_AND_OWEN = ["0100000010", "1110010000"]


def as_table(observers: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {"rater": f"observer {i}", "path": f"unit {j}", "value": float(value)}
        for i, values in enumerate(observers)
        for j, value in enumerate(values)
        if value != "."
    )


def test_agreement_is_that_of_the_published_examples() -> None:
    assert agreement(as_table(OBSERVERS), "nominal")["alpha"] == pytest.approx(0.743, abs=5e-4)
    assert agreement(as_table(OBSERVERS), "interval")["alpha"] == pytest.approx(0.849, abs=5e-4)
    assert agreement(as_table(MEG_AND_OWEN), "nominal")["alpha"] == pytest.approx(0.095, abs=5e-4)


@pytest.mark.parametrize("observers", [["123"], ["12..", "..34"], ["111", "111"]])
def test_agreement_that_is_not_defined_is_left_out(observers: list[str]) -> None:
    assert agreement(as_table(observers), "interval") == {}


@pytest.mark.parametrize("fooled", [0, 1, 7, 39, 40])
def test_one_raters_share_has_wilsons_interval(fooled: int) -> None:
    shares = np.array([1.0] * fooled + [0.0] * (40 - fooled))
    expected = stats.binomtest(fooled, 40).proportion_ci(0.95, method="wilson")
    assert share_interval(shares, 40) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_raters_who_always_agree_make_the_interval_no_narrower() -> None:
    shares = np.array([1.0] * 10 + [0.0] * 30)
    assert share_interval(shares, 5 * 40) == share_interval(shares, 40)


def test_independent_answers_narrow_the_interval_as_their_number_says() -> None:
    rng = np.random.default_rng(0)
    answers = rng.random((5000, 8)) < 0.3
    low, high = share_interval(answers.mean(axis=1), answers.size)
    wilson = stats.binomtest(int(answers.sum()), answers.size).proportion_ci(0.95, method="wilson")
    assert high - low == pytest.approx(wilson.high - wilson.low, rel=0.05)


def test_the_interval_covers_the_truth_nineteen_times_in_twenty() -> None:
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(4000):
        chances = rng.beta(1, 2, size=60)  # of each picture to be taken for real; their mean is 1/3
        shares = (rng.random((60, 6)) < chances[:, None]).mean(axis=1)
        low, high = share_interval(shares, 360)
        covered += low < 1 / 3 < high
    assert covered / 4000 == pytest.approx(0.95, abs=0.01)


def answer(
    rater: str, path: str, question: str, value: str, shows: str = "output", practice: bool = False
) -> Answer:
    return Answer.model_validate(
        {
            "answered_at": "2026-01-31T12:00:00Z",
            "rater": rater,
            "protocol": "real_or_fake" if question == "real_or_fake" else "scores",
            "seed": 1,
            "model": "0123456789ab",
            "place": 1,
            "practice": practice,
            "path": path,
            "picture": "ba9876543210",
            "shows": shows,
            "question": question,
            "answer": value,
            "shown_ms": 1000,
            "answer_ms": 500,
        }
    )


def test_scores_of_one_rater_have_the_plain_mean_and_students_interval() -> None:
    scores = [7, 8, 6, 9, 5, 7, 10, 4]
    figures = summarize_answers(
        [answer("ann", f"{i}.png", "translation", str(x)) for i, x in enumerate(scores)]
    )
    expected = stats.t.interval(0.95, 7, loc=np.mean(scores), scale=stats.sem(scores))
    assert figures["translation"] == pytest.approx(
        {
            "n_raters": 1,
            "n_pictures": 8,
            "n_answers": 8,
            "mean": 7.0,
            "std": np.std(scores, ddof=1),
            "ci95_low": expected[0],
            "ci95_high": expected[1],
        }
    )
    assert figures["difference"] == {"n_raters": 0, "n_pictures": 0, "n_answers": 0}


def test_scores_of_several_raters_are_averaged_by_picture() -> None:
    scores = {"ann": [7, 8, 6, 9], "bob": [5, 8, 7, 8]}
    rows = [
        answer(rater, f"{i}.png", "difference", str(x))
        for rater, s in scores.items()
        for i, x in enumerate(s)
    ]
    figures = summarize_answers(rows)["difference"]
    by_picture = np.mean(list(scores.values()), axis=0)
    expected = stats.t.interval(0.95, 3, loc=by_picture.mean(), scale=stats.sem(by_picture))
    assert (figures["n_raters"], figures["n_pictures"], figures["n_answers"]) == (2, 4, 8)
    assert (figures["mean"], figures["ci95_low"], figures["ci95_high"]) == pytest.approx((7.25, *expected))
    assert figures["std"] == pytest.approx(np.std(list(scores.values()), ddof=1))


def test_fakes_and_reals_are_counted_apart_and_practice_not_at_all() -> None:
    rows = [answer("ann", f"fake {i}", "real_or_fake", "real" if i < 3 else "fake") for i in range(10)]
    rows += [
        answer("ann", f"real {i}", "real_or_fake", "real" if i < 8 else "fake", "target") for i in range(10)
    ]
    rows += [answer("ann", f"practice {i}", "real_or_fake", "real", practice=True) for i in range(5)]
    figures = summarize_answers(rows)["real_or_fake"]
    assert figures["n_answers"] == figures["n_pictures"] == 20
    assert (figures["fooling_rate"], figures["reals_taken_for_real"]) == (0.3, 0.8)
    fooled = stats.binomtest(3, 10).proportion_ci(0.95, method="wilson")
    assert figures["fooling_rate_ci95_low"] == pytest.approx(fooled.low)
    assert figures["fooling_rate_ci95_high"] == pytest.approx(fooled.high)


def test_raters_agree_on_what_both_have_seen() -> None:
    def judged(bobs: str) -> list[Answer]:
        kinds = {"1": "output", "2": "target", "3": "output", "4": "target"}
        anns = [answer("ann", i, "real_or_fake", "real" if i < "3" else "fake", kinds[i]) for i in kinds]
        return anns + [
            answer("bob", i, "real_or_fake", "real" if i < "3" else "fake", kinds[bobs[int(i) - 1]])
            for i in kinds
        ]

    assert summarize_answers(judged("1234"))["real_or_fake"]["alpha"] == pytest.approx(1)
    assert "alpha" not in summarize_answers(judged("2143"))["real_or_fake"]


def test_the_same_answer_in_two_files_counts_once() -> None:
    rows = [answer("ann", "1.png", "translation", "7")] * 2
    assert summarize_answers(rows)["translation"]["n_answers"] == 1


def run_summary(folders: Folders, metrics: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "pix2pix",
        "ratings",
        f"--metrics={metrics}",
        *folders.arguments()[:1],
    ]
    command += [f"--model={folders.model}", f"--ratings={folders.ratings}"]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def test_only_answers_about_this_models_pictures_are_summed_up(tmp_path: Path) -> None:
    folders = picture_folders(tmp_path / "project", 4)
    folders.ratings.mkdir()
    for rater, score in (("ann", 6), ("bob", 8)):
        for picture in folders.survey().pictures:
            row = answer(rater, picture.path, "translation", str(score + (picture.path > "class_1")))
            own = row.model_copy(update={"model": model_id(folders.model), "picture": picture.picture_id})
            append_answer(folders.ratings / f"{rater}.csv", own)
            append_answer(folders.ratings / f"{rater}.csv", own.model_copy(update={"model": "f" * 12}))
            append_answer(folders.ratings / f"{rater}.csv", own.model_copy(update={"picture": "f" * 12}))
    with (folders.ratings / "bob.csv").open("a") as file:
        file.write("2026-01-31T12:0")  # torn
    done = run_summary(folders, tmp_path / "ratings.json")
    assert done.returncode == 0, done.stderr
    assert "8 answers about model" in done.stdout and "16 answers about other" in done.stdout
    figures = json.loads((tmp_path / "ratings.json").read_text())
    assert figures["model"] == model_id(folders.model)
    assert (figures["translation"]["n_raters"], figures["translation"]["mean"]) == (2, 7.5)
    # Two raters two apart on pictures one apart: Do = 4, De = mean squared difference of all pairs.
    values = np.array([6, 6, 7, 7, 8, 8, 9, 9])
    expected = 1 - 4 / (((values[:, None] - values) ** 2).sum() / (8 * 7))
    assert figures["translation"]["alpha"] == pytest.approx(expected, abs=1e-4)
    assert picture_id(folders.results / "class_0/0.png") != picture_id(folders.results / "class_0/2.png")


def test_without_answers_the_counts_are_zero(tmp_path: Path) -> None:
    folders = picture_folders(tmp_path / "project", 2)
    done = run_summary(folders, tmp_path / "ratings.json")
    assert done.returncode == 0 and "no answers" in done.stdout
    none = {"n_raters": 0, "n_pictures": 0, "n_answers": 0}
    figures = json.loads((tmp_path / "ratings.json").read_text())
    assert figures == {"translation": none, "difference": none, "real_or_fake": none}


def test_every_metrics_file_that_dvc_shows_is_there() -> None:
    """DVC warns of one that is missing, so the project carries one without answers."""
    for path in YAML(typ="safe").load(PROJECT / "dvc.yaml")["metrics"]:
        assert json.loads((PROJECT / path).read_text()), path


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    folders = picture_folders(tmp_path / "project", 2)
    folders.ratings.mkdir()
    (folders.ratings / "ann.csv").write_text("<<<<<<< HEAD\n")
    done = run_summary(folders, tmp_path / "ratings.json")
    assert done.returncode == 1 and done.stderr.startswith("error: ") and "ann.csv" in done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / "ratings.json").exists()
