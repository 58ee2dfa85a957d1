"""What a user sees of many chains: one line that is made from the trace, and a line for each intervention."""

from __future__ import annotations

import asyncio
import io
import sys
from typing import Any

import pytest

import mull
from mull.cli.live import Live
from mull.cli.notes import told
from mull.engine import Sampling
from mull.engine.scripted import asked, scripted
from mull.guard.claims import ClaimGuard
from mull.think.line import Line
from mull.think.rules import Unanimous
from mull.think.trace import Trace

SCRIPT: dict[str, Any] = {asked("sum"): {"<think>\n6*7=45\n</think>\n\\boxed{45}.": 1.0,
                                         "<think>\n6*7=42\n</think>\n\\boxed{42}.": 1.0}}  # fmt: skip


def trace_of(live: Live, **options: Any) -> Trace:
    trace = Trace(listen=live.hear)
    engine = scripted(SCRIPT, sampling=Sampling())
    asyncio.run(mull.answer("sum", engine=engine, trace=trace, **options))
    return trace


def test_the_line_counts_chains_votes_and_tokens() -> None:
    live = Live(quiet=True)
    trace_of(live, strategy="vote", n=6, seats=3, rule=Unanimous(99), line=Line())
    assert live.line.startswith("0 of 7 chains think · votes: ")
    assert "tokens" in live.line


def test_the_line_fits_and_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("mull.cli.live.EVERY", 0.0)
    live = Live(quiet=False)
    trace_of(live, strategy="vote", n=3, seats=3, line=Line())
    live.clear()
    pictures = screen.getvalue().split("\r\x1b[K")
    assert len(pictures) > 5
    assert all(len(picture.replace("\x1b[2m", "").replace("\x1b[0m", "")) < 40 for picture in pictures)
    assert pictures[-1] == "\x1b[2m\x1b[0m"


def test_one_chain_needs_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    trace_of(Live(quiet=False))
    assert capsys.readouterr().err == ""


def test_each_intervention_is_a_line() -> None:
    trace = trace_of(Live(quiet=True), line=Line(guards=(ClaimGuard(tries=0),)), seed=5, strategy="best", n=4)
    lines = [line for note in trace.notes() if (line := told(note))]
    assert lines
    assert all(line == "[claim: 6*7=45 is false; it is 42, stated by force]" for line in lines)


@pytest.mark.parametrize(
    ("note", "line"),
    [
        (dict(kind="loop", did="rewound", copies=3, period=44), "[loop: 3 copies of 44 tokens, rewound]"),
        (dict(kind="loop", did="nothing", copies=3, period=44), "[loop: 3 copies of 44 tokens]"),
        (
            dict(kind="language", did="rewound", part="answer", left="Latin", found="Han"),
            "[language: the answer went from Latin to Han, rewound]",
        ),
        (dict(kind="claim", did="nothing", text="2+2=5", value="4"), "[claim: 2+2=5 is false; it is 4]"),
        (dict(kind="auto", chose="vote", why="it is not sure"), "[auto: vote, it is not sure]"),
        (dict(kind="vote", answer="7"), None),
    ],
)
def test_the_lines(note: dict[str, Any], line: str | None) -> None:
    assert told(note) == line
