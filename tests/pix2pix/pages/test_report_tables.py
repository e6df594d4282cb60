from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

from pix2pix.evaluation.artefacts import ARTEFACTS
from pix2pix.evaluation.metrics import METRICS
from pix2pix.evaluation.set_measurement import SHOWN
from pix2pix.pages.report_tables import MEANINGS, Run, by_metric, summary_html

EVALUATE = {
    "n_images": 24,
    "l1": 0.0646884,
    "psnr": 21.86408,
    "target_colorfulness": 33.0,
    "baseline_mean_l1": 0.2,
    "baseline_input_l1": 0.086,
    "baseline_input_psnr": 19.9,
    "l1_std": 0.01,
    "histogram_distance": 0.25,
    "baseline_input_histogram_distance": 0.26,
}
Table = list[list[str]]


class Tables(HTMLParser):
    """The text of the cells of a page's tables, by the title before them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, list[Table]] = {}
        self.title, self.texts = "", [""]
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.found.setdefault(self.title, []).append([])
        if tag == "tr":
            self.found[self.title][-1].append([])
        self.texts.append("")

    def handle_data(self, data: str) -> None:
        self.texts[-1] += data

    def handle_endtag(self, tag: str) -> None:
        text = self.texts.pop().strip()
        if tag in ("th", "td"):
            self.found[self.title][-1][-1].append(text)
        if tag == "h3":
            self.title = text


def run(name: str = "workspace", settings: dict[str, Any] | None = None, **metrics: Any) -> Run:
    return Run(name, metrics, settings or {})


def tables(*runs: Run) -> dict[str, list[Table]]:
    return Tables(summary_html(runs, {})).found


def test_figures_are_split_by_metric_and_kind() -> None:
    metrics, rest = by_metric(EVALUATE)
    assert metrics == {
        "l1": {"": 0.0646884, "baseline_mean": 0.2, "baseline_input": 0.086, "std": 0.01},
        "psnr": {"": 21.86408, "baseline_input": 19.9},
        "colorfulness": {"target": 33.0},
        "histogram_distance": {"": 0.25, "baseline_input": 0.26},
    }
    assert rest == {"n_images": 24}


def test_every_metric_is_explained() -> None:
    assert {*METRICS, *ARTEFACTS, *SHOWN} <= MEANINGS.keys()


def test_other_direction_has_a_table_of_its_own() -> None:
    sets = {"n_images": 40, "n_images_b": 50, "kid_lite0": 31.5, "baseline_input_kid_lite0": 60.0}
    sets |= {"cycle_l1": 0.125, "cycle_l1_std": 0.01, "back_cycle_l1": 0.25, "back_cycle_l1_std": 0.02}
    found = tables(run(evaluate=sets))
    assert [row[:4] for row in found["Test pictures"][0]] == [
        ["", "output", "output = input", "std"],
        ["kid_lite0", "31.5", "60", ""],
        ["cycle_l1", "0.125", "", "0.01"],
    ]
    assert found["Test pictures"][1][1:] == [["n_images", "40"], ["n_images_b", "50"]]
    (back,) = found["Test pictures, in the other direction"]
    assert [row[:3] for row in back] == [["", "output", "std"], ["cycle_l1", "0.25", "0.02"]]


def test_runs_with_and_without_another_direction_are_compared() -> None:
    found = tables(run("a", evaluate={"l1": 0.5}), run("b", evaluate={"l1": 0.25, "back_l1": 0.125}))
    (back,) = found["Test pictures, in the other direction"]
    assert [row[:3] for row in back[1:]] == [["l1", "a", ""], ["b", "0.125", ""]]


def test_metrics_stand_beside_the_trivial_answers() -> None:
    metrics, rest = tables(run(evaluate=EVALUATE))["Test pictures"]
    assert metrics[0] == [
        "",
        "output",
        "output = input",
        "output = mean training target",
        "std",
        "target",
        "",
    ]
    assert metrics[1] == [
        "l1",
        "0.06469",
        "0.086",
        "0.2",
        "0.01",
        "",
        "mean absolute error, in [0, 1], lower is better",
    ]
    assert metrics[2] == [
        "psnr",
        "21.86",
        "19.9",
        "",
        "",
        "",
        "peak signal-to-noise ratio, in dB, higher is better",
    ]
    assert rest[1] == ["n_images", "24"]


def test_runs_stand_below_each_other_in_metrics_and_beside_each_other_elsewhere() -> None:
    found = tables(
        run("main", {"epochs": 16}, evaluate={"l1": 0.2}, train={"best_epoch": 15}),
        run("longer", {"epochs": 32}, evaluate={"l1": 0.1}, train={"best_epoch": 31, "epochs_d_won": 2}),
    )
    assert [row[:3] for row in found["Test pictures"][0][1:]] == [
        ["l1", "main", "0.2"],
        ["longer", "0.1", ""],
    ]
    assert found["Training"] == [
        [["", "main", "longer"], ["best_epoch", "15", "31"], ["epochs_d_won", "", "2"]]
    ]
    assert found["Settings"][0] == [["", "main", "longer"], ["epochs", "16", "32"]]


def test_settings_in_which_runs_differ_are_shown_and_all_can_be_unfolded() -> None:
    settings = {"epochs": 16, "ema_decay": 0, "beta1": 0.5}
    found = tables(run("main", settings), run("averaged", settings | {"ema_decay": 0.9}))
    main, everything = found["Settings"]
    assert main[1:] == [["epochs", "16", "16"], ["ema_decay", "0", "0.9"]]
    assert [row[0] for row in everything[1:]] == ["epochs", "ema_decay", "beta1"]


def test_figures_of_several_things_get_a_line_each() -> None:
    ratings = {"translation": {"mean": 6.5, "raters": 2}, "difference": {"mean": 3.25}}
    assert tables(run(ratings=ratings))["People's ratings"] == [
        [["", "mean", "raters"], ["translation", "6.5", "2"], ["difference", "3.25", ""]]
    ]


def test_absent_metrics_have_no_table() -> None:
    assert list(tables(run(settings={"epochs": 16}, data={"train": 112}))) == ["Settings", "Pairs"]


def test_ratings_that_nobody_gave_have_no_table() -> None:
    none = {"n_raters": 0, "n_answers": 0}
    assert not tables(run(ratings={"translation": none, "difference": none}))
    assert tables(run(ratings={"translation": {"mean": 6.5, "n_answers": 4}, "difference": none}))


def test_text_is_not_taken_for_html() -> None:
    page = summary_html([run("<b>", {"source": "<i>&"}, more={"<u>": "x"})], {"made <s>": "<q>"})
    assert not any(tag in page for tag in ("<b>", "<i>", "<u>", "<s>", "<q>"))
    assert Tables(page).found["more"][0][1] == ["<u>", "x"]
