"""The model writes a program that checks an answer, on the scripted engine."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mull.check import code
from mull.check.program import Check
from mull.engine import Sampling
from mull.engine.local import LocalEngine
from mull.engine.scripted import asked, scripted
from mull.errors import MullError
from mull.think import program
from mull.think.answer import Evidence
from mull.think.budget import Budget
from mull.think.meter import Meter
from mull.think.question import Question
from mull.think.trace import Trace

CODE = "```python\nprint(6 * 7)\n```"


def made(said: str) -> LocalEngine:
    key = asked("Put the code in one block that begins with ```python.")
    return scripted({key: f"<think>\nHm.\n</think>\n{said}"}, sampling=Sampling(temperature=0), context=8192)


def ask(
    said: str = CODE, answer: str = "42", budget: Budget | None = None, **options: Any
) -> tuple[Evidence, Meter, Trace]:
    engine, trace = made(said), Trace()
    meter = Meter(engine, budget, trace=trace)
    evidence = asyncio.run(
        program.by_program(Question.of("What is six times seven?"), answer, meter, **options)
    )
    assert engine.memory.pages.used == 0
    assert meter.ledger.tokens == engine.statistics.spend
    return evidence, meter, trace


@pytest.mark.parametrize(
    ("said", "answer", "verdict", "found"),
    [
        (CODE, "42", "confirmed", "42"),
        (CODE, "43", "contradicted", "42"),
        ("```python\n1 / 0\n```", "42", "undecided", "ZeroDivisionError"),
        ("```python\nwhile True: pass\n```", "42", "undecided", "limit"),
        ("It is \\boxed{42}.", "42", "not run", "the model wrote no program"),
    ],
)
def test_the_evidence(said: str, answer: str, verdict: str, found: str) -> None:
    evidence, meter, _ = ask(said, answer)
    assert (evidence.check, evidence.about, evidence.verdict) == ("program", answer, verdict)
    assert found in evidence.found
    assert meter.ledger.tokens.check > 0
    assert meter.ledger.tokens.sampled == 0


def test_the_program_stands_in_the_trace_and_its_writer_has_not_seen_the_answer() -> None:
    _, meter, trace = ask(answer="987654321")
    assert trace.notes("program")[0]["code"] == "print(6 * 7)\n"
    (opened,) = [record for record in trace.records if record["op"] == "open"]
    assert "987654321" not in meter.tokenizer.decode(opened["prompt"])


@pytest.mark.parametrize("budget", [Budget(tokens=5), Budget(tokens=500, chains=1)])
def test_a_spent_budget_runs_nothing(budget: Budget) -> None:
    meter = Meter(made(CODE), budget)

    async def later() -> Evidence:
        async with meter.open([1]):
            return await program.by_program(Question.of("What is six times seven?"), "42", meter)

    evidence = asyncio.run(later())
    assert (evidence.verdict, evidence.found) == ("not run", "the budget was spent")


def test_without_monty_nothing_is_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> str:
        raise MullError(code.INSTALL)

    monkeypatch.setattr(program, "monty_binary", missing)
    engine = made(CODE)
    with pytest.raises(MullError, match="pip install"):
        asyncio.run(program.by_program(Question.of("x"), "42", Meter(engine)))
    assert engine.statistics.spend.generated == 0


def ran(answer: str, *_: object) -> Check:
    return Check("confirmed", answer, code.Result("value", "monty", answer))


@settings(deadline=None, max_examples=60)
@given(tokens=st.integers(1, 400), said=st.sampled_from([CODE, "None.", "and so on, " * 50]))
def test_the_budget_is_never_exceeded(tokens: int, said: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "check", ran)
        _, meter, _ = ask(said, budget=Budget(tokens=tokens))
    assert meter.ledger.generated <= tokens


@settings(deadline=None, max_examples=30)
@given(turns=st.integers(0, 150))
def test_cancelled_at_any_moment_it_holds_no_page(turns: int) -> None:
    engine = made(CODE)

    async def cancelled() -> None:
        asking = program.by_program(Question.of("What is six times seven?"), "42", Meter(engine))
        task = asyncio.create_task(asking)
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "check", ran)
        asyncio.run(cancelled())
    assert engine.memory.pages.used == 0
