"""The page's layout: what stands on it, and where."""

from dataclasses import dataclass
from pathlib import Path

import gradio as gr

HERE = Path(__file__).parent
ERASER_PX = 40
PEN_PX = 4  # until a model is chosen
EXAMPLES_PX = 132
FITS = [
    ("Automatic", "auto"),
    ("Tile by tile", "tile"),
    ("Whole, made small", "resize"),
    ("Whole, at once", "full"),
]


@dataclass(frozen=True)
class Head:
    """The top of the page.

    Attributes:
        title: what the chosen model does.
        model: the names of the models, to choose from.
    """

    title: gr.HTML
    model: gr.Dropdown


@dataclass(frozen=True)
class Source:
    """Where the picture comes from.

    Attributes:
        tabs: ``photo`` and ``drawing``.
        drawing_tab: is there for models that take drawings.
        photo: an uploaded picture.
        examples: pictures to try the model on.
        drawing: a canvas to draw on.
    """

    tabs: gr.Tabs
    drawing_tab: gr.Tab
    photo: gr.Image
    examples: gr.Gallery
    drawing: gr.HTML


@dataclass(frozen=True)
class Outcome:
    """What became of the picture.

    Attributes:
        slider: the input and the output, one over the other.
        line: the size, and how long it took.
        download: a button.
    """

    slider: gr.ImageSlider
    line: gr.HTML
    download: gr.DownloadButton


@dataclass(frozen=True)
class Options:
    """How the picture is translated.

    Attributes:
        fit: what becomes of large pictures.
        prepare: whether the input is made of the photo.
        keep_luminance: whether the photo's brightness is kept.
    """

    fit: gr.Radio
    prepare: gr.Checkbox
    keep_luminance: gr.Checkbox


@dataclass(frozen=True)
class Layout:
    """All that stands on the page.

    Attributes:
        head: the title and the choice of the model, above all.
        source: where the picture comes from, on the left.
        outcome: what became of it, on the right.
        options: how it is translated, below the outcome.
        facts: what is known of the model, below all.
        last_source: ``photo`` or ``drawing``, what was translated last; it is not seen.
    """

    head: Head
    source: Source
    outcome: Outcome
    options: Options
    facts: gr.HTML
    last_source: gr.State


def lay_out() -> Layout:
    """Put everything on the page, that is into the ``gr.Blocks`` around the call."""
    head = _lay_out_head()
    with gr.Row(equal_height=False):
        with gr.Column():
            source = _lay_out_source()
        with gr.Column():
            outcome = _lay_out_outcome()
            options = _lay_out_options()
    return Layout(head, source, outcome, options, gr.HTML(elem_id="facts"), gr.State("photo"))


def _lay_out_head() -> Head:
    with gr.Row(elem_id="head", equal_height=True):
        title = gr.HTML(elem_id="title")
        model = gr.Dropdown([], label="Model", filterable=False, elem_id="model")
    return Head(title, model)


def _lay_out_source() -> Source:
    with gr.Tabs() as tabs:
        with gr.Tab("Photo", id="photo"):
            photo = _photo()
            gr.HTML("<p>Or try one of these</p>", elem_id="try")
            examples = _examples()
        with gr.Tab("Draw", id="drawing", visible=False) as drawing_tab:
            drawing = _canvas()
    return Source(tabs, drawing_tab, photo, examples, drawing)


def _photo() -> gr.Image:
    return gr.Image(
        type="filepath",
        image_mode=None,
        sources=["upload", "clipboard", "webcam"],
        show_label=False,
        height=360,
        buttons=[],
        elem_id="photo",
        placeholder="Drop a photo here\n- or -\nclick to choose one",
    )


def _examples() -> gr.Gallery:
    return gr.Gallery(
        show_label=False,
        columns=4,
        height=EXAMPLES_PX,
        allow_preview=False,
        interactive=False,
        object_fit="cover",
        buttons=[],
        elem_id="examples",
    )


def _canvas() -> gr.HTML:
    return gr.HTML(
        html_template=(HERE / "canvas.html").read_text(encoding="utf-8"),
        css_template=(HERE / "canvas.css").read_text(encoding="utf-8"),
        js_on_load=(HERE / "canvas.js").read_text(encoding="utf-8"),
        pen=PEN_PX,
        eraser=ERASER_PX,
        elem_id="drawing",
    )


def _lay_out_outcome() -> Outcome:
    slider = gr.ImageSlider(
        label="Before and after",
        show_label=False,
        max_height=520,
        buttons=["fullscreen"],
        interactive=False,
        elem_id="result",
    )
    line = gr.HTML(elem_id="line")
    return Outcome(slider, line, gr.DownloadButton("Download PNG", interactive=False, variant="primary"))


def _lay_out_options() -> Options:
    with gr.Accordion("Settings", open=False):
        fit = gr.Radio(FITS, value="auto", label="Large pictures")
        prepare = gr.Checkbox(label="Make the input of my photo first")
        keep_luminance = gr.Checkbox(label="Keep the photo's brightness, take the colours only")
    return Options(fit, prepare, keep_luminance)
