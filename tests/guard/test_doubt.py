"""A suspicion of going in circles is looked into by probes before anything is done."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mull
from mull.cli.notes import told
from mull.engine import Sampling
from mull.engine.scripted import asked, scripted
from mull.guard.loops import Repetition
from mull.guard.policy import Doubt
from mull.guard.rescue import LoopGuard
from mull.think.answer import Answer
from mull.think.line import Line
from mull.think.probes import LEAD, Probes

CIRCLES = "".join(f"Or, said for the {n}th time, the sum has to be seven.\n" for n in range(40))
SCRIPT: dict[str, Any] = {
    asked("sum"): f"<think>\n{CIRCLES}</think>\n\\boxed{{8}}.",
    LEAD: "7}.",
    "\n</think>\n\n": "So \\boxed{7}.",
}
GUARD = LoopGuard(
    repetition=Repetition(chars=300, ratio=3.0, rest=96, every=16), doubt=Doubt(every=64, agree=3, most=5)
)


def ask(
    guard: LoopGuard = GUARD, script: dict[str, Any] = SCRIPT, *, probes: Probes | None = None, **options: Any
) -> Answer:
    engine = scripted(script, sampling=Sampling(temperature=0), context=4096)
    line = Line(guards=(guard,), probes=probes)
    answer = asyncio.run(mull.answer("sum", engine=engine, line=line, **options))
    assert engine.memory.pages.used == 0
    assert answer.ledger.tokens == engine.statistics.spend
    return answer


def did(answer: Answer) -> list[str]:
    return [note["did"] for note in answer.trace.notes("suspicion")]


def test_thoughts_that_repeat_much_and_answer_the_same_are_closed() -> None:
    answer = ask()
    assert did(answer) == ["probed", "closed"]
    assert len(answer.trace.notes("probe")) == 3
    assert (answer.final, answer.status) == ("7", "closed")
    assert len(answer.thoughts) < len(CIRCLES) / 2
    line = told(answer.trace.notes("suspicion")[-1])
    assert line == "[loop: the thoughts repeat much of themselves, and 3 probes say 7; closed]"


def test_thoughts_without_an_answer_yet_are_left_alone() -> None:
    answer = ask(script={**SCRIPT, LEAD: "what"})
    assert set(did(answer)) == {"probed"}
    assert (answer.final, answer.status) == ("8", "finished")
    assert answer.thoughts == CIRCLES.strip()


def test_a_doubt_ends_after_so_many_probes_and_may_come_again() -> None:
    answer = ask(script={**SCRIPT, LEAD: "what"})
    doubts, probes = len(did(answer)), len(answer.trace.notes("probe"))
    assert doubts > 1
    assert 5 * (doubts - 1) < probes <= 5 * doubts


def test_answers_that_change_are_no_evidence() -> None:
    numbers = {f"{n}th time, the sum has to be seven.": n for n in range(40)}
    changing = {f"{text}\n\n</think>\n\n{LEAD}": f"{n}}}." for text, n in numbers.items()}
    answer = ask(script={**SCRIPT, LEAD: "what", **changing})
    assert (answer.final, answer.status) == ("8", "finished")


@pytest.mark.parametrize("guard", [replace(GUARD, act=False), replace(GUARD, doubt=None)])
def test_who_only_looks_on_probes_nothing(guard: LoopGuard) -> None:
    answer = ask(guard)
    assert set(did(answer)) == {"nothing"}
    assert not answer.trace.notes("probe")
    assert answer.final == "8"


def test_probes_that_were_asked_for_go_on_as_they_are() -> None:
    answer = ask(script={**SCRIPT, LEAD: "what"}, probes=Probes(every=200, after=200))
    assert "probed" in did(answer)
    assert len(answer.trace.notes("probe")) == len(CIRCLES) // 200


@given(tokens=st.integers(60, 1500), strategy=st.sampled_from(["think", "vote"]))
def test_the_laws_hold_while_a_chain_is_in_doubt(tokens: int, strategy: str) -> None:
    options = {"n": 3, "seats": 2} if strategy == "vote" else {}
    answer = ask(max_tokens=tokens, strategy=strategy, **options)
    assert answer.ledger.generated <= tokens
    assert answer.text
