"""The page: what happens when something on it changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from pix2pix.core.errors import InputError
from pix2pix.pages.demo.guard import MEGABYTE, MOST_UPLOAD_MB, Guard
from pix2pix.pages.demo.layout import Layout, lay_out
from pix2pix.pages.demo.models import TASK_TEXTS, Model
from pix2pix.pages.demo.service import TranslationRequest, TranslationService
from pix2pix.pages.own_page import ADDRESS

STYLE = Path(__file__).with_name("page.css")
DELETE_EVERY_S = 300
DELETE_AFTER_S = 3600
MOST_WAITING = 32
MOST_SESSIONS = 100
FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]  # of the machine: none is loaded


class Page:
    """The page on which a service's models translate pictures.

    Args:
        service: does the work.
        files: the folder that uploads and results lie in.
    """

    def __init__(self, service: TranslationService, files: Path) -> None:
        self._service = service
        self._files = files
        with gr.Blocks(
            title="pix2pix", analytics_enabled=False, delete_cache=(DELETE_EVERY_S, DELETE_AFTER_S)
        ) as self._blocks:
            self._connect(lay_out())
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

    def _connect(self, layout: Layout) -> None:
        model = layout.head.model
        source = layout.source
        options: list[Any] = [layout.options.fit, layout.options.prepare, layout.options.keep_luminance]
        given = [model, layout.last_source, source.photo, source.drawing, *options]
        shown = [
            layout.head.title,
            layout.facts,
            source.examples,
            source.tabs,
            source.drawing_tab,
            source.drawing,
            layout.last_source,
            layout.options.prepare,
            layout.options.keep_luminance,
        ]
        outcome = layout.outcome
        quick: dict[str, Any] = {
            "show_progress": "hidden",
            "api_visibility": "private",
            "concurrency_limit": 8,
        }
        work: dict[str, Any] = {
            "inputs": given,
            "outputs": [outcome.slider, outcome.line, outcome.download, layout.last_source],
            "preprocess": False,
            "api_visibility": "private",
            "trigger_mode": "always_last",
            "show_progress_on": [outcome.slider],
            "concurrency_id": "model",
            "concurrency_limit": 1,
        }
        self._blocks.load(self._open, None, [model, *shown], **quick).success(self._translate, **work)
        model.input(self._show, given, shown, preprocess=False, **quick).success(self._translate, **work)
        source.photo.change(self._translate_photo, **work)
        source.drawing.change(self._translate_drawing, **work)
        gr.on([option.input for option in options], self._translate, **work)
        source.examples.select(self._take_example, model, source.photo, **quick)

    def _open(self) -> list[Any]:
        models = self._service.models()
        names = [model.name for model in models]
        return [gr.Dropdown(choices=names, value=names[0]), *self._shown_of(models[0], has_photo=False)]

    def _show(self, name: str, source: str, photo: Any, *_: Any) -> list[Any]:
        with _as_message():
            return self._shown_of(
                self._service.model(name), has_photo=source == "photo" and isinstance(photo, dict)
            )

    def _shown_of(self, model: Model, *, has_photo: bool) -> list[Any]:
        """What the page shows of a model, in the order of the components; a photo that is there stays."""
        text = TASK_TEXTS[model.task]
        available = self._service.available_options(model)
        draws = available.pen_px is not None
        source = "drawing" if draws and not has_photo else "photo"
        return [
            f"<h1>{text.title}</h1><p>{text.line}</p>",
            _as_chips(self._service.facts(model)),
            gr.Gallery(value=[str(path) for path in self._service.examples(model)]),
            gr.Tabs(selected=source),
            gr.Tab(visible=draws),
            gr.HTML(pen=available.pen_px or 1),
            source,
            gr.Checkbox(value=available.prepare, visible=available.prepare, label=text.prepare),
            gr.Checkbox(value=model.task == "grayscale", visible=available.keep_luminance),
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
        request = TranslationRequest(
            model, path, source == "drawing", fit, bool(prepare), bool(keep_luminance)
        )
        with _as_message():
            result = self._service.translate(request)
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
            return str(self._service.examples(self._service.model(name))[event.index])


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
