"""Plan: steps are carried out, a contradicted one leads to another plan, and steps may be votes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mull.engine import Sampling
from mull.engine.local import LocalEngine
from mull.engine.scripted import asked, scripted
from mull.model.chat import Message
from mull.model.formats import Tagless
from mull.think.answer import Answer
from mull.think.budget import Budget
from mull.think.check import check
from mull.think.line import Line
from mull.think.meter import Meter
from mull.think.plan import Work
from mull.think.plans import PLAN, listed
from mull.think.question import Question
from mull.think.search import search
from mull.think.think import think
from mull.think.trace import Trace
from mull.think.vote import vote
from tests.think.laws import ask, at_once, cancel

END = PLAN.format(question="", steps=6)[-40:]
GIVE = "\nGive its result in \\boxed{}."
TENS = "1. Take the tens.\n2. Add the ones.\n"
GUESS = "1. Guess it.\n"
WENT_WRONG = "This was tried and went wrong: Guess it. (6*17=112 is false: 102)"
SCRIPT: dict[str, Any] = {
    at_once(END): GUESS,
    at_once(f"{WENT_WRONG}{PLAN.format(question='', steps=6)}"): TENS,
    asked(f"Guess it.{GIVE}"): "<think>\n6*17=112.\n</think>\n\\boxed{112}.",
    asked(f"Take the tens.{GIVE}"): "<think>\n6*10=60.\n</think>\nThat makes \\boxed{60}",
    asked(f"Add the ones.{GIVE}"): "<think>\n6*7=42, 60+42=102.\n</think>\nIn all \\boxed{102}",
    "- Take the tens.\n  That makes \\boxed{60}\n- Add the ones.\n  In all \\boxed{102}<|im_end|>\n"
    "<|im_start|>assistant\n": "<think>\nSo.\n</think>\nIt is \\boxed{102}.",
    asked("What is 6*17?"): "<think>\nHm.\n</think>\nPerhaps \\boxed{112}.",
}
QUESTION = "What is 6*17?"


def made(script: dict[str, Any] = SCRIPT, **options: Any) -> LocalEngine:
    return scripted(script, **{"sampling": Sampling(temperature=0), "context": 8192, **options})


def plans(answer: Answer) -> list[list[str]]:
    return [note["steps"] for note in answer.trace.notes("plan")]


def test_a_contradicted_step_leads_to_another_plan() -> None:
    answer = ask(QUESTION, made(), strategy="plan", plans=1)
    assert answer.final == "102"
    assert plans(answer) == [["Guess it."], ["Take the tens.", "Add the ones."]]
    assert [(one.about, one.verdict) for one in answer.evidence] == [
        ("Guess it.", "contradicted"),
        ("Take the tens.", "confirmed"),
        ("Add the ones.", "confirmed"),
    ]


def test_later_steps_are_told_what_earlier_ones_found() -> None:
    engine = made()
    answer = ask(QUESTION, engine, strategy="plan", plans=1)
    prompts = [engine.tokenizer.decode(r["prompt"]) for r in answer.trace if r["op"] == "open"]
    (second,) = [prompt for prompt in prompts if "only this step now: Add the ones." in prompt]
    assert "- Take the tens.\n  That makes \\boxed{60}" in second
    assert "112" not in second


def test_without_another_plan_the_answer_is_told_what_went_wrong() -> None:
    script = {
        **SCRIPT,
        asked(f"What is 6*17?\n\n{WENT_WRONG}"): "<think>\nNot that.\n</think>\n\\boxed{102}.",
    }
    answer = ask(QUESTION, made(script), strategy="plan", plans=1, replans=0)
    assert (answer.final, answer.thoughts) == ("102", "Not that.")


BOTH = {**SCRIPT, at_once(END): {GUESS: 1.0, TENS: 1.0}}


def test_the_model_chooses_among_different_plans() -> None:
    which = "Answer with its number in \\boxed{}."
    chosen = {
        **BOTH,
        f"Plan 2:\n{TENS}\nWhich one leads to the right answer most surely? {which}<|im_end|>\n"
        "<|im_start|>assistant\n": "<think>\n\n</think>\n\\boxed{2}",
        f"Plan 2:\n{GUESS}\nWhich one leads to the right answer most surely? {which}<|im_end|>\n"
        "<|im_start|>assistant\n": "<think>\n\n</think>\n\\boxed{1}",
    }
    answer = ask(QUESTION, made(chosen), strategy="plan", plans=6, seed=1)
    assert answer.final == "102"
    assert len(plans(answer)) == 6
    assert answer.trace.notes("choose")[0]["of"] == 2  # equal plans are one
    assert [one.verdict for one in answer.evidence] == ["confirmed", "confirmed"]


def test_or_the_answer_that_most_of_them_lead_to_decides() -> None:
    tried = {
        **BOTH,
        at_once(END): {GUESS: 1.0, TENS: 1.0, "1. Add six 17s.\n": 1.0},
        asked(
            "Follow this plan, and be brief:\n1. Guess it.\n\nGive the answer in \\boxed{}."
        ): "\\boxed{112}",
        asked("1. Take the tens.\n2. Add the ones.\n\nGive the answer in \\boxed{}."): "\\boxed{102}",
        asked("1. Add six 17s.\n\nGive the answer in \\boxed{}."): "\\boxed{102}",
        asked(f"Add six 17s.{GIVE}"): "<think>\n6*17=102.\n</think>\n\\boxed{102}.",
    }
    answer = ask(QUESTION, made(tried), strategy="plan", plans=8, choice="vote", seed=1)
    note = answer.trace.notes("choose")[0]
    assert note["of"] == 3
    assert answer.evidence[0].about != "Guess it."
    assert answer.ledger.tokens.check > 0


def test_steps_may_be_votes() -> None:
    most = {
        "<think>\nA\n</think>\nThat makes \\boxed{60}": 4.0,
        "<think>\nB\n</think>\n\\boxed{70}": 1.0,
    }
    split = {**SCRIPT, at_once(END): TENS, asked(f"Take the tens.{GIVE}"): most}
    answer = ask(QUESTION, made(split, sampling=Sampling()), strategy="plan", plans=1, step=vote, seed=2)
    assert answer.final == "102"
    piles = answer.trace.notes("vote")[-5]["piles"]
    assert piles[0][0] == "60"
    assert len(piles) == 2 or len(answer.trace.notes("vote")) >= 8


def test_a_model_that_makes_no_plans_answers_as_it_was_asked() -> None:
    answer = ask(QUESTION, made({asked(QUESTION): "<think>\nHm.\n</think>\n\\boxed{102}."}), strategy="plan")
    assert answer.final == "102"
    assert [(one.check, one.verdict) for one in answer.evidence] == [("plan", "not run")]


def test_a_tagless_model_plans_too() -> None:
    end = "**Final Answer**\n\n"
    script = {
        f"{asked(END)}\n\n{end}": TENS,
        asked(f"Take the tens.{GIVE}"): f"6*10=60.\n\n{end}That makes \\boxed{{60}}",
        asked(f"Add the ones.{GIVE}"): f"60+42=102.\n\n{end}In all \\boxed{{102}}",
        "In all \\boxed{102}<|im_end|>\n<|im_start|>assistant\n": f"So.\n\n{end}\\boxed{{102}}",
    }
    answer = ask(QUESTION, made(script, format=Tagless()), strategy="plan", plans=1)
    assert answer.final == "102"
    assert [one.verdict for one in answer.evidence] == ["confirmed", "confirmed"]


def test_results_that_leave_no_room_for_an_answer_are_forgotten() -> None:
    work = Work(Question.of(QUESTION), results=[("Look it up.", "long " * 90)])
    trace = Trace()
    assert work.told(Meter(made(context=4096), trace=trace), Line()).text == work.known
    assert work.told(Meter(made(context=512), trace=trace), Line()).text == QUESTION
    assert len(trace.notes("forgotten")) == 1


@settings(max_examples=40)
@given(
    tokens=st.integers(60, 2500),
    chains=st.none() | st.integers(1, 8),
    plans=st.integers(1, 3),
    choice=st.sampled_from(["model", "vote"]),
    step=st.sampled_from([think, vote, check, search]),
    seed=st.integers(0, 99),
    thinking=st.none() | st.integers(0, 40),
)
def test_the_laws(
    tokens: int,
    chains: int | None,
    plans: int,
    choice: str,
    step: Any,
    seed: int,
    thinking: int | None,
) -> None:
    answer = ask(
        QUESTION, made(BOTH, sampling=Sampling()), strategy="plan", plans=plans, choice=choice, seed=seed,
        budget=Budget(tokens, chains=chains), line=Line(thinking=thinking), step=step,
    )  # fmt: skip
    assert answer.ledger.generated <= tokens
    assert chains is None or answer.ledger.chains <= chains


@settings(max_examples=30)
@given(moments=st.integers(0, 120), step=st.sampled_from([think, vote, check, search]))
def test_cancelled_at_any_moment_everything_is_freed(moments: int, step: Any) -> None:
    cancel(QUESTION, made(BOTH), moments, strategy="plan", step=step)


@pytest.mark.parametrize(
    ("text", "whole", "steps"),
    [
        ("Plan:\n1. Add.\n2) Take away.\nStep 3: Look.", True, ("Add.", "Take away.", "Look.")),
        ("1. Add.\n2. Take aw", False, ("Add.",)),
        ("1. Add.\n2. Take away.\nThen", False, ("Add.", "Take away.")),
        ("Just add.", True, ()),
    ],
)
def test_the_steps_of_a_plan_are_its_numbered_lines(text: str, whole: bool, steps: tuple[str, ...]) -> None:
    assert listed(text, whole=whole) == steps


def test_a_question_in_a_conversation_keeps_what_was_said_before() -> None:
    turns = (Message("user", "Hi"), Message("assistant", "Hello"), Message("user", QUESTION))
    engine = made()
    answer = ask(Question(turns), engine, strategy="plan", plans=1)
    prompts = [engine.tokenizer.decode(r["prompt"]) for r in answer.trace if r["op"] == "open"]
    assert all("Hello" in prompt for prompt in prompts)
