"""``docs/results.md``, from the studies' files and what their runs have given."""

from collections import Counter
from pathlib import Path

from pix2pix.core.outputs import whole_file
from pix2pix.pages.study.figure import figure
from pix2pix.pages.study.results import Results, gathered
from pix2pix.pages.study.study_file import STUDIES, read_study_file, study_names
from pix2pix.pages.study.table import claims_table, facts, markdown, table
from pix2pix.pages.study.verdicts import VERDICTS, verdict

PAGE = Path("docs/results.md")
IMAGES = "images"  # beside the page
PARTS = STUDIES / "parts"  # what stands before and behind the studies


def write_results_page() -> Path:
    """Write the page, with a figure of each study that has results; return where it lies."""
    for results in map(_read, study_names()):
        path = image_path(results.name)
        if results.all:
            with whole_file(path) as partial:
                figure(results).savefig(partial, dpi=100, format="png")
        else:
            path.unlink(missing_ok=True)
    with whole_file(PAGE) as partial:
        partial.write_text(results_page())
    return PAGE


def image_path(study: str) -> Path:
    """Where the figure of a study lies."""
    return PAGE.parent / IMAGES / f"study_{study}.png"


def results_page() -> str:
    """Lay out the page as Markdown."""
    studies = list(map(_read, study_names()))
    head, *behind = sorted(PARTS.glob("*.md"))
    parts = [
        head.read_text(),
        _summary(studies),
        *map(section, studies),
        *(path.read_text() for path in behind),
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _read(name: str) -> Results:
    return gathered(name, read_study_file(name))


def _summary(studies: list[Results]) -> str:
    """A line per study: how many of its claims are seen."""
    lines = [[(title, False) for title in ("study", *VERDICTS)]]
    for results in studies:
        words = Counter(verdict(claim, results).word for claim in results.file.claims)
        counts = [str(words[word] or "") for word in VERDICTS]
        lines.append([(f"[{results.file.title}](#{_anchor(results)})", False), *((n, False) for n in counts)])
    return markdown(lines)


def _anchor(results: Results) -> str:
    """The address that GitHub gives to a heading."""
    kept = "".join(sign for sign in results.file.title.lower() if sign.isalnum() or sign in " -_")
    return kept.replace(" ", "-")


def section(results: Results) -> str:
    """Lay out one study: command, data, figures, claims with their verdicts, and its prose."""
    file = results.file
    measured = f"{facts(results)}\n\n{markdown(table(results))}" if results.all else "Not measured yet."
    image = f"![{file.title}: curves and metrics]({IMAGES}/study_{results.name}.png)" if results.all else ""
    claims = markdown(claims_table(results)) if file.claims else ""
    parts = [
        f"## {file.title}",
        f"```bash\nmake study NAME={results.name}\n```",
        file.about,
        measured,
        image,
        claims,
        file.prose,
    ]
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"
