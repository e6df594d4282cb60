import base64
from pathlib import Path

import pytest

from pix2pix.core.errors import InputError
from pix2pix.pages.self_contained import SUMMARY, self_contained, vega_script

SCRIPTS = "".join(
    f'<script src="https://cdn.example.org/npm/{name}"></script>' for name in ("vega", "vega-lite")
)


def test_pictures_are_in_the_page(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "main_a b.png").write_bytes(b"one")
    (tmp_path / "static" / "main_c.jpg").write_bytes(b"two")
    page = f'{SUMMARY}<img src="static/main_a b.png"> <img src="static/main_c.jpg">'
    report = self_contained(page, tmp_path, "")
    one, two = (base64.b64encode(content).decode() for content in (b"one", b"two"))
    assert report == f'<img src="data:image/png;base64,{one}"> <img src="data:image/jpeg;base64,{two}">'


def test_scripts_are_in_the_page_once(tmp_path: Path) -> None:
    report = self_contained(f"{SUMMARY}{SCRIPTS}<p>", tmp_path, "<table>")
    assert report == f"<table><script>{vega_script()}</script><p>"


def test_scripts_do_not_end_before_their_end() -> None:
    assert "</script" not in vega_script().lower()


def test_page_without_charts_gets_no_scripts(tmp_path: Path) -> None:
    assert self_contained(f"{SUMMARY}<p>", tmp_path, "nothing") == "nothing<p>"


def test_summary_is_taken_literally(tmp_path: Path) -> None:
    assert self_contained(SUMMARY, tmp_path, r"\1 {plot_divs}") == r"\1 {plot_divs}"


def test_missing_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"lost\.png: this picture of the report cannot be read"):
        self_contained(f'{SUMMARY}<img src="static/lost.png">', tmp_path, "")


def test_page_of_another_template_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"plots\.html_template"):
        self_contained("<html></html>", tmp_path, "")
