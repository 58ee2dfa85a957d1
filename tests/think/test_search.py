"""Search: it finds the good branch for less than whole solutions cost, goes back, drops what is double."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mull.engine import Sampling
from mull.engine.local import LocalEngine
from mull.engine.scripted import asked, scripted
from mull.model.chat import Message
from mull.model.formats import Tagged, Tagless
from mull.think.budget import Budget
from mull.think.line import Line
from mull.think.question import Question
from mull.think.steps import Step, Steps
from tests.think.laws import ask, cancel

LONG = "".join(f"This is gone through for the {n} time.\n" for n in ("first", "second", "third", "last"))
SCRIPT: dict[str, Any] = {
    asked("product"): {"<think>\nFirst of all 6*7=45.\n": 6.0, "<think>\nFirst of all 6*7=42.\n": 1.0},
    "6*7=45.\n": f"{LONG}So it is 45.\n</think>\n\\boxed{{45}}.",
    "6*7=42.\n": f"{LONG}So it is 42.\n</think>\n\\boxed{{42}}.",
    asked("trap"): {"<think>\nLet us go left here.\n": 8.0, "<think>\nLet us go right here.\n": 1.0},
    "go left here.\n": {f"And there 2+2={n}, it seems.\n": 1.0 for n in range(5, 12)},
    "go right here.\n": "And there 2+2=4, it seems.\n</think>\n\\boxed{4}.",
    asked("lost"): "<think>\nWithout any doubt 2+2=5.\n</think>\n\\boxed{5}.",
    asked("sure"): "<think>\nThere is but one way to go.\nAnd this is where it ends.\n</think>\n\\boxed{7}.",
    "\n</think>\n\n": "So \\boxed{9}.",
}


def made(script: dict[str, Any] = SCRIPT, **options: Any) -> LocalEngine:
    return scripted(script, **{"sampling": Sampling(), "context": 8192, **options})


def test_the_good_branch_is_found_for_less_than_best_of_n_costs() -> None:
    """Even where that is told by the problem's own scorer which solution is right, and stops there."""
    problem = Question((Message("user", "product"),), score=lambda text: float("{42}" in text))
    spent = {"search": 0, "best": 0}
    for seed in range(4, 10):
        search = ask("product", made(), strategy="search", n=1, width=32, seats=1, seed=seed)
        best = ask(problem, made(), strategy="best", n=64, seats=1, seed=seed)
        assert (search.final, best.final) == ("42", "42")
        spent["search"] += search.ledger.generated
        spent["best"] += best.ledger.generated
    assert spent["search"] < spent["best"] / 2, spent


def test_a_minimum_of_thinking_is_that_of_all_steps_together() -> None:
    answer = ask("sure", made(), strategy="search", n=1, seats=1, line=Line(minimum=40))
    assert answer.final == "7"
    assert len(answer.thoughts) > 40
    assert "Wait" not in answer.thoughts


def test_steps_that_are_false_or_double_are_dropped() -> None:
    answer = ask("product", made(), strategy="search", n=1, width=16, seats=1, enough=2.0, seed=4)
    drops = [note["drop"] for note in answer.trace.notes("step")]
    assert {"worthless", "the same as a sibling", None} == set(drops)
    kept = [note for note in answer.trace.notes("step") if note["drop"] is None and note["depth"] == 1]
    assert len(kept) == 1  # one of sixteen: there is but one true first step
    assert answer.evidence[-1].verdict == "confirmed"


def test_where_all_steps_are_worthless_a_tree_goes_back() -> None:
    answer = ask("trap", made(), strategy="search", n=1, width=12, enough=2.0, seed=4)
    assert answer.final == "4"
    depths = [note["depth"] for note in answer.trace.notes("step")]
    assert depths.count(2) > 12  # left first, all of it false, then right


def test_a_good_step_is_not_kept_waiting_for_others() -> None:
    answer = ask("sure", made(), strategy="search", n=1, width=8, seats=1, enough=0.9)
    assert answer.final == "7"
    assert len(answer.trace.notes("step")) == 3
    patient = ask("sure", made(), strategy="search", n=1, width=8, seats=1, enough=2.0)
    assert len(patient.trace.notes("step")) > 8


def test_a_value_can_be_passed() -> None:
    class Right:
        async def judge(self, question: Question, step: Step) -> float:
            assert question.text == "trap"
            return 0.0 if "left" in step.text else 0.5

    answer = ask("trap", made(), strategy="search", n=2, width=12, value=Right(), seed=3)
    assert answer.final == "4"
    assert {note["value"] for note in answer.trace.notes("step")} == {0.0, 0.5}


def test_trees_that_come_to_nothing_still_leave_an_answer_that_says_so() -> None:
    answer = ask("lost", made(), strategy="search", n=2, width=2)
    assert answer.final == "5"
    assert [(one.check, one.verdict) for one in answer.evidence] == [
        ("search", "undecided"),
        ("claims", "contradicted"),
    ]


def test_a_step_that_is_capped_goes_on() -> None:
    answer = ask("sure", made(), strategy="search", n=1, steps=Steps(least=4, most=6))
    assert answer.thoughts == "There is but one way to go.\nAnd this is where it ends."
    whys = [r["event"]["why"] for r in answer.trace if r["op"] == "event" and r["event"]["type"] == "Paused"]
    assert "long" in whys


def test_thoughts_are_bounded_for_the_whole_of_a_chain() -> None:
    answer = ask("product", made(), strategy="search", n=1, width=16, line=Line(thinking=60), seed=4)
    assert (answer.status, answer.final) == ("closed", "9")
    assert len(answer.thoughts) <= 60


def test_a_greedy_engine_draws_its_steps() -> None:
    answer = ask("product", made(sampling=Sampling(temperature=0)), strategy="search", n=1, width=32, seed=4)
    assert answer.final == "42"


def test_models_of_every_format_are_searched() -> None:
    end = "\n\n**Final Answer**\n\n"
    script = {
        asked("product"): {"First of all 6*7=45.\n": 1.0, "First of all 6*7=42.\n": 1.0},
        "6*7=45.\n": f"So it is 45.{end}\\boxed{{45}}",
        "6*7=42.\n": f"So it is 42.{end}\\boxed{{42}}",
    }
    assert ask("product", made(script, format=Tagless()), strategy="search", width=12).final == "42"
    open = {f"{asked('product')}<think>\n": "First of all 6*7=42.\nSo.\n</think>\n\n\\boxed{42}"}
    assert ask("product", made(open, format=Tagged(starts_open=True)), strategy="search").final == "42"


def test_the_same_seed_gives_the_same_search_whatever_is_drawn_ahead() -> None:
    for question in ("product", "trap"):
        searches = [
            ask(question, made(), strategy="search", n=1, width=8, ahead=ahead, seed=4)
            for ahead in (1, 2, 8, 8)
        ]
        steps = [[(n["value"], n["drop"]) for n in each.trace.notes("step")] for each in searches]
        assert steps == [steps[0]] * 4
        assert {each.text for each in searches} == {searches[0].text}


@settings(max_examples=50)
@given(
    question=st.sampled_from(["product", "trap", "lost", "sure"]),
    tokens=st.integers(40, 2000),
    chains=st.none() | st.integers(1, 12),
    n=st.integers(1, 4),
    width=st.integers(1, 4),
    seats=st.integers(1, 8),
    ahead=st.integers(1, 4),
    least=st.integers(1, 24),
    seed=st.integers(0, 99),
    thinking=st.none() | st.integers(0, 60),
    pages=st.sampled_from([100, 2000]),
)
def test_the_laws(
    question: str, tokens: int, chains: int | None, n: int, width: int, seats: int, ahead: int, least: int,
    seed: int, thinking: int | None, pages: int,
) -> None:  # fmt: skip
    answer = ask(
        question, made(pages=pages, context=1600), strategy="search", n=n, width=width, seats=seats,
        ahead=ahead, steps=Steps(least=least, most=30), seed=seed, budget=Budget(tokens, chains=chains),
        line=Line(thinking=thinking),
    )  # fmt: skip
    assert answer.ledger.generated <= tokens
    assert chains is None or answer.ledger.chains <= chains


@settings(max_examples=30)
@given(moments=st.integers(0, 150), question=st.sampled_from(["product", "trap"]))
def test_cancelled_at_any_moment_everything_is_freed(moments: int, question: str) -> None:
    cancel(question, made(), moments, strategy="search")
