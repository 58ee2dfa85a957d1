"""Loops in the answer, and what guards leave as it is, on the scripted engine."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mull
from mull.engine import Sampling
from mull.engine.scripted import asked, scripted
from mull.guard.loops import Loops
from mull.guard.rescue import LoopGuard
from mull.model.formats import Format, Tagged, Tagless
from mull.think.answer import Answer
from mull.think.bar import Bar
from mull.think.line import Line
from mull.think.tip import Tip

CIRCLE = "round and "
FAR = CIRCLE * 60
AGAIN = "It is \\boxed{4}. " * 60
WAYS = {"": 1.0, "+": 1e-3, "+-": 1e-6}  # into the same circle
OPEN = "So it is then.\n\n**Final Answer**\n\n"
SCRIPT: dict[str, Any] = {
    asked("sure"): {f"<think>\nHm.\n</think>\n{way}{AGAIN}": weight for way, weight in WAYS.items()},
    asked("unsure"): {f"<think>\nHm.\n</think>\n{FAR}": 1.0, "<think>\nHm.\n</think>\n\\boxed{5}.": 0.01},
    asked("long"): "<think>\n" + "".join(f"{n} and " for n in range(200)),
    asked("tagless"): OPEN * 30,
    asked("turns"): {
        f"<think>\nSo.{FAR}": 1.0,
        "<think>\nSo.Wait, no.\n</think>\n\\boxed{6}.": 0.01,
        f"<think>\nSo.+{FAR}": 0.001,
    },
    "\n</think>\n\n": {f"{way}{AGAIN}": weight for way, weight in WAYS.items()},
}
RESCUES = (0, 1, 2)


def guard(rescues: int = 2) -> LoopGuard:
    return LoopGuard(rescues=rescues, loops=Loops(shortest=40))


def ask(question: str, *guards: LoopGuard, format: Format | None = None, **options: Any) -> Answer:
    engine = scripted(
        SCRIPT, format=format or Tagged(starts_open=False), sampling=Sampling(temperature=0), context=2048
    )
    line = options.pop("line", Line(guards=guards))
    answer = asyncio.run(mull.answer(question, engine=engine, line=line, **options))
    assert engine.memory.pages.used == 0
    assert answer.ledger.tokens == engine.statistics.spend
    return answer


def did(answer: Answer) -> list[str]:
    return [note["did"] for note in answer.trace.notes("loop")]


@pytest.mark.parametrize("rescues", RESCUES)
def test_an_answer_that_says_itself_over_and_over_is_said_once(rescues: int) -> None:
    answer = ask("sure", guard(rescues))
    assert did(answer) == ["rewound"] * rescues + ["ended after its first copy"]
    assert answer.text.count("boxed") == 1
    assert (answer.final, answer.status, answer.thoughts) == ("4", "finished", "Hm.")


def test_no_sentence_is_put_into_an_answer() -> None:
    answer = ask("sure", guard(2))
    assert "circles" not in answer.text
    assert answer.ledger.tokens.forced == 0


def test_a_rewind_in_the_answer_leads_to_another_one() -> None:
    answer = ask("unsure", guard(1))
    assert did(answer) == ["rewound"]
    assert (answer.final, answer.thoughts) == ("5", "Hm.")


@pytest.mark.parametrize("rescues", RESCUES)
def test_behind_thoughts_that_were_closed_a_rewind_stays_in_the_answer(rescues: int) -> None:
    answer = ask("long", guard(rescues), line=Line(thinking=100, answer=400, guards=(guard(rescues),)))
    assert did(answer) == ["rewound"] * rescues + ["ended after its first copy"]
    assert answer.thoughts.startswith("0 and 1 and")
    assert answer.final == "4"


def test_a_loop_from_thoughts_into_the_answer_is_undone_in_the_answer() -> None:
    """A tagless text that repeats its marker, so that the first copy began in the thoughts."""
    answer = ask("tagless", guard(0), format=Tagless())
    assert did(answer)[0] == "given up"  # it has no box
    assert answer.status == "dropped"
    rescued = ask("tagless", guard(1), format=Tagless())
    assert did(rescued)[0] == "rewound"
    assert rescued.thoughts.startswith("So it is then.")


def test_the_penalty_on_turning_is_lifted_where_a_loop_was() -> None:
    """Otherwise it would keep the chain from the word that leads out of its circle, and in it."""
    line = Line(tip=Tip(penalty=20.0, words=("W",), tokens=2000), guards=(guard(1),))
    answer = ask("turns", line=line)
    assert did(answer) == ["rewound"]
    assert (answer.thoughts, answer.final) == ("So.Wait, no.", "6")


def test_a_bar_leaves_an_answer_alone() -> None:
    """Thoughts below the bar are closed; the answer after them is drawn to its end."""
    engine = scripted(
        {
            asked("q"): {f"<think>\n{FAR}": 1.0, "<think>\nOh.\n</think>\n\\boxed{7}.": 1.0},
            "\n</think>\n\n": "So it is \\boxed{7}, as was to be shown in a sentence longer than a window.",
        },
        sampling=Sampling(),
        context=2048,
    )
    bar = Bar(keep=0.1, window=8, after=1)
    answer = asyncio.run(mull.answer("q", engine=engine, strategy="vote", n=8, seats=1, bar=bar))
    assert {note["answer"] for note in answer.trace.notes("vote")} == {"7"}


@settings(deadline=None, max_examples=40)
@given(
    question=st.sampled_from(["sure", "unsure", "long", "turns"]),
    tokens=st.integers(40, 900),
    rescues=st.integers(0, 3),
    thinking=st.none() | st.integers(0, 300),
    tip=st.none() | st.just(Tip(words=("W",), tokens=50)),
)
def test_the_laws_hold(
    question: str, tokens: int, rescues: int, thinking: int | None, tip: Tip | None
) -> None:
    line = Line(thinking=thinking, tip=tip, guards=(guard(rescues),))
    answer = ask(question, line=line, max_tokens=tokens)
    assert answer.ledger.generated <= tokens
    assert len([one for one in did(answer) if one.startswith("rewound")]) <= 3 * (rescues + 1)
    assert answer.text
