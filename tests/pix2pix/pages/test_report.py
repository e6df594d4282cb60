"""The report as a user gets it: DVC's page of the plots that dvc.yaml names, in a real browser."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import vl_convert
from conftest import PROJECT
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page
from ruamel.yaml import YAML

PLOTS = YAML(typ="safe").load(PROJECT / "dvc.yaml")["plots"]
CHARTS = {name: chart for plot in PLOTS if isinstance(plot, dict) for name, chart in plot.items()}
PICTURES = [plot for plot in PLOTS if isinstance(plot, str)]
GROUPS = ["Data", "Training", "Results", "Pictures"]
NAMES = {
    "class": ("cat", "dog"),
    "reason": ("too small", "damaged"),
    "split": ("train", "val"),
    "stage": ("a", "b"),
}
LINE_PX = 500  # coloured pixels of a line across a chart; a legend has less than 100
COLORED = """() => [...document.querySelectorAll("main canvas")].map((canvas) => {
    const { width, height } = canvas;
    const copy = Object.assign(document.createElement("canvas"), { width, height });
    const context = copy.getContext("2d", { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    const pixels = context.getImageData(0, 0, width, height).data;
    let colored = 0;
    for (let i = 0; i < pixels.length; i += 4) {
        const [red, green, blue] = pixels.slice(i, i + 3);
        if (pixels[i + 3] && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) colored += 1;
    }
    return colored;
})"""
WIDTHS = "() => [...document.images].map((image) => image.complete && image.naturalWidth)"


def write_results(project: Path, height: float) -> None:
    """Write what dvc.yaml plots and measures, with curves of a height and pictures of a shade."""
    tables: dict[str, dict[str, Any]] = {}
    for chart in CHARTS.values():
        for name, fields in chart["y"].items():
            table = tables.setdefault(name, dict(NAMES))
            for field in [fields] if isinstance(fields, str) else fields:
                table.setdefault(field, (height, 3 * height))
            table[chart["x"]] = (1, 2)
            if chart["template"] == "classes":  # which takes whichever errors there are
                table |= {"l1": (height, 3 * height), "cycle_l1": (height, height)}
    for name, table in tables.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        separator = "\t" if name.endswith(".tsv") else ","
        pd.DataFrame(table).to_csv(project / name, sep=separator, index=False)
    for name in PICTURES:
        Image.fromarray(np.full((8, 24, 3), int(100 * height), np.uint8)).save(project / name)
    figures = {"l1": height, "baseline_input_l1": 0.75}
    (project / "metrics" / "evaluate.json").write_text(json.dumps(figures))


class Project:
    """The project's plots and settings, with small results."""

    def __init__(self, path: Path) -> None:
        self.path = path
        shutil.copytree(PROJECT / ".dvc" / "plots", path / ".dvc" / "plots")
        for name in (".dvc/config", ".dvc/.gitignore", ".gitignore", "dvc.yaml", "params.yaml"):
            shutil.copy(PROJECT / name, path / name)
        self.run("git", "init", "--quiet", "--initial-branch", "main")
        self.commit(0.25)

    def commit(self, height: float) -> None:
        write_results(self.path, height)
        self.run("git", "add", "-A")
        author = ["-c", "user.name=tester", "-c", "user.email=tester@example.org"]
        self.run("git", *author, "commit", "--quiet", "-m", "Add results")

    def run(self, *command: str, fails: bool = False) -> str:
        environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        done = subprocess.run(
            command, cwd=self.path, env=environment, text=True, capture_output=True, check=False
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stderr if fails else done.stdout

    def dvc(self, *arguments: str) -> str:
        return self.run(sys.executable, "-m", "dvc", *arguments)

    def report(self, *revisions: str, fails: bool = False) -> str:
        return self.run(sys.executable, "-m", "pix2pix", "report", *revisions, fails=fails)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a commit on main, and an experiment ``longer`` with other results."""
    project = Project(tmp_path_factory.mktemp("report"))
    main = project.run("git", "rev-parse", "main").strip()
    project.run("git", "checkout", "--quiet", "--detach")
    project.commit(0.5)
    project.run(
        "git", "update-ref", f"refs/exps/{main[:2]}/{main[2:]}/longer", "HEAD"
    )  # where DVC keeps them
    project.run("git", "checkout", "--quiet", "main")
    return project


@contextmanager
def opened(context: BrowserContext, path: Path) -> Iterator[tuple[Page, list[str]]]:
    """Open a file; yield the page and what its console said."""
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    yield page, said
    context.close()


@contextmanager
def offline(browser: Browser, path: Path) -> Iterator[tuple[Page, list[str]]]:
    """Open a file without a network; yield the page, and what it asked for or complained of."""
    context = browser.new_context(offline=True)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    with opened(context, path) as (page, said):
        yield page, said
        said += [url for url in asked if not url.startswith(("data:", path.as_uri()))]


def assert_all_is_drawn(page: Page, n_runs: int = 1) -> None:
    page.wait_for_function(f"document.querySelectorAll('main canvas').length == {len(CHARTS)}")
    assert page.locator("main h2").all_inner_texts() == GROUPS
    for name in CHARTS:
        group, identifier = name.split(":")[0], re.sub(r"[^\w-]", "_", name)
        assert page.locator(f"#group_{group} #{identifier} canvas").count() == 1
    assert min(page.evaluate(COLORED)) > LINE_PX
    assert page.evaluate(WIDTHS) == [24] * len(PICTURES) * n_runs


def test_report_opens_without_a_network(project: Project, chromium: Browser) -> None:
    assert project.report().startswith(f"report: {project.path / 'report.html'} (")
    with offline(chromium, project.path / "report.html") as (page, said):
        assert_all_is_drawn(page)
        assert "0.25" in page.locator("tr", has_text="mean absolute error").inner_text()
        assert project.run("git", "rev-parse", "HEAD")[:10] in page.locator("header > p").inner_text()
    assert said == []
    assert project.run("git", "status", "--porcelain") == ""


@pytest.mark.slow
def test_report_compares_a_revision_with_an_experiment(project: Project, chromium: Browser) -> None:
    project.report("main", "longer")
    with offline(chromium, project.path / "report.html") as (page, said):
        assert_all_is_drawn(page, n_runs=2)
        rows = [row.split() for row in page.locator(".metrics tbody tr").all_inner_texts()]
        assert rows[0][:4] == ["l1", "main", "0.25", "0.75"]
        assert rows[1] == ["longer", "0.5", "0.75"]
    assert said == []


def test_unknown_revision_is_named(project: Project) -> None:
    assert project.report("nope", fails=True) == "error: unknown Git revision 'nope'\n"


@pytest.mark.slow
def test_nothing_to_plot_is_said(tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    project = Project(tmp_path)
    for folder in ("data", "train", "evaluate"):
        shutil.rmtree(tmp_path / "metrics" / "plots" / folder)
    assert project.report(fails=True).endswith("error: there is nothing to plot yet; run `dvc repro` first\n")


@pytest.fixture(scope="module")
def specs(project: Project) -> dict[str, Any]:
    return json.loads(project.dvc("plots", "show", "--json"))["data"]


@pytest.mark.parametrize("name", CHARTS)
def test_chart_has_a_title_and_axes_with_units(specs: dict[str, Any], name: str) -> None:
    [spec] = specs[name]
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", vl_convert.vegalite_to_svg(spec["content"]))
    assert {name, CHARTS[name]["x_label"], CHARTS[name]["y_label"]} <= set(texts)


def test_classes_show_the_errors_that_there_are_and_no_others(specs: dict[str, Any]) -> None:
    [spec] = specs["Results: L1 by class"]
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", vl_convert.vegalite_to_svg(spec["content"]))
    named = {"model", "there and back", "output to input", "output = input", "output = mean target"}
    assert named & set(texts) == {"model", "there and back"}


def test_chart_without_rows_says_so(project: Project, chromium: Browser) -> None:
    skipped = project.path / "metrics/plots/data/skipped.csv"
    content = skipped.read_text()
    skipped.write_text(content.splitlines()[0] + "\n")
    try:
        project.report()
    finally:
        skipped.write_text(content)
    with offline(chromium, project.path / "report.html") as (page, said):
        assert page.locator("#group_Data").get_by_text("Skipped files and frames: none").is_visible()
    assert said == []


@pytest.mark.slow
def test_dvcs_own_page_is_grouped_and_drawn(project: Project, chromium: Browser, tmp_path: Path) -> None:
    project.dvc("plots", "show", "--out", str(tmp_path / "page"))
    addresses = re.findall(r'<script src="([^"]+)"', (tmp_path / "page" / "index.html").read_text())
    scripts = {address: npm_script(address.rsplit("/", 1)[1], tmp_path) for address in addresses}
    context = chromium.new_context(offline=True)
    context.route(re.compile("^https:"), lambda route: route.fulfill(body=scripts[route.request.url]))
    with opened(context, tmp_path / "page" / "index.html") as (page, said):
        assert_all_is_drawn(page)
    assert [line for line in said if not line.startswith("warning: ")] == []


def test_dvcs_own_page_without_a_network_says_what_to_do(
    project: Project, chromium: Browser, tmp_path: Path
) -> None:
    project.dvc("plots", "show", "--out", str(tmp_path))
    with opened(chromium.new_context(offline=True), tmp_path / "index.html") as (page, _):
        assert page.get_by_text("`make report` writes a page that needs no network").count() == len(CHARTS)
        assert page.evaluate(WIDTHS) == [24] * len(PICTURES)


def npm_script(package: str, folder: Path) -> str:
    """The file of an npm package, ``name@version``, that jsdelivr.net serves under the package's name."""
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), package]
    try:
        done = subprocess.run(command, text=True, capture_output=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"no {package} from npm: {error}")
    with tarfile.open(folder / done.stdout.split()[-1]) as archive:
        about = json.load(archive.extractfile("package/package.json"))
        return archive.extractfile(f"package/{about['jsdelivr']}").read().decode()
