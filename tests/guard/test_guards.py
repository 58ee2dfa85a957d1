"""The guards of language and of claims, on the scripted engine."""

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
from mull.guard.claims import ClaimGuard
from mull.guard.lock import LanguageGuard
from mull.guard.policy import Guard
from mull.guard.tables import unlikely
from mull.model.formats import Tagged
from mull.model.tokenizer import ALPHABET, Tokenizer
from mull.think.answer import Answer
from mull.think.line import Line

LATIN = frozenset({"Latin"})
CHINESE = "我们来看一下这个问题的答案是什么呢我想应该先算一下"
SCRIPT: dict[str, Any] = {
    asked("drift"): {
        f"<think>\nLet us see. {CHINESE}\n</think>\nSeven.": 1.0,
        "<think>\nLet us see. We think.\n</think>\nSeven.": 1e-6,
    },
    asked("answer"): {
        f"<think>\nSo.\n</think>\nIt is {CHINESE}": 1.0,
        "<think>\nSo.\n</think>\nIt is seven.": 1e-6,
    },
    asked("sum"): {
        "<think>\n6*7=45\n</think>\n\\boxed{45}.": 1.0,
        "<think>\n6*7=42\n</think>\n\\boxed{42}.": 0.4,
    },
    asked("sure"): "<think>\n6*7=45\nyes\n</think>\n\\boxed{45}.",
    "6*7=42": "\nyes\n</think>\n\\boxed{42}.",
    "\n</think>\n\n": "So \\boxed{3}.",
}


def made() -> LocalEngine:
    return scripted(SCRIPT, format=Tagged(starts_open=False), sampling=Sampling(temperature=0), context=2048)


def ask(question: str, *guards: Guard, **options: Any) -> Answer:
    engine = made()
    answer = asyncio.run(mull.answer(question, engine=engine, line=Line(guards=guards), **options))
    assert engine.memory.pages.used == 0
    assert answer.ledger.tokens == engine.statistics.spend
    return answer


def did(answer: Answer, kind: str) -> list[str]:
    return [note["did"] for note in answer.trace.notes(kind)]


def test_thoughts_may_switch_but_are_told_of() -> None:
    answer = ask("drift", LanguageGuard(LATIN))
    assert set(did(answer, "language")) == {"nothing"}
    assert CHINESE in answer.thoughts


def test_thoughts_are_held_to_their_script_on_request() -> None:
    answer = ask("drift", LanguageGuard(LATIN, thoughts=True))
    assert did(answer, "language") == ["rewound"]
    assert (answer.thoughts, answer.text) == ("Let us see. We think.", "Seven.")


def test_answers_are_held_to_it() -> None:
    answer = ask("answer", LanguageGuard(LATIN))
    assert did(answer, "language") == ["rewound"]
    assert answer.text == "It is seven."
    assert CHINESE[:4] in ask("answer", LanguageGuard(LATIN, act=False)).text


def test_a_bias_covers_letters_and_the_first_bytes_of_them() -> None:
    tokenizer = made().tokenizer
    han, cyrillic = unlikely(tokenizer, "Han"), unlikely(tokenizer, "Cyrillic")
    for letter in CHINESE:
        assert letter.encode()[0] in han
    for letter in "привет":
        assert letter.encode()[0] in cyrillic
    for letter in "seven 7²":
        assert letter.encode()[0] not in {**han, **cyrillic}


def test_a_false_claim_is_said_anew() -> None:
    answer = ask("sum", ClaimGuard(temperature=1.5), seed=1)
    assert answer.final == "42"
    assert did(answer, "claim")[0] == "rewound"


def test_after_two_failures_the_value_is_stated_by_force() -> None:
    answer = ask("sure", ClaimGuard())
    assert did(answer, "claim") == ["rewound", "rewound", "stated by force"]
    assert (answer.thoughts, answer.final) == ("6*7=42\nyes", "42")
    assert answer.trace.notes("claim")[-1]["value"] == "42"


def test_observed_claims_are_only_told_of() -> None:
    answer = ask("sure", ClaimGuard(act=False))
    assert did(answer, "claim") == ["nothing"]
    assert answer.final == "45"
    assert answer.ledger.tokens.discarded == 0


@settings(deadline=None, max_examples=40)
@given(
    question=st.sampled_from(["drift", "answer", "sum", "sure"]),
    tokens=st.integers(40, 300),
    strategy=st.sampled_from(["think", "vote", "auto"]),
    seed=st.integers(0, 99),
)
def test_the_laws_hold_under_all_guards(question: str, tokens: int, strategy: str, seed: int) -> None:
    guards = (LanguageGuard(LATIN, thoughts=True), ClaimGuard())
    options = {} if strategy == "think" else {"n": 4, "seats": 2}
    answer = ask(question, *guards, max_tokens=tokens, strategy=strategy, seed=seed, **options)
    assert answer.ledger.generated <= tokens


@pytest.mark.parametrize("guard", [LanguageGuard(LATIN), ClaimGuard()])
def test_what_is_in_order_is_not_touched(guard: Guard) -> None:
    with_guard, without = ask("sum", guard, seed=4), ask("sum", seed=4)
    if not with_guard.trace.notes():
        assert with_guard.text == without.text


@pytest.mark.parametrize(
    ("said", "stated"),
    [
        ("6*7=45", "6*7=42"),
        ("6 * 7 = 45", "6 * 7 = 42"),
        ("45 = 6*7", "42 = 6*7"),
        ("So 2+2 = 5.", "So 2+2 = 4."),
        ("1/3 + 1/3 = 1/3", "1/3 + 1/3 = 2/3"),
        ("3*4 > 20", "3*4 > 20"),  # there is no one right value
    ],
)
def test_what_is_stated_by_force_is_the_same_claim_made_true(said: str, stated: str) -> None:
    script = {
        asked("q"): f"<think>\n{said}\nyes\n</think>\n\\boxed{{1}}.",
        stated.rstrip("."): ("." if stated.endswith(".") else "") + "\nyes\n</think>\n\\boxed{1}.",
    }
    engine = scripted(script, format=Tagged(starts_open=False), sampling=Sampling(temperature=0))
    answer = asyncio.run(mull.answer("q", engine=engine, line=Line(guards=(ClaimGuard(),))))
    assert answer.thoughts == f"{stated}\nyes"
    assert did(answer, "claim")[-1] == ("nothing" if said == stated else "stated by force")


def test_where_latin_is_foreign_variables_commands_and_control_tokens_are_left_alone() -> None:
    tokenizer = made().tokenizer
    latin = unlikely(tokenizer, "Latin")
    assert ord("x") not in latin
    assert ord("T") in latin
    assert latin.keys().isdisjoint(tokenizer.control.values())


def test_a_token_that_ends_in_the_first_byte_of_a_letter_is_unlikely_too() -> None:
    letters = {byte: letter for letter, byte in ALPHABET.items()}
    space, lead = letters[ord(" ")], letters["们".encode()[0]]
    parts = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    vocab = {**ALPHABET, space + lead: 256}
    model = {"type": "BPE", "vocab": vocab, "merges": [f"{space} {lead}"]}
    tokenizer = Tokenizer({"pre_tokenizer": parts, "decoder": parts, "model": model})
    assert 256 in unlikely(tokenizer, "Han")
    assert 256 not in unlikely(tokenizer, "Cyrillic")
