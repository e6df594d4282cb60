"""The page in a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from demo_server import Demo, demo_server
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from small_model import write_model

from pix2pix.pictures.images import RgbImage, read_image, write_png
from pix2pix.translation.translator import Translator

pytest.importorskip("gradio", reason="pip install -e '.[demo]'")

COLORIZER = "models/generator.safetensors"
DRAWN = "models/edges.safetensors"
READY_MADE = "models/labels.safetensors"
WIDTHS_PX = (1280, 390)
WAIT_MS = 20_000
PERMISSIONS = ["camera", "clipboard-read", "clipboard-write"]
COPY_A_PICTURE = """async () => {
    const canvas = Object.assign(document.createElement("canvas"), {width: 200, height: 100});
    canvas.getContext("2d").fillRect(0, 0, 100, 100);
    const blob = await new Promise(done => canvas.toBlob(done));
    await navigator.clipboard.write([new ClipboardItem({"image/png": blob})]);
}"""


class Visit(NamedTuple):
    page: Page
    root: Path


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    root = tmp_path_factory.mktemp("project")
    for path, task in ((READY_MADE, "none"), (DRAWN, "edges"), (COLORIZER, "grayscale")):
        write_model(root / path, pair_task=task)
    with demo_server(root) as running:
        yield running


@contextmanager
def visiting(browser: Browser, demo: Demo, width_px: int = 1280, errors: int = 0) -> Iterator[Visit]:
    """A page, in whose console are as many errors as expected, and which asked no other server."""
    complaints: list[str] = []
    foreign: list[str] = []
    context = browser.new_context(viewport={"width": width_px, "height": 900}, permissions=PERMISSIONS)
    context.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: foreign.append(request.url))
    page.goto(demo.url)
    expect(page.get_by_role("heading", name="Colour a photo")).to_be_visible()
    expect(page.locator("#line")).to_contain_text("An example")
    yield Visit(page, demo.errors.parent)
    context.close()
    assert len(complaints) == errors, complaints
    assert [url for url in foreign if not url.startswith((demo.url, f"blob:{demo.url}", "data:"))] == []


def choose(page: Page, model: str) -> None:
    page.get_by_label("Model").click()
    page.get_by_role("option", name=model).click()
    expect(page.locator("#facts")).to_contain_text(model)


def upload(page: Page, path: Path) -> None:
    page.locator("#photo input[type=file]").set_input_files(path)


def expect_result(page: Page, line: str) -> None:
    expect(page.locator("#line")).to_contain_text(line)
    expect(page.locator("#line")).not_to_contain_text("An example")
    pictures = page.locator("#result img")
    expect(pictures).to_have_count(2)
    for picture in pictures.all():
        page.wait_for_function("image => image.naturalWidth > 0", arg=picture.element_handle())


def download(page: Page, folder: Path) -> tuple[str, RgbImage]:
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download PNG").click()
    path = folder / saved.value.suggested_filename
    saved.value.save_as(path)
    with Image.open(path) as picture:
        assert picture.format == "PNG"
    return path.name, read_image(path)


def draw(page: Page, *points: tuple[float, float]) -> None:
    """A stroke of the mouse through points of the canvas, in shares of its sides."""
    box = page.locator("canvas").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=10)
    page.mouse.up()


def drawing(page: Page) -> RgbImage:
    """What is on the canvas."""
    pixels = page.locator("canvas").evaluate(
        "canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]"
    )
    rgba = np.array(pixels, np.uint8).reshape(512, 512, 4)
    return np.ascontiguousarray(rgba[:, :, :3])


@pytest.mark.parametrize("width_px", WIDTHS_PX)
def test_a_photo_is_uploaded_translated_and_downloaded(
    chromium: Browser, demo: Demo, tmp_path: Path, photo: RgbImage, width_px: int
) -> None:
    write_png(tmp_path / "my photo.png", photo)
    with visiting(chromium, demo, width_px) as (page, root):
        upload(page, tmp_path / "my photo.png")
        expect_result(page, "128 x 96 px")
        name, picture = download(page, tmp_path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width_px
        page.screenshot(path=tmp_path / "page.png", full_page=True)
    translator = Translator.load(root / COLORIZER, "cpu")
    assert name == "my photo_translated.png"
    assert np.array_equal(picture, translator.translate(photo, fit="full", prepare=True, keep_luminance=True))


def test_a_picture_is_pasted(chromium: Browser, demo: Demo) -> None:
    with visiting(chromium, demo) as (page, _):
        page.evaluate(COPY_A_PICTURE)
        page.get_by_label("Paste from clipboard").click()
        expect_result(page, "200 x 100 px")


def test_a_photo_is_taken_with_the_camera(chromium: Browser, demo: Demo) -> None:
    with visiting(chromium, demo) as (page, _):
        page.get_by_label("Capture from camera").click()
        page.get_by_text("Click to Access Webcam").click()
        page.wait_for_function("document.querySelector('#photo video').videoWidth > 0")
        page.get_by_label("capture photo").click()
        expect_result(page, " px")


@pytest.mark.parametrize("width_px", WIDTHS_PX)
def test_a_drawing_is_made_with_the_mouse_and_translated(
    chromium: Browser, demo: Demo, tmp_path: Path, width_px: int
) -> None:
    with visiting(chromium, demo, width_px) as (page, root):
        choose(page, DRAWN)
        expect(page.locator("canvas")).to_be_visible()
        draw(page, (0.2, 0.2), (0.8, 0.8), (0.2, 0.8))
        expect_result(page, "512 x 512 px")
        drawn = drawing(page)
        _, picture = download(page, tmp_path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width_px
    assert drawn[256, 256].max() < 50 and drawn[256, 20].min() == 255
    expected = Translator.load(root / DRAWN, "cpu").translate(drawn, fit="resize")
    assert np.array_equal(picture, expected)


def test_the_eraser_undo_and_clear_change_the_drawing(chromium: Browser, demo: Demo) -> None:
    with visiting(chromium, demo) as (page, _):
        choose(page, DRAWN)
        draw(page, (0.1, 0.5), (0.9, 0.5))
        assert drawing(page)[256, [100, 256, 400], 0].tolist() == [0, 0, 0]
        page.get_by_role("toolbar").get_by_role("button", name="Eraser").click()
        draw(page, (0.5, 0.3), (0.5, 0.7))
        assert drawing(page)[256, [100, 256, 400], 0].tolist() == [0, 255, 0]
        page.get_by_role("toolbar").get_by_role("button", name="Undo").click()
        assert drawing(page)[256, [100, 256, 400], 0].tolist() == [0, 0, 0]
        expect_result(page, "512 x 512 px")
        page.get_by_role("toolbar").get_by_role("button", name="Clear").click()
        assert drawing(page).min() == 255
        expect(page.locator("#line")).to_contain_text("An example")


def test_a_photo_for_a_model_of_drawings_becomes_a_drawing_unless_unticked(
    chromium: Browser, demo: Demo, tmp_path: Path, photo: RgbImage
) -> None:
    write_png(tmp_path / "photo.png", photo)
    with visiting(chromium, demo) as (page, root):
        choose(page, DRAWN)
        page.get_by_role("tab", name="Photo").click()
        upload(page, tmp_path / "photo.png")
        expect_result(page, "128 x 96 px")
        _, prepared = download(page, tmp_path)
        before = page.locator("#result img").first.get_attribute("src")
        page.get_by_role("button", name="Settings").click()
        page.get_by_label("Take the outlines of my photo first").uncheck()
        expect(page.locator("#result img").first).not_to_have_attribute("src", before or "")
        _, plain = download(page, tmp_path)
    translator = Translator.load(root / DRAWN, "cpu")
    assert np.array_equal(prepared, translator.translate(photo, fit="resize", prepare=True))
    assert np.array_equal(plain, translator.translate(photo, fit="resize"))


def test_a_photo_stays_when_another_model_is_chosen(
    chromium: Browser, demo: Demo, tmp_path: Path, photo: RgbImage
) -> None:
    write_png(tmp_path / "photo.png", photo)
    with visiting(chromium, demo) as (page, root):
        upload(page, tmp_path / "photo.png")
        expect_result(page, "128 x 96 px")
        before = page.locator("#result img").first.get_attribute("src")
        choose(page, READY_MADE)
        expect(page.locator("#result img").first).not_to_have_attribute("src", before or "")
        _, picture = download(page, tmp_path)
    translator = Translator.load(root / READY_MADE, "cpu")
    assert np.array_equal(picture, translator.translate(photo, fit="resize"))


def test_an_example_is_taken_by_a_click(chromium: Browser, demo: Demo) -> None:
    with visiting(chromium, demo) as (page, _):
        page.locator("#examples button").nth(1).click()
        expect_result(page, "600 x 400 px")


def test_a_file_that_is_no_picture_gives_a_message_and_the_page_goes_on(
    chromium: Browser, demo: Demo, tmp_path: Path, photo: RgbImage
) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    write_png(tmp_path / "photo.png", photo)
    with visiting(chromium, demo, errors=0) as (page, _):
        upload(page, tmp_path / "text.jpg")
        expect(page.get_by_text("That is no picture that can be read")).to_be_visible()
        page.get_by_label("Clear").first.click()
        upload(page, tmp_path / "photo.png")
        expect_result(page, "128 x 96 px")
