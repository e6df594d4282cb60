"""The committed results and the committed page."""

import re

import pytest
from conftest import PROJECT
from study_cases import CLAIM, results

from experiments.results_page import PAGE, image_path, results_page, section
from pix2pix.pages.study.study_file import study_names


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)


def test_page_says_what_was_measured_and_nothing_else() -> None:
    """A figure in the text cannot differ: `make studies PAGE=1` writes the page."""
    assert PAGE.read_text() == results_page()


def test_every_study_has_a_section_to_which_the_summary_leads() -> None:
    page = PAGE.read_text()
    headings = re.findall(r"^## (.*)$", page, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = re.findall(r"\]\(#([^)]*)\)", page)
    assert len(links) == len(study_names()) and set(links) <= anchors
    assert all(f"make study NAME={name}\n" in page for name in study_names())


def test_figures_of_the_page_are_there_and_small() -> None:
    shown = set(re.findall(r"images/(study_\w+\.png)", PAGE.read_text()))
    there = {path.name: path.stat().st_size for path in (PROJECT / "docs/images").glob("study_*.png")}
    assert shown == there.keys() and all(size < 300_000 for size in there.values())
    assert {image_path(name).name for name in study_names()} >= shown


def test_section_has_command_data_table_figure_claims_and_prose() -> None:
    made = results({"a": [0.3, 0.31, 0.32], "b": [0.2, 0.21, 0.22]}, prose="All in all.", claims=[CLAIM])
    text = section(made)
    parts = (
        "## A and b",
        "make study NAME=ab",
        "Which of",
        "40 training",
        "| b |",
        "![",
        "**seen**",
        "All in",
    )
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_section_of_a_study_that_has_not_run_says_so_and_shows_its_claims() -> None:
    text = section(results({}))
    assert "Not measured yet." in text and "![" not in text
    assert "| b is better | a report, section 1 | L1: b lower than a |  | **not measured** |" in text
