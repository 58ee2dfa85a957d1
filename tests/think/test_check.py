"""Check: false arithmetic is taken back, facts are asked again without the draft, findings change answers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mull.engine import Sampling
from mull.engine.local import LocalEngine
from mull.engine.scripted import asked, scripted
from mull.model.formats import Format, Tagged, Tagless
from mull.think.budget import Budget
from mull.think.check import thoughts_end
from mull.think.facts import agree, listed
from mull.think.line import Line
from tests.think.laws import ask, at_once, cancel

LIST = at_once("In which year was the Eiffel Tower finished? 1889")
BEGIN = asked("Answer in a few words, in \\boxed{}: When did it begin?")
PLACE = asked("Answer in a few words, in \\boxed{}: Where was it?")
SCRIPT: dict[str, Any] = {
    asked("product"): {
        "<think>\n6*7=45. So it is 45.\n</think>\n\\boxed{45}.": 9.0,
        "<think>\n6*7=42. So it is 42.\n</think>\n\\boxed{42}.": 1.0,
    },
    asked("stubborn"): {
        "<think>\n6*7=45. So it is 45.\n</think>\n\\boxed{45}.": 1.0,
        "<think>\n6*7=42. So it is 42.\n</think>\n\\boxed{42}.": 1e-9,
    },
    asked("late"): "<think>\nHm\n</think>\n6*7=45",
    asked("year"): "<think>\nI recall.\n</think>\nIt began in \\boxed{1912}.",
    "It began in \\boxed{1912}.\n\nWhich": "",
    LIST: "1. When did it begin? 1912.\n2. Where was it? Marie Curie\n",
    BEGIN: "<think>\nHm.\n</think>\n\\boxed{1914}",
    PLACE: "<think>\nHm.\n</think>\n\\boxed{Curie}",
    "asked on its own, it is 1914.\n": "I was wrong.\n</think>\nIt began in \\boxed{1914}.",
    "Checked: 6*7=42.\n": "Right.\n</think>\n\\boxed{42}",
}


def made(script: dict[str, Any] = SCRIPT, **options: Any) -> LocalEngine:
    return scripted(script, **{"sampling": Sampling(temperature=0), "context": 4096, **options})


def test_false_arithmetic_is_drawn_again_from_just_before_it() -> None:
    answer = ask("product", made(sampling=Sampling()), strategy="check", facts=0, seed=5)
    assert (answer.final, answer.thoughts) == ("42", "6*7=42. So it is 42.")
    repairs = [one for one in answer.evidence if one.verdict == "contradicted"]
    assert [one.about for one in repairs] == ["6*7=45"] * len(repairs)
    assert answer.evidence[-1].verdict == "confirmed"
    assert answer.ledger.tokens.check == 0
    assert answer.ledger.tokens.discarded > 0


def test_what_comes_out_false_again_and_again_is_stated_by_force() -> None:
    answer = ask("stubborn", made(), strategy="check", facts=0)
    assert (answer.final, answer.thoughts) == ("42", "6*7=42. So it is 42.")
    assert [one.found for one in answer.evidence][:3] == [
        "it is 42; rewound",
        "it is 42; rewound",
        "it is 42; stated by force",
    ]
    assert [note["did"] for note in answer.trace.notes("claim")] == ["rewound", "rewound", "stated by force"]
    assert answer.ledger.tokens.forced == len("6*7=42")


def test_what_is_false_at_the_very_end_is_thought_over_with_the_finding_stated() -> None:
    answer = ask("late", made(), strategy="check", facts=0)
    assert answer.final == "42"
    assert answer.thoughts == "Hm\nChecked: 6*7=42.\nRight."
    assert answer.trace.notes("again")[0]["findings"] == ["6*7=42"]


def test_facts_are_asked_without_the_draft_and_a_contradicted_one_changes_the_answer() -> None:
    engine = made()
    answer = ask("year", engine, strategy="check")
    assert answer.final == "1914"
    verdicts = {one.about: one.verdict for one in answer.evidence if one.check == "fact"}
    assert verdicts == {"When did it begin?": "contradicted", "Where was it?": "confirmed"}
    asides = [r for r in answer.trace if r["op"] == "open" and r["counted"] == "check"]
    assert len(asides) == 4  # the list, and one fact twice since it takes two to contradict
    for aside in asides[1:]:
        assert "1912" not in engine.tokenizer.decode(aside["prompt"])
    assert answer.ledger.tokens.check > 0


def test_one_opinion_alone_contradicts_nothing() -> None:
    split = {**SCRIPT, BEGIN: {f"<think>\nHm.\n</think>\n\\boxed{{{year}}}": 1.0 for year in range(1, 400)}}
    answer = ask("year", made(split, sampling=Sampling()), strategy="check")
    assert answer.final == "1912"
    told = next(one for one in answer.evidence if one.about == "When did it begin?")
    assert told.verdict == "undecided"


def test_a_model_that_lists_nothing_is_said_to_have_listed_nothing() -> None:
    answer = ask("year", made({**SCRIPT, LIST: "I cannot."}), strategy="check")
    assert answer.final == "1912"
    assert [(one.check, one.verdict) for one in answer.evidence] == [
        ("facts", "not run"),
        ("claims", "not run"),
    ]


def test_without_budget_for_checks_the_draft_stands_and_says_so() -> None:
    alone = ask("year", made(), strategy="think").ledger.generated
    answer = ask("year", made(), strategy="check", max_tokens=alone + 40)
    assert answer.final == "1912"
    assert answer.evidence[0].verdict == "not run"
    answer = ask("year", made(), strategy="check", budget=Budget(chains=1))
    assert (answer.final, answer.ledger.chains) == ("1912", 1)


def test_a_tagless_model_is_checked_too() -> None:
    script: dict[str, Any] = {
        asked("product"): "Well, 6*7=45. So it is 45.\n\n**Final Answer**\n\n\\boxed{45}",
        "Well, 6*7=42": ". So it is 42.\n\n**Final Answer**\n\n\\boxed{42}",
        asked("late"): "Hm.\n\n**Final Answer**\n\n6*7=45",
        "Checked: 6*7=42.\n": "\n**Final Answer**\n\n\\boxed{42}",
    }
    for question in ("product", "late"):
        answer = ask(question, made(script, format=Tagless()), strategy="check", facts=0)
        assert answer.final == "42"


@settings(max_examples=40)
@given(
    question=st.sampled_from(["product", "stubborn", "late", "year"]),
    tokens=st.integers(40, 900),
    chains=st.none() | st.integers(1, 5),
    seed=st.integers(0, 99),
    thinking=st.none() | st.integers(0, 40),
    pages=st.sampled_from([200, 2000]),
)
def test_the_laws(
    question: str, tokens: int, chains: int | None, seed: int, thinking: int | None, pages: int
) -> None:
    engine = made(sampling=Sampling(), pages=pages)
    budget = Budget(tokens, chains=chains)
    answer = ask(question, engine, strategy="check", budget=budget, seed=seed, line=Line(thinking=thinking))
    assert answer.ledger.generated <= tokens
    assert chains is None or answer.ledger.chains <= chains


@settings(max_examples=30)
@given(moments=st.integers(0, 60), question=st.sampled_from(["stubborn", "year"]))
def test_cancelled_at_any_moment_everything_is_freed(moments: int, question: str) -> None:
    cancel(question, made(), moments, strategy="check")


def test_facts_are_lines_with_a_question_and_an_answer() -> None:
    text = (
        "Sure:\n1. When? \n- Who found radium, and when? Marie Curie, in 1898.\n2) Where was it? Paris\nWhy?"
    )
    assert [(fact.asked, fact.said) for fact in listed(text)] == [
        ("Who found radium, and when?", "Marie Curie, in 1898"),
        ("Where was it?", "Paris"),
    ]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("1912", "1912.0", True), ("Curie", "Marie Curie", True), ("in Paris", "Paris", True),
     ("1912", "1914", False), ("Paris", "not Paris", False), ("Paris", "", False)],
)  # fmt: skip
def test_short_answers_agree_if_one_says_what_the_other_says(one: str, other: str, same: bool) -> None:
    assert agree(one, other) is same


@pytest.mark.parametrize(
    ("format", "said", "before"),
    [
        (Tagged(starts_open=False), "<think>\nHm.\n</think>\n\\boxed{1}", "<think>\nHm."),
        (Tagged(starts_open=True), "Hm.\n\n</think>\n\n\\boxed{1}", "Hm."),
        (Tagged(starts_open=False), "\\boxed{1}", ""),
        (Tagless(), "Hm.\n\n**Final Answer**\n\n\\boxed{1}", "Hm."),
        (Tagless(), "Hm.\n\nSo \\boxed{1}", "Hm."),
    ],
)
def test_where_the_thoughts_end(format: Format, said: str, before: str) -> None:
    async def program() -> str:
        engine = made({"?": said}, format=format)
        async with engine.open(list(b"?")) as chain:
            await chain.think()
            return engine.tokenizer.decode(chain.ids[1 : thoughts_end(chain)])

    assert asyncio.run(program()) == before
