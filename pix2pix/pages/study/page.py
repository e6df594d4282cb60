"""The page of a study, as one file: curves with their spread, pictures side by side, figures and claims."""

import base64
import re
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from string import Template

from pix2pix.core.errors import InputError
from pix2pix.core.outputs import whole_file
from pix2pix.pages.study.figure import panels
from pix2pix.pages.study.results import PICTURES, Result, Results, gathered, read_study_name
from pix2pix.pages.study.study_file import RESULTS, read_study_file
from pix2pix.pages.study.table import Cell, claims_table, facts, table, way_title

PAGE = Path(__file__).with_name("page.html")
CODE = re.compile("`([^`]*)`")
SPREAD = re.compile(r" (\([-\d.]+ to [-\d.]+\))$")


def write_study_page(name: str, out: Path) -> None:
    """Write the page of a study's recorded results.

    Args:
        name: of the study, or of results of it with other settings, such as ``norms-smoke``.
        out: the file.

    Raises:
        InputError: there is no such study, or nothing of it has been measured.
    """
    results = gathered(name, read_study_file(read_study_name(name)))
    if not results.all:
        raise InputError(f"the study {name} has no results yet; `make study NAME={name}` runs it")
    with whole_file(out) as partial:
        partial.write_text(study_page(results), encoding="utf-8")


def study_page(results: Results) -> str:
    """Lay out the page as HTML that loads nothing."""
    sections = {
        "Claims": f'<div class="card claims">{_html(claims_table(results))}</div>',
        "Figures of the test pairs": f'<div class="card figures">{_html(table(results))}</div>',
        "Curves": "".join(f'<div class="card">{panel}</div>' for panel in panels(results)),
        "The same test pictures": f'<div class="card pictures">{"".join(_pictures(results))}</div>',
    }
    if not results.file.claims:
        del sections["Claims"]
    sections["Curves"] = f'<div class="panels">{sections["Curves"]}</div>'
    body = "\n".join(f"<h2>{title}</h2>\n{content}" for title, content in sections.items())
    words = {"title": results.file.title, "about": results.file.about, "facts": facts(results)}
    texts = {key: _text(text) for key, text in words.items()}
    return Template(PAGE.read_text(encoding="utf-8")).substitute(texts, body=body)


def _pictures(results: Results) -> Iterator[str]:
    """Yield the rows of pictures: inputs, the outputs of each way, and targets."""
    first = {way: next((run for run in runs if run.pictures), None) for way, runs in results.by_way.items()}
    shown = {way: run for way, run in first.items() if run is not None}
    if not shown:
        return
    one = next(iter(shown.values()))
    yield _row("input", one, "input")
    for way, run in shown.items():
        yield _row(way_title(way, results), run, "output")
    yield _row("target", one, "target")


def _row(title: str, run: Result, kind: str) -> str:
    path = RESULTS / PICTURES / run.pictures[kind]
    try:
        data = base64.b64encode(path.read_bytes()).decode()
    except OSError as error:
        raise InputError(f"{path}: this picture of the study cannot be read: {error.strerror}") from error
    words = _text(title)
    return f'<div>{words}</div><img alt="{escape(title)}" src="data:image/jpeg;base64,{data}">'


def _html(lines: Sequence[Sequence[Cell]]) -> str:
    """Write the lines of a table as HTML; the first cell of each is its head."""
    head = [text for text, _ in lines[0]]
    rows = ["".join(f"<th>{_text(text)}</th>" for text in head)]
    for line in lines[1:]:
        cells = [_text(text) if not is_best else f"<strong>{_text(text)}</strong>" for text, is_best in line]
        tags = ["th", *["td"] * (len(line) - 1)]
        rows.append(
            "".join(
                f'<{tag} data-title="{escape(title)}">{cell}</{tag}>'
                for tag, title, cell in zip(tags, head, cells, strict=True)
            )
        )
    body = "".join(f"<tr>{row}</tr>" for row in rows[1:])
    return f"<table><thead><tr>{rows[0]}</tr></thead><tbody>{body}</tbody></table>"


def _text(text: str) -> str:
    """Write a text as HTML, with a spread on a line of its own, so that a table of many columns fits."""
    return SPREAD.sub(r"<small>\1</small>", CODE.sub(r"<code>\1</code>", escape(text)))
