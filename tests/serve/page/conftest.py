"""A browser, for the tests marked `page`."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.serve.house import House

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium: the one that MULL_CHROMIUM names, or one on the path, or Playwright's own."""
    from playwright.sync_api import sync_playwright

    named = os.environ.get("MULL_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=named, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens the page of a server. Whatever goes wrong in it, or opens a dialog, fails the test."""
    wrong: list[str] = []
    contexts: list[Any] = []

    def open_page(served: House, **look: Any) -> Any:
        contexts.append(browser.new_context(**{"viewport": {"width": 1100, "height": 800}, **look}))
        page = contexts[-1].new_page()
        page.set_default_timeout(8000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
        page.goto(served.url)
        until(page, "document.querySelector('#model').textContent")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong


def until(page: Any, expression: str, seconds: float = 8) -> None:
    """Wait for it by asking again: the page's own policy lets nobody evaluate text inside it."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"not in {seconds} s: {expression}"
        page.wait_for_timeout(10)
