"""The report: what it says, and that hostile text stays text."""

import base64
import gzip
import json
import re
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from mull.bench.published import Published, published
from mull.bench.record import Item
from mull.bench.report import report
from mull.bench.report.html import Html, join, tag
from mull.bench.statistics import wilson
from mull.cli.main import cli
from mull.errors import MullError
from tests.bench.runs import made, one, write

BAD = '<script>alert(1)</script><img src=x onerror="alert(2)">\'"&'


class Tags(HTMLParser):
    """Every element of a page, with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def named(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag == name]


def chains(page: str) -> dict[str, Any]:
    """The JSON that page.js unpacks."""
    letters = re.search(r'id="chains">([^<]*)<', page)
    assert letters is not None
    plain: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(letters[1])))
    return plain


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    """In every place where a model, a data set or a user can write."""
    items = [Item(BAD, BAD, BAD, BAD), Item("b", "\ud83d", "4", "other")]
    samples = [
        one(
            BAD,
            0,
            "r",
            text="😀 \\boxed{4} " + BAD,
            span=(2, 11),
            thoughts=BAD,
            reason=BAD,
            final=BAD,
            status=BAD,
        ),
        one("b", 0, "e", error=BAD),
        one("b", 1, "w"),
    ]
    told = {"suite": BAD, "prompt": BAD, "options": {BAD: BAD}, "model": {"name": BAD}, "rights": BAD}
    run = write(tmp_path / "<b>run", items, samples, **told)
    page = report([run, run], title=BAD).decode()
    tags = Tags(page)
    assert not tags.named("img")
    assert [each.get("type") for each in tags.named("script")] == ["text/plain", None]
    assert not [
        attributes for _, attributes in tags.found if any(name.startswith("on") for name in attributes)
    ]
    assert {each.get("href") for each in tags.named("a")} == set()
    sample = chains(page)["runs"][0]["items"][0]["samples"][0]
    assert sample["text"] == ["😀 ", "\\boxed{4}", " " + BAD]
    assert sample["thoughts"] == BAD


def test_only_the_pages_own_script_may_run(tmp_path: Path) -> None:
    page = report([made(tmp_path, {"a": "r"})]).decode()
    [script] = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    allowed = base64.b64encode(sha256(script.encode()).digest()).decode()
    policies = [each["content"] for each in Tags(page).named("meta") if "http-equiv" in each]
    assert policies == [
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'; base-uri 'none'"
    ]
    assert "innerHTML" not in script
    assert "http" not in script


@given(st.lists(st.text(max_size=8), max_size=4))
def test_whatever_is_put_in_comes_out_as_text(texts: list[str]) -> None:
    seen: list[str] = []
    parser = HTMLParser()
    parser.handle_data = seen.append  # type: ignore[method-assign]
    page = tag("p", *texts, title="".join(texts))
    parser.feed(page)
    parser.close()
    assert page.count("<") == 2
    assert "".join(seen) == "".join(texts)
    assert join([Html("<b>"), "<b>", None, 3]) == "<b>&lt;b&gt;3"


def test_the_numbers_stand_in_it(tmp_path: Path) -> None:
    groups = {"a": "sums/1", "b": "sums/2", "c": "words/1"}
    run = made(tmp_path, {"a": "rrwt", "b": "wlnu", "c": "rrre"}, groups=groups)
    page = report([run]).decode()
    for words in ("50.0 %", "questions like these", "still to be drawn: 1", "maj@k", "truncated",
                  "undecided", "words", "Accuracy against tokens", run.manifest.hash):  # fmt: skip
        assert words in page
    assert page == report([run]).decode()  # the same run, the same bytes


def test_runs_side_by_side(tmp_path: Path) -> None:
    ours, theirs = (
        made(tmp_path / "ours", {"a": "r", "b": "r"}),
        made(tmp_path / "theirs", {"a": "r", "b": "w"}),
    )
    other = made(tmp_path / "other", {"a": "w"}, data="e" * 64)
    page = report([ours, theirs, other]).decode()
    assert "ours − theirs" in page
    assert "+50.0" in page
    assert "other questions" in page  # why those two are not compared
    assert [run["name"] for run in chains(page)["runs"]] == ["ours", "theirs", "other"]


@pytest.mark.parametrize(
    ("suite", "samples", "known"),
    [("aime24", None, True), ("aime24", 1, True), ("aime24", 64, False), ("livecodebench", 1, False)],
)
def test_a_published_figure_of_one_sample_has_an_interval(
    suite: str, samples: int | None, known: bool
) -> None:
    row = Published(suite, "a model", 0.5, samples, "a table", "a link", "nothing")
    assert row.interval == (wilson(15, 30) if known else None)


def test_published_figures_are_marked(tmp_path: Path) -> None:
    page = report([made(tmp_path, {"a": "rw"}, suite="aime24")]).decode()
    assert "Quoted, not measured here" in page
    assert "QwQ-32B-Preview" in page
    assert "samples, sampling and grader were not published" in page
    assert "33.2–66.8" in page  # 15 of 30
    assert published("gsm8k") == []
    assert all(0 < row.right < 1 and row.unknown and row.link for row in published("gpqa"))


def test_without_texts(tmp_path: Path) -> None:
    run = made(tmp_path, {"a": "rw"})
    page = report([run], texts=False).decode()
    assert "What is a?" not in page
    assert "<script" not in page
    assert "50.0 %" in page


def test_long_thoughts_are_shortened(tmp_path: Path) -> None:
    run = write(tmp_path, [Item("a", "", "4")], [one("a", 0, "r", thoughts="b" + "x" * 500 + "e")])
    page = report([run], longest=100).decode()
    thoughts = chains(page)["runs"][0]["items"][0]["samples"][0]["thoughts"]
    assert thoughts.startswith("b")
    assert thoughts.endswith("e")
    assert "402 characters are left out" in thoughts
    assert "may not be copied" in page


def test_the_command(tmp_path: Path) -> None:
    made(tmp_path / "run", {"a": "rw"})
    out = tmp_path / "report.html"
    said = CliRunner().invoke(
        cli, ["bench", "report", str(tmp_path / "run"), "-o", str(out), "--title", "Mine"]
    )
    assert said.exit_code == 0, said.output
    assert "<title>Mine</title>" in out.read_text()
    failed = CliRunner().invoke(
        cli, ["bench", "report", str(tmp_path / "run"), "-o", str(tmp_path / "no" / "x")]
    )
    assert "cannot be written" in str(failed.exception)
    with pytest.raises(MullError, match="takes a run"):
        report([])
