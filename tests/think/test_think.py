"""One chain from question to answer, on the scripted engine."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import mull
from mull.engine import Sampling
from mull.engine.scripted import asked, scripted
from mull.errors import MullError
from mull.model.chat import Message
from mull.model.formats import Piece, Tagged, Tagless
from mull.think.answer import NO_ANSWER, Answer
from mull.think.line import Line

GREEDY = Sampling(temperature=0)
LONG = "and so on, " * 40
SCRIPT = {
    asked("easy"): "<think>\nNothing to it.\n</think>\nIt is \\boxed{1}.",
    asked("endless"): f"<think>\n{LONG}",
    asked("silent"): "",
    asked("thoughtful"): "<think>\nHm.",
    asked("babble"): f"<think>\nYes.\n</think>\n{LONG}",
    "\n</think>\n\n": "So \\boxed{2}.",
}


def ask(question: Any, **options: Any) -> Answer:
    format = options.pop("format", Tagged(starts_open=False))
    engine = scripted(SCRIPT, format=format, sampling=GREEDY, context=options.pop("context", 4096))
    options.setdefault("line", Line())  # no guards
    answer = asyncio.run(mull.answer(question, engine=engine, **options))
    assert engine.memory.pages.used == 0
    assert answer.ledger.tokens == engine.statistics.spend
    return answer


def test_thoughts_and_answer_come_apart() -> None:
    answer = ask("easy")
    assert (answer.thoughts, answer.text, answer.final) == ("Nothing to it.", "It is \\boxed{1}.", "1")
    assert answer.status == "finished"
    assert 0.99 < answer.confidence <= 1


@pytest.mark.parametrize("max_tokens", [60, 100, 300])
def test_thinking_that_leaves_no_room_is_closed_and_answered(max_tokens: int) -> None:
    answer = ask("endless", max_tokens=max_tokens)
    assert answer.status == "closed"
    assert answer.thoughts.startswith("and so on")
    assert answer.text == "So \\boxed{2}."
    assert answer.ledger.generated <= max_tokens


def test_a_full_context_still_leaves_room_for_the_answer() -> None:
    answer = ask("endless", context=256)
    assert (answer.status, answer.final) == ("closed", "2")


def test_an_answer_that_never_ends_is_cut_and_says_so() -> None:
    answer = ask("babble", max_tokens=80)
    assert answer.status == "cut"
    assert answer.ledger.tokens.sampled == 80
    assert answer.text.startswith("and so on")


def test_a_turn_that_ends_in_its_thoughts_is_closed_and_answered() -> None:
    answer = ask("thoughtful")
    assert (answer.status, answer.thoughts, answer.final) == ("closed", "Hm.", "2")
    assert answer.ledger.tokens.discarded == 1


def test_an_answer_is_never_empty() -> None:
    assert ask("silent").text == NO_ANSWER


def test_a_tagless_model_answers_after_its_marker() -> None:
    script = {asked("easy"): "First this, then that.\n\n**Final Answer**\n\n\\boxed{1}"}
    engine = scripted(script, format=Tagless(), sampling=GREEDY)
    answer = mull.ask("easy", engine=engine)
    assert (answer.thoughts, answer.final) == ("First this, then that.", "1")


def test_what_is_shown_is_what_is_answered() -> None:
    shown: list[Piece] = []
    answer = ask("endless", max_tokens=100, show=shown.append)
    assert "".join(piece.text for piece in shown if piece.kind == "answer").strip() == answer.text
    assert "".join(piece.text for piece in shown if piece.kind == "thought").strip() == answer.thoughts


def test_a_conversation_is_answered_at_its_last_message() -> None:
    turns = [Message("user", "endless"), Message("assistant", "no"), Message("user", "easy")]
    assert ask(turns).final == "1"


@pytest.mark.parametrize(
    ("question", "options", "message"),
    [
        ("", {}, "empty"),
        ([], {}, "empty"),
        ("   ", {}, "empty"),
        ("easy", {"max_tokens": 3}, "too few"),
        ("easy " * 2000, {}, "context"),
    ],
)
def test_what_cannot_be_answered_is_refused(question: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(MullError, match=message):
        ask(question, **options)
