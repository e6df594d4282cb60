"""The report of a project's runs: DVC's plots, metrics and settings, in one file that can be mailed."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.scm import resolve_rev

from pix2pix.core.errors import InputError
from pix2pix.core.outputs import whole_file
from pix2pix.pages.report_tables import Run, summary_html
from pix2pix.pages.self_contained import self_contained

PARAMS = Path("params.yaml")
WORKSPACE = "workspace"  # DVC's name for what is not committed
CHART = '"$schema"'  # what DVC's page has of each chart that has data
PICTURE = "<img "


def write_report(revisions: Sequence[str], out: Path) -> None:
    """Write the report of this folder's run, or one that compares ``revisions``, to the file ``out``.

    Raises:
        InputError: in DVC's words, what is wrong, or there is nothing to plot.
    """
    with TemporaryDirectory() as folder:
        page = draw_plots(revisions, Path(folder))
        report = self_contained(page, Path(folder), summary(revisions))
    with whole_file(out) as partial:
        partial.write_text(report, encoding="utf-8")


def draw_plots(revisions: Sequence[str], folder: Path) -> str:
    """Let DVC write its page, and its pictures, into ``folder``; return the page.

    Raises:
        InputError: in DVC's words, what is wrong, or there is nothing to plot.
    """
    what = ["diff", *revisions] if revisions else ["show"]
    command = [sys.executable, "-m", "dvc", "plots", *what, "--out", str(folder)]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    if done.returncode:
        raise InputError(done.stderr.strip().removeprefix("ERROR: "))
    print(done.stderr, end="", file=sys.stderr)
    path = folder / "index.html"
    page = path.read_text(encoding="utf-8") if path.exists() else ""
    if not any(sign in page for sign in (CHART, PICTURE)):
        raise InputError("there is nothing to plot yet; run `dvc repro` first")
    return page


def summary(revisions: Sequence[str]) -> str:
    """Return the tables above the plots; one revision is compared with the workspace, as DVC does."""
    names = [*revisions, WORKSPACE] if len(revisions) == 1 else list(revisions)
    with Repo() as repo:
        metrics = repo.metrics.show(revs=names or None, hide_workspace=False)
        params = repo.params.show(revs=names or None, hide_workspace=False)
        commits = [commit(repo, name) for name in names or [WORKSPACE]]
    made = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    runs = [
        Run(name, read(metrics[name]), read(params[name]).get(PARAMS.stem, {}))
        for name in metrics
        if name != WORKSPACE or name in names
    ]
    return summary_html(runs, {"made": made, "git commit": ", ".join(commits)})


def read(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the content of each file that DVC could read, by the file's stem."""
    files = found.get("data", {})
    return {Path(name).stem: file["data"] for name, file in files.items() if file.get("data")}


def commit(repo: Repo, name: str) -> str:
    """Name a revision's commit; that of the workspace is the one that it started from."""
    try:
        if name != WORKSPACE:
            return f"{name} {resolve_rev(repo.scm, name)[:10]}"
        return f"{resolve_rev(repo.scm, 'HEAD')[:10]}" + (" and later changes" if repo.scm.is_dirty() else "")
    except DvcException:
        return "none"
