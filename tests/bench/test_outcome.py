"""What became of a sample: cut off, forced, settled by probes, brought out of a loop or not."""

from __future__ import annotations

import asyncio

import pytest

from mull import api
from mull.bench import outcome
from mull.bench.judge import Mark
from mull.engine.scripted import asked, scripted
from mull.guard.choose import guards
from mull.guard.rescue import LoopGuard
from mull.think.answer import Answer
from mull.think.line import Line
from mull.think.probes import Probes
from mull.think.trace import Trace

NUMBERS = " ".join(map(str, range(200)))
SCRIPT = {
    asked("ends"): "<think>\nhm\n</think>\n\nIt is \\boxed{4}.",
    asked("silent"): "<think>\nI have thought.\n",
    asked("long"): f"<think>\n{NUMBERS}",
    asked("circle"): "<think>\n" + "and again and again " * 99,
    "The answer is \\boxed{": "4}",
}


def answered(question: str, line: Line) -> tuple[Answer, Trace]:
    trace = Trace()
    answer = asyncio.run(api.answer(question, engine=scripted(SCRIPT, context=500), line=line, trace=trace))
    return answer, trace


@pytest.mark.parametrize(
    ("question", "line", "told"),
    [
        ("ends", Line(), "finished"),
        ("silent", Line(), "forced"),
        ("long", Line(), "closed"),
        ("long", Line(thinking=40), "closed"),
        ("long", Line(thinking=300, probes=Probes(every=16, after=16, agree=2)), "forced"),
        ("silent", Line(probes=Probes(every=64, after=200)), "forced"),
    ],
)
def test_thoughts_that_were_over_are_told_from_those_that_were_cut_off(
    question: str, line: Line, told: str
) -> None:
    assert outcome.status(*answered(question, line)) == told


def test_a_loop_counts_only_if_nothing_led_out_of_it() -> None:
    watched = Line(guards=guards("circle", loops="observe", language="off"))
    closed = Line(guards=(LoopGuard(rescues=0),))
    rewound = Line(guards=(LoopGuard(rescues=2),))
    assert outcome.looped(*answered("circle", watched))
    assert outcome.looped(*answered("circle", closed))
    assert not outcome.looped(*answered("circle", rewound))
    assert not outcome.looped(*answered("long", watched))
    assert not outcome.looped(*answered("ends", watched))


WRONG = Mark(False, True, "exact", "")


@pytest.mark.parametrize(
    ("mark", "status", "looped", "became"),
    [
        (Mark(True, True, "exact", ""), "cut", True, "right"),
        (Mark(None, True, "limit", ""), "closed", True, "undecided"),
        (WRONG, "closed", True, "looped"),
        (WRONG, "closed", False, "truncated"),
        (WRONG, "cut", False, "truncated"),
        (WRONG, "forced", False, "wrong"),
        (WRONG, "finished", False, "wrong"),
        (Mark(False, False, "none", ""), "finished", False, "no answer"),
        (Mark(False, False, "none", ""), "abstained", False, "no answer"),
        (Mark(False, True, "words", "", legible=False), "finished", False, "parse failure"),
    ],
)
def test_the_first_outcome_that_holds(mark: Mark, status: str, looped: bool, became: str) -> None:
    assert outcome.outcome(mark, status, looped=looped) == became
