"""The page: its layout, and what happens when something on it changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from pix2pix.core.errors import InputError
from pix2pix.pages.demo.guard import MEGABYTE, MOST_UPLOAD_MB, Guard
from pix2pix.pages.demo.models import TASK_TEXTS, Model
from pix2pix.pages.demo.service import Desk, Wish
from pix2pix.pages.own_page import ADDRESS

HERE = Path(__file__).parent
STYLE = HERE / "page.css"
ERASER_PX, EXAMPLES_PX = 40, 132
FITS = [
    ("Automatic", "auto"),
    ("Tile by tile", "tile"),
    ("Whole, made small", "resize"),
    ("Whole, at once", "full"),
]
DELETE_EVERY_S, DELETE_AFTER_S = 300, 3600
MOST_WAITING, MOST_SESSIONS = 32, 100
FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]  # of the machine: none is loaded


class Page:
    """The page of a desk.

    Args:
        desk: does the work.
        files: the folder that uploads and results lie in.
    """

    def __init__(self, desk: Desk, files: Path) -> None:
        self._desk, self._files = desk, files
        with gr.Blocks(
            title="pix2pix", analytics_enabled=False, delete_cache=(DELETE_EVERY_S, DELETE_AFTER_S)
        ) as self._blocks:
            self._lay_out()
            self._connect()
        self._blocks.queue(max_size=MOST_WAITING, default_concurrency_limit=1, api_open=False)

    def launch(self, port: int) -> str:
        """Serve the page on 127.0.0.1, in a thread, and return its address.

        Raises:
            OSError: the port cannot be used.
        """
        colours = gr.themes.Soft(
            primary_hue="orange", neutral_hue="stone", font=FONTS, font_mono=["ui-monospace", "monospace"]
        )
        _, url, _ = self._blocks.launch(
            server_name=ADDRESS,
            server_port=port,
            app_kwargs={"middleware": [Middleware(Guard, files=self._files)]},
            max_file_size=MOST_UPLOAD_MB * MEGABYTE,
            state_session_capacity=MOST_SESSIONS,
            theme=colours,
            css_paths=STYLE,
            footer_links=[],
            prevent_thread_lock=True,
            quiet=True,
            show_error=True,
            share=False,
            run_history=False,
            enable_monitoring=False,
            ssr_mode=False,
            mcp_server=False,
            pwa=False,
        )
        return str(url)

    def close(self) -> None:
        """Stop serving."""
        self._blocks.close(verbose=False)

    def _lay_out(self) -> None:
        with gr.Row(elem_id="head", equal_height=True):
            self._title = gr.HTML(elem_id="title")
            self._model = gr.Dropdown([], label="Model", filterable=False, elem_id="model")
        with gr.Row(equal_height=False):
            with gr.Column():
                self._lay_out_input()
            with gr.Column():
                self._slider = gr.ImageSlider(
                    label="Before and after",
                    show_label=False,
                    max_height=520,
                    buttons=["fullscreen"],
                    interactive=False,
                    elem_id="result",
                )
                self._line = gr.HTML(elem_id="line")
                self._download = gr.DownloadButton("Download PNG", interactive=False, variant="primary")
                with gr.Accordion("Settings", open=False):
                    self._fit = gr.Radio(FITS, value="auto", label="Large pictures")
                    self._prepare = gr.Checkbox(label="Make the input of my photo first")
                    self._keep = gr.Checkbox(label="Keep the photo's brightness, take the colours only")
        self._facts = gr.HTML(elem_id="facts")
        self._source = gr.State("photo")

    def _lay_out_input(self) -> None:
        with gr.Tabs() as self._tabs:
            with gr.Tab("Photo", id="photo") as self._photo_tab:
                self._photo = gr.Image(
                    type="filepath",
                    image_mode=None,
                    sources=["upload", "clipboard", "webcam"],
                    show_label=False,
                    height=360,
                    buttons=[],
                    elem_id="photo",
                    placeholder="Drop a photo here\n- or -\nclick to choose one",
                )
                gr.HTML("<p>Or try one of these</p>", elem_id="try")
                self._examples = gr.Gallery(
                    show_label=False,
                    columns=4,
                    height=EXAMPLES_PX,
                    allow_preview=False,
                    interactive=False,
                    object_fit="cover",
                    buttons=[],
                    elem_id="examples",
                )
            with gr.Tab("Draw", id="drawing", visible=False) as self._drawing_tab:
                self._drawing = gr.HTML(
                    html_template=(HERE / "canvas.html").read_text(encoding="utf-8"),
                    css_template=(HERE / "canvas.css").read_text(encoding="utf-8"),
                    js_on_load=(HERE / "canvas.js").read_text(encoding="utf-8"),
                    pen=4,
                    eraser=ERASER_PX,
                    elem_id="drawing",
                )

    def _connect(self) -> None:
        shown = [
            self._title,
            self._facts,
            self._examples,
            self._tabs,
            self._drawing_tab,
            self._drawing,
            self._source,
            self._prepare,
            self._keep,
        ]
        given = [self._model, self._source, self._photo, self._drawing, self._fit, self._prepare, self._keep]
        results = [self._slider, self._line, self._download, self._source]
        quick: dict[str, Any] = {
            "show_progress": "hidden",
            "api_visibility": "private",
            "concurrency_limit": 8,
        }
        work: dict[str, Any] = {
            "inputs": given,
            "outputs": results,
            "preprocess": False,
            "api_visibility": "private",
            "trigger_mode": "always_last",
            "show_progress_on": [self._slider],
            "concurrency_id": "model",
            "concurrency_limit": 1,
        }
        self._blocks.load(self._open, None, [self._model, *shown], **quick).success(self._translate, **work)
        self._model.input(self._show, given, shown, preprocess=False, **quick).success(
            self._translate, **work
        )
        self._photo.change(self._translate_photo, **work)
        self._drawing.change(self._translate_drawing, **work)
        gr.on([setting.input for setting in (self._fit, self._prepare, self._keep)], self._translate, **work)
        self._examples.select(self._take_example, self._model, self._photo, **quick)

    def _open(self) -> list[Any]:
        models = self._desk.models()
        names = [model.name for model in models]
        return [gr.Dropdown(choices=names, value=names[0]), *self._shown_of(models[0], has_photo=False)]

    def _show(self, name: str, source: str, photo: Any, *_: Any) -> list[Any]:
        with _as_message():
            return self._shown_of(
                self._desk.model(name), has_photo=source == "photo" and isinstance(photo, dict)
            )

    def _shown_of(self, model: Model, *, has_photo: bool) -> list[Any]:
        """What the page shows of a model, in the order of the components; a photo that is there stays."""
        task, choices = TASK_TEXTS[model.task], self._desk.choices(model)
        draws = choices.pen_px is not None
        source = "drawing" if draws and not has_photo else "photo"
        return [
            f"<h1>{task.title}</h1><p>{task.line}</p>",
            _as_chips(self._desk.facts(model)),
            gr.Gallery(value=[str(path) for path in self._desk.examples(model)]),
            gr.Tabs(selected=source),
            gr.Tab(visible=draws),
            gr.HTML(pen=choices.pen_px or 1),
            source,
            gr.Checkbox(value=choices.prepare, visible=choices.prepare, label=task.prepare),
            gr.Checkbox(value=model.task == "grayscale", visible=choices.keep_luminance),
        ]

    def _translate_photo(self, model: str, _: str, *given: Any) -> list[Any]:
        return self._translate(model, "photo", *given)

    def _translate_drawing(self, model: str, _: str, *given: Any) -> list[Any]:
        return self._translate(model, "drawing", *given)

    def _translate(
        self, model: str, source: str, photo: Any, drawing: Any, fit: Any, prepare: Any, keep_luminance: Any
    ) -> list[Any]:
        """Translate the photo or the drawing, and return what is shown, and which of them it was."""
        picture = drawing if source == "drawing" else photo
        path = picture.get("path") if isinstance(picture, dict) else None
        wish = Wish(model, path, source == "drawing", fit, bool(prepare), bool(keep_luminance))
        with _as_message():
            result = self._desk.translate(wish)
        if result is None:
            return [None, "", gr.DownloadButton(value=None, interactive=False), source]
        line = result.line if path else f"An example, {result.line}"
        return [
            (str(result.before), str(result.after)),
            f"<p>{line}</p>",
            gr.DownloadButton(value=str(result.download), interactive=True),
            source,
        ]

    def _take_example(self, event: gr.SelectData, name: str) -> str:
        with _as_message():
            return str(self._desk.examples(self._desk.model(name))[event.index])


@contextmanager
def _as_message() -> Iterator[None]:
    """Show what the user can mend on the page."""
    try:
        yield
    except InputError as error:
        raise gr.Error(str(error), title="That did not work", print_exception=False) from error


def _as_chips(facts: list[tuple[str, str]]) -> str:
    chips = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f"<dl>{chips}</dl>"
