"""The page's three files: small, without markup made from text, and nothing a strict policy would refuse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mull

PAGE = Path(mull.__file__).parent / "serve" / "page"
FILES = {name: (PAGE / name).read_text("utf-8") for name in ("index.html", "page.js", "page.css")}
MAKES_MARKUP = (
    "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "createContextualFragment", "DOMParser",
    "setHTML", "srcdoc", "eval(", "new Function", "javascript:",
)  # fmt: skip


def test_there_are_three_small_files() -> None:
    assert {path.name for path in PAGE.iterdir()} == set(FILES)
    assert sum(path.stat().st_size for path in PAGE.iterdir()) < 60 << 10


@pytest.mark.parametrize("word", MAKES_MARKUP)
def test_text_never_becomes_markup(word: str) -> None:
    assert not [name for name, text in FILES.items() if word in text]


def test_nothing_is_fetched_from_elsewhere() -> None:
    for name, text in FILES.items():
        assert not re.findall(r"https?://|@import|url\(", text), name


def test_the_content_policy_refuses_nothing_of_it() -> None:
    html = FILES["index.html"]
    assert not re.findall(r"\sstyle=|\son\w+=|<style", html)
    assert re.findall(r"<script[^>]*>[^<]*", html) == ['<script type="module" src="page.js">']
    assert 'setAttribute("style' not in FILES["page.js"]


def test_every_element_that_is_looked_for_is_there() -> None:
    wanted = set(re.findall(r'\$\("([\w-]+)"\)', FILES["page.js"]))
    assert wanted - set(re.findall(r'\bid="([\w-]+)"', FILES["index.html"])) == set()
