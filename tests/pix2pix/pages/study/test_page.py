"""The page of a study in a folder that is made here."""

import json
import re
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML
from study_cases import result, results, study_file

from pix2pix.core.errors import InputError
from pix2pix.pages.study.page import study_page, write_study_page
from pix2pix.pages.study.results import PICTURES
from pix2pix.pages.study.study_file import RESULTS
from pix2pix.pictures.images import write_jpeg

KINDS = {"input": "in.jpg", "output": "out.jpg", "target": "target.jpg"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a study of which two ways have run, with pictures of the first seed."""
    monkeypatch.chdir(tmp_path)
    (RESULTS / PICTURES).mkdir(parents=True)
    YAML().dump(study_file().model_dump(), Path("studies/ab.yaml"))
    for number, name in enumerate(KINDS.values()):
        write_jpeg(RESULTS / PICTURES / name, np.full((16, 64, 3), 80 * number, np.uint8))
    runs = [result(way, seed, 0.2 + 0.01 * seed) for way in "ab" for seed in (1, 2, 3)]
    runs[0] = result("a", 1, 0.21, pictures=KINDS)
    (RESULTS / "ab.json").write_text(json.dumps({"study": "ab", "runs": [asdict(run) for run in runs]}))
    return tmp_path


def test_page_has_claims_figures_curves_and_pictures_and_loads_nothing(project: Path) -> None:
    write_study_page("ab", project / "page.html")
    page = (project / "page.html").read_text()
    assert "A and b &lt;1&gt;" in page and "<code>a</code>" in page
    assert "undecided" in page and "0.2200<small>(0.2100 to 0.2300)</small>" in page
    assert page.count("<svg") == 4  # two curves, and two figures of those that were measured
    assert re.findall(r'<img alt="([^"]*)"', page) == ["input", "a", "target"]
    loaded = re.findall(r'(?:src|href)="(?!data:)([^"#]*)"', page)
    assert loaded == []


def test_same_results_give_the_same_page() -> None:
    made = results({"a": [0.3, 0.31, 0.32], "b": [0.2, 0.21, 0.22]})
    assert study_page(made) == study_page(made)


def test_results_of_other_settings_are_shown_under_their_study(project: Path) -> None:
    (RESULTS / "ab.json").rename(RESULTS / "ab-smoke.json")
    write_study_page("ab-smoke", project / "page.html")
    assert "A and b &lt;1&gt;" in (project / "page.html").read_text()


def test_study_without_results_says_what_runs_it(project: Path) -> None:
    (RESULTS / "ab.json").unlink()
    with pytest.raises(InputError, match="the study ab has no results yet; `make study NAME=ab` runs it"):
        write_study_page("ab", project / "page.html")
    with pytest.raises(InputError, match="NAME: found 'norm'; input should be one of ab"):
        write_study_page("norm", project / "page.html")


def test_damaged_results_are_named(project: Path) -> None:
    (RESULTS / "ab.json").write_text('{"study": "ab", "runs": [{"way": "a"}]}')
    with pytest.raises(InputError, match=r"ab\.json: this is no file of a study's results"):
        write_study_page("ab", project / "page.html")
