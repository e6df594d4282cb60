"""The rating page in a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from rated_pictures import Folders, picture_folders, rating_server

from pix2pix.pages.rating.answers import Answer, read_answers


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the pages write to their consoles, which is nothing."""
    texts: list[str] = []
    yield texts
    assert texts == []


@contextmanager
def page_of(browser: Browser, complaints: list[str], **options: object) -> Iterator[Page]:
    context: BrowserContext = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()


def start(page: Page, url: str, rater: str) -> None:
    page.goto(url)
    page.get_by_label("Your name").fill(rater)
    page.keyboard.press("Enter")
    expect(page.locator("#intro")).to_be_visible()
    page.keyboard.press("Enter")


def expect_question(page: Page, question: str) -> None:
    expect(page.locator("#question")).to_contain_text(question)
    pictures = page.locator("#scores img")
    expect(pictures).to_have_count(2 if question == "Translation" else 3)
    assert all(picture.evaluate("image => image.naturalWidth") > 0 for picture in pictures.all())


def score(page: Page, question: str, keys: str) -> None:
    expect_question(page, question)
    for key in keys:
        page.keyboard.press(key)
    page.keyboard.press("Enter")


def values(folders: Folders, rater: str) -> list[str]:
    return [answer.answer for answer in read_answers(folders.ratings / f"{rater}.csv")]


def assert_nothing_asked_twice(answers: list[Answer]) -> None:
    asked = [(answer.path, answer.question) for answer in answers]
    assert len(asked) == len(set(asked))


def test_five_pictures_by_keyboard_through_a_reload_and_a_killed_server(
    chromium: Browser, complaints: list[str], tmp_path: Path
) -> None:
    folders = picture_folders(tmp_path, 8)
    with page_of(chromium, complaints) as page:
        with rating_server(folders, "--n=5", "--port=0") as (process, url):
            start(page, url, "Ann")
            score(page, "Translation", "7")
            score(page, "Difference", "10")
            score(page, "Translation", "3")
            expect_question(page, "Difference")
            expect(page.locator("#progress")).to_have_text("2 of 5")
            page.reload()
            score(page, "Difference", "0")
            score(page, "Translation", "1")
            expect_question(page, "Difference")
            process.kill()
            process.wait()
            score(page, "Difference", "9")
            expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
            assert "ERR_CONNECTION_REFUSED" in " ".join(complaints)
            assert values(folders, "ann") == ["7", "10", "3", "0", "1"]
        with rating_server(folders, "--n=5", f"--port={urlsplit(url).port}"):
            expect_question(page, "Translation")
            assert {text for text in complaints if "ERR_CONNECTION_REFUSED" not in text} == set()
            complaints.clear()
            expect(page.get_by_role("alert")).to_be_hidden()
            page.goto(url)  # as after closing the browser
            page.get_by_label("Your name").fill("ann")
            page.keyboard.press("Enter")
            for keys in ("2", "4"):
                score(page, "Translation", keys)
                score(page, "Difference", "5")
            expect(page.locator("#end")).to_contain_text("5 of 5 pictures are rated")
    answers = read_answers(folders.ratings / "ann.csv")
    assert values(folders, "ann") == ["7", "10", "3", "0", "1", "9", "2", "5", "4", "5"]
    assert_nothing_asked_twice(answers)
    assert [answer.place for answer in answers] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_two_raters_at_the_same_time_have_own_files(
    chromium: Browser, complaints: list[str], tmp_path: Path
) -> None:
    folders = picture_folders(tmp_path, 3)
    with (
        rating_server(folders, "--port=0") as (_, url),
        page_of(chromium, complaints) as ann,
        page_of(chromium, complaints) as bob,
    ):
        start(ann, url, "Ann")
        start(bob, url, "Bob")
        for question in ("Translation", "Difference") * 3:
            score(ann, question, "8")
            score(bob, question, "2")
        for page in (ann, bob):
            expect(page.locator("#end")).to_contain_text("3 of 3")
    for rater, value in (("ann", "8"), ("bob", "2")):
        assert values(folders, rater) == [value] * 6
        assert_nothing_asked_twice(read_answers(folders.ratings / f"{rater}.csv"))


def test_keys_correct_a_score_before_it_is_given(
    chromium: Browser, complaints: list[str], tmp_path: Path
) -> None:
    folders = picture_folders(tmp_path, 1)
    with (
        rating_server(folders, "--port=0", "--rater=Ann Lee") as (_, url),
        page_of(chromium, complaints) as page,
    ):
        page.goto(url)
        expect(page.locator("#intro")).to_be_visible()
        page.keyboard.press("Enter")
        expect_question(page, "Translation")
        for key in ("Enter", "7", "Backspace", "Enter", "4", "ArrowRight", "ArrowRight"):
            page.keyboard.press(key)
        expect(page.get_by_role("radio", checked=True)).to_have_text("6")
        page.keyboard.press("Enter")
        score(page, "Difference", "8")
        expect(page.locator("#end")).to_be_visible()
    assert values(folders, "ann-lee") == ["6", "8"]


def test_real_or_fake_shows_each_picture_for_a_second_and_once(
    chromium: Browser, complaints: list[str], tmp_path: Path
) -> None:
    folders = picture_folders(tmp_path, 5)
    with (
        rating_server(folders, "--port=0", "--n=1", "--protocol=real_or_fake") as (_, url),
        page_of(chromium, complaints) as page,
    ):
        shown = page.locator("#shown")
        start(page, url, "Ann")
        page.keyboard.press("f")  # too early: nothing is asked yet
        expect(shown).to_be_visible()
        expect(page.locator("#choice")).to_be_visible()
        expect(shown).to_be_hidden()
        page.keyboard.press("r")
        expect(page.locator("#message")).to_contain_text("it was")
        page.keyboard.press("Enter")
        expect(page.locator("#choice")).to_be_visible()
        page.reload()
        expect(page.locator("#intro")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.locator("#message")).to_have_text("You have seen this picture.")
        expect(page.locator("#choice")).to_be_visible()
        page.keyboard.press("ArrowRight")
        expect(page.locator("#end")).to_contain_text("1 of 1")
    answers = read_answers(folders.ratings / "ann.csv")
    assert [(answer.practice, answer.answer) for answer in answers] == [(True, "real"), (False, "fake")]
    assert_nothing_asked_twice(answers)
    assert all(950 <= answer.shown_ms < 1500 for answer in answers), answers


def test_touch_at_390_px_needs_no_scrolling(chromium: Browser, complaints: list[str], tmp_path: Path) -> None:
    folders = picture_folders(tmp_path, 1)
    with (
        rating_server(folders, "--port=0") as (_, url),
        page_of(
            chromium, complaints, viewport={"width": 390, "height": 664}, has_touch=True, is_mobile=True
        ) as page,
    ):
        page.goto(url)
        page.get_by_label("Your name").fill("Ann")
        page.get_by_role("button", name="Go on").tap()
        page.get_by_role("button", name="Start").tap()
        for question, value in (("Translation", "10"), ("Difference", "3")):
            expect_question(page, question)
            page.get_by_role("radio", name=value, exact=True).tap()
            size = "e => [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight]"
            assert page.locator("html").evaluate(size) == [0, 0]
            page.get_by_role("button", name="Next").tap()
        expect(page.locator("#end")).to_be_visible()
    assert values(folders, "ann") == ["10", "3"]
