"""One line of thought: least and most thinking, the soft zone, the switching penalty, guards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

import mull
from mull.engine import Chain, Event, Sampling
from mull.engine.scripted import CONTROL, asked, scripted
from mull.engine.watch import Look, Watch
from mull.guard.policy import Close, Drop, GoOn, Note, Policy, Remedy
from mull.model.formats import Format, Kind, Tagged, Tagless
from mull.think.answer import Answer
from mull.think.line import Line
from mull.think.tip import Tip, first_tokens

GREEDY = Sampling(temperature=0)
CLOSE = 256 + CONTROL.index("</think>")
SCRIPT: dict[str, Any] = {
    asked("short"): "<think>\nYes.\n</think>\n\\boxed{1}.",
    asked("endless"): "<think>\n" + "and so on, " * 60,
    asked("open"): "Yes.\n\n**Final Answer**\n\n\\boxed{1}",
    "Wait": ", no.\n</think>\n\\boxed{2}.",
    "Hm": "\n\n**Final Answer**: \\boxed{2}",
    "\n</think>\n\n": "So \\boxed{3}.",
    "**Final Answer**\n\n": "\\boxed{3}",
    asked("switch"): {"<think>\nWait, ": 1.0, "<think>\nGood.\n</think>\n\\boxed{4}.": 0.4},
    asked("bad"): "<think>\nfine BAD worse\n</think>\n\\boxed{9}.",
    "fine good": "\n</think>\n\\boxed{5}.",
}
TAGGED = Tagged(starts_open=False)


def ask(question: str, line: Line, format: Format = TAGGED, **options: Any) -> Answer:
    engine = scripted(SCRIPT, format=format, sampling=GREEDY, context=4096)
    answer = asyncio.run(mull.answer(question, engine=engine, line=line, **options))
    assert engine.memory.pages.used == 0
    assert answer.ledger.tokens == engine.statistics.spend
    return answer


def test_thinking_can_be_bounded() -> None:
    answer = ask("endless", Line(thinking=40))
    assert (answer.final, answer.status) == ("3", "closed")
    assert 25 < len(answer.thoughts) <= 40


def test_no_thinking_answers_at_once() -> None:
    answer = ask("endless", Line(thinking=0))
    assert (answer.final, answer.thoughts) == ("3", "")


@pytest.mark.parametrize("opens", [True, False])
def test_thoughts_are_closed_once(opens: bool) -> None:
    engine = scripted(
        {"<think>\n\n</think>\n\n": "\\boxed{6}."}, format=Tagged(starts_open=opens), sampling=GREEDY
    )
    answer = asyncio.run(mull.answer("endless", engine=engine, line=Line(thinking=0)))
    assert (answer.thoughts, answer.text) == ("", "\\boxed{6}.")


def test_an_effort_is_a_share_of_the_context() -> None:
    assert len(ask("endless", Line(), effort="minimal").thoughts) <= 4096 // 16
    assert ask("endless", Line(), effort="none").thoughts == ""


def test_too_early_an_end_is_taken_back() -> None:
    answer = ask("short", Line(minimum=12))
    assert answer.final == "2"
    assert answer.thoughts == "Yes.\nWait, no."
    assert answer.ledger.tokens.discarded == 2  # the line's end, and the tag


def test_a_tagless_model_is_held_to_its_minimum_too() -> None:
    answer = ask("open", Line(minimum=7, again="\nHm"), format=Tagless())
    assert answer.final == "2"
    assert answer.thoughts.startswith("Yes.\nHm")


def test_an_end_after_the_minimum_stands() -> None:
    assert ask("short", Line(minimum=3)).final == "1"


def test_towards_its_limit_the_closing_tag_becomes_likelier() -> None:
    """In the script every other token is 50 nats away; a steep enough bias reaches it before the limit."""
    line = Line(thinking=200, soft=0.5)
    import mull.think.line as module

    module_bias, module.SOFT_BIAS = module.SOFT_BIAS, 15.0
    try:
        answer = ask("endless", line)
    finally:
        module.SOFT_BIAS = module_bias
    assert answer.status == "finished"
    assert 150 < len(answer.thoughts) < 185


def test_tip_holds_a_thought_together() -> None:
    assert ask("switch", Line()).thoughts.startswith("Wait")
    assert ask("switch", Line(tip=Tip(words=("W",)))).final == "4"
    assert ask("switch", Line(tip=Tip(words=("W",), tokens=2))).thoughts.startswith("Wait")


def test_the_first_tokens_of_words() -> None:
    engine = scripted({})
    assert first_tokens(engine.tokenizer, ("wait",)) == frozenset()  # one byte is no sign of a word
    assert first_tokens(engine.tokenizer, ("w",)) == {ord("w"), ord("W")}


@dataclass(frozen=True)
class Bad(Event):
    pass


@dataclass(frozen=True)
class SeesBad:
    every: int = 1

    def start(self, chain: Chain) -> Look:
        return lambda: Bad(len(chain)) if chain.text.endswith("BAD") else None


@dataclass(frozen=True)
class Guarding:
    """A guard that rewinds over BAD, then asks for this."""

    remedy: Remedy
    words: str = ""

    @property
    def watches(self) -> Sequence[Watch]:
        return (SeesBad(),)

    def start(self) -> Policy:
        def policy(chain: Chain, event: Event, part: Kind, note: Note) -> Remedy | None:
            if not isinstance(event, Bad):
                return None
            assert part == "thought"
            note("bad", chain, at=event.at)
            chain.rewind(event.at - 3)
            chain.say(self.words)
            return self.remedy

        return policy


def test_a_guard_can_mend_and_go_on() -> None:
    answer = ask("bad", Line(guards=(Guarding(GoOn(), "good"),)))
    assert (answer.thoughts, answer.final) == ("fine good", "5")
    assert answer.trace.notes("bad")[0]["chain"] == 0


def test_a_guard_can_forbid_what_came_next() -> None:
    answer = ask("bad", Line(guards=(Guarding(GoOn(forbid=(ord("B"),))),)))
    assert "BAD" not in answer.thoughts


def test_a_guard_can_close_the_thoughts() -> None:
    answer = ask("bad", Line(guards=(Guarding(Close()),)))
    assert (answer.thoughts, answer.final, answer.status) == ("fine", "3", "closed")


def test_a_guard_can_give_a_chain_up() -> None:
    answer = ask("bad", Line(guards=(Guarding(Drop("bad")),)))
    assert answer.status == "dropped"
    assert answer.text


@pytest.mark.parametrize("remedy", [GoOn(), Close()])
def test_what_is_shown_ends_in_what_is_answered(remedy: Remedy) -> None:
    shown: list[str] = []
    answer = ask(
        "bad",
        Line(guards=(Guarding(remedy, "good"),)),
        show=lambda piece: shown.append(piece.text) if piece.kind == "answer" else None,
    )
    assert "".join(shown).strip() == answer.text
