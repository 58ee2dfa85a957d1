"""The report in a browser: what can be clicked does what it says, and hostile text stays text there, too."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mull.bench.record import Item, Run
from mull.bench.report import report
from tests.bench.runs import made, one, write

pytestmark = pytest.mark.page
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BAD = "<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">"

Open = Callable[..., Any]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens a report of runs. Whatever goes wrong in the page fails the test."""
    from playwright.sync_api import sync_playwright

    named = os.environ.get("MULL_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=named, args=["--no-sandbox"])

        def open_report(*runs: Run, **look: Any) -> Any:
            out = tmp_path / "report.html"
            out.write_bytes(report(runs))
            page = browser.new_context(**look).new_page()
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("console", lambda said: wrong.append(said.text))
            page.goto(out.as_uri())
            page.wait_for_selector(".question")
            return page

        yield open_report
        browser.close()
    assert not wrong


def count(page: Any) -> str:
    said: str = page.locator("#count").text_content()
    return said.split(".")[0]


def test_filters_and_chains(opened: Open, tmp_path: Path) -> None:
    groups = {"a": "easy", "b": "hard", "c": "hard"}
    run = made(tmp_path / "run", {"a": "rrw", "b": "wtn", "c": "rrr"}, groups=groups)
    page = opened(run, made(tmp_path / "other", {"x": "w"}))
    assert count(page) == "9 chains of 3 questions"
    page.get_by_role("button", name="right").first.click()
    assert count(page) == "4 chains of 2 questions"
    page.get_by_label("group", exact=True).select_option("hard")
    assert count(page) == "3 chains of 1 questions"
    page.locator(".samples button").first.click()
    assert page.locator(".chain mark").text_content() == "\\boxed{5}"
    page.locator(".samples button").first.click()
    assert page.locator(".chain").count() == 0
    page.get_by_label("run", exact=True).select_option("1")
    assert count(page) == "1 chains of 1 questions"
    page.get_by_label("search").fill("nowhere")
    page.wait_for_selector(".question", state="detached")
    assert count(page) == "0 chains of 0 questions"


def test_more_questions_are_shown_when_asked_for(opened: Open, tmp_path: Path) -> None:
    page = opened(made(tmp_path / "run", {f"q{number}": "r" for number in range(45)}))
    shown = [page.locator(".question").count()]
    while page.locator("#more").count():
        page.locator("#more").click()
        shown.append(page.locator(".question").count())
    assert shown == [20, 40, 45]


def test_hostile_text_stays_text(opened: Open, tmp_path: Path) -> None:
    sample = one(BAD, 0, "r", thoughts=BAD, text="😀 \\boxed{4}" + BAD, span=(2, 11), final=BAD, reason=BAD)
    page = opened(write(tmp_path / "run", [Item(BAD, BAD, BAD, BAD)], [sample], suite="sums"))
    page.locator(".samples button").first.click()
    assert page.title() == "sums"
    assert page.locator("img").count() == 0
    assert page.locator(".chain mark").text_content() == "\\boxed{4}"
    assert page.locator("pre.thoughts").text_content() == BAD


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_small_screens_and_colours(opened: Open, tmp_path: Path, scheme: str) -> None:
    run = made(tmp_path / "run", {"a": "rrw", "b": "wtn"}, suite="aime24")
    page = opened(run, viewport={"width": 360, "height": 640}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(21, 24, 28)"}[scheme]
