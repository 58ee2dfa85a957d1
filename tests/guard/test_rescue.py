"""The ladder out of a loop, on the scripted engine."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mull
from mull.engine import Sampling
from mull.engine.local import LocalEngine
from mull.engine.scripted import asked, scripted
from mull.guard.loops import Loops
from mull.guard.rescue import REDIRECT, LoopGuard
from mull.model.formats import Tagged
from mull.think.answer import Answer
from mull.think.line import Line

CIRCLE = "round and "
FAR = CIRCLE * 60
TABLE = "".join(f"{n} times 7 is {7 * n}\n" for n in range(60))
SCRIPT: dict[str, Any] = {
    asked("stuck"): {
        f"<think>\nA good start. {FAR}": 1.0,
        "<think>\nA good start.\nSo it is.\n</think>\n\\boxed{1}.": 0.01,
    },
    asked("stubborn"): {f"<think>\nA good start. {FAR}": 1.0, f"<think>\nA good start.\n{FAR}": 0.01},
    REDIRECT: "Now it is clear.\n</think>\n\\boxed{2}.",
    asked("mad"): f"<think>\nHm. {FAR}",
    "\n</think>\n\n": "So \\boxed{3}.",
    asked("babbler"): f"<think>\nHm.\n</think>\n{FAR}",
    asked("table"): f"<think>\n{TABLE}</think>\n\\boxed{{4}}.",
}
GUARD = LoopGuard(loops=Loops(shortest=40))


def made(script: dict[str, Any] = SCRIPT) -> LocalEngine:
    return scripted(script, format=Tagged(starts_open=False), sampling=Sampling(temperature=0), context=2048)


def ask(question: str, guard: LoopGuard = GUARD, **options: Any) -> Answer:
    engine = made()
    answer = asyncio.run(mull.answer(question, engine=engine, line=Line(guards=(guard,)), **options))
    assert engine.memory.pages.used == 0
    assert answer.ledger.tokens == engine.statistics.spend
    return answer


def did(answer: Answer) -> list[str]:
    return [note["did"] for note in answer.trace.notes("loop")]


def test_another_way_out_of_where_the_loop_began_is_enough() -> None:
    answer = ask("stuck")
    assert did(answer) == ["rewound"]
    assert (answer.thoughts, answer.final, answer.status) == ("A good start.\nSo it is.", "1", "finished")
    assert answer.ledger.tokens.discarded >= 40


def test_a_stubborn_chain_is_told() -> None:
    answer = ask("stubborn")
    assert did(answer)[:2] == ["rewound", "rewound and redirected"]
    assert answer.final == "2"
    assert "circles" in answer.thoughts


def test_then_it_has_to_answer_from_the_good_part() -> None:
    answer = ask("mad", LoopGuard(loops=Loops(shortest=40), rescues=0))
    assert did(answer) == ["rewound and closed"]
    assert (answer.thoughts, answer.final, answer.status) == ("Hm.", "3", "closed")


def test_a_loop_in_the_answer_is_given_up_and_the_chain_begun_anew() -> None:
    answer = ask("babbler", LoopGuard(loops=Loops(shortest=40), rescues=0))
    assert answer.status == "dropped"
    assert answer.ledger.chains == 3


def test_without_a_guard_the_same_chain_runs_to_its_end() -> None:
    answer = asyncio.run(mull.answer("mad", engine=made(), line=Line()))
    assert answer.ledger.tokens.sampled > 500


def test_a_table_is_no_loop() -> None:
    answer = ask("table")
    assert did(answer) == []
    assert answer.final == "4"


def test_observing_changes_nothing() -> None:
    seen = ask("mad", LoopGuard(loops=Loops(shortest=40), act=False), max_tokens=400)
    assert set(did(seen)) == {"nothing"}
    assert seen.ledger.tokens.discarded == 0


@settings(deadline=None, max_examples=40)
@given(
    question=st.sampled_from(sorted(q.partition("<")[0] for q in SCRIPT if "assistant" in q)),
    tokens=st.integers(40, 900),
    rescues=st.integers(0, 3),
    strategy=st.sampled_from(["think", "vote"]),
)
def test_the_laws_hold_under_rescue(question: str, tokens: int, rescues: int, strategy: str) -> None:
    guard = LoopGuard(rescues=rescues, loops=Loops(shortest=40))
    options = {"n": 4, "seats": 2} if strategy == "vote" else {}
    answer = ask(question, guard, max_tokens=tokens, strategy=strategy, **options)
    assert answer.ledger.generated <= tokens
    assert answer.text


@pytest.mark.parametrize("rescues", [0, 1, 2])
def test_no_chain_is_rewound_more_often_than_allowed(rescues: int) -> None:
    mad = {f"<think>\nHm. {FAR}": 1.0, f"<think>\nHm.\n{FAR}": 0.01}
    engine = made({**SCRIPT, asked("mad"): mad, REDIRECT: FAR})
    line = Line(guards=(LoopGuard(rescues=rescues, loops=Loops(shortest=40)),))
    answer = asyncio.run(mull.answer("mad", engine=engine, line=line))
    assert did(answer).count("rewound") + did(answer).count("rewound and redirected") == rescues
    assert answer.final == "3"
