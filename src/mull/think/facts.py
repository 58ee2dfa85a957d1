"""Statements of fact behind an answer: the model lists them as questions and answers each without the draft.

Chain-of-verification in its factored form, Dhuliawala et al. 2023, arXiv 2309.11495: what is asked on its own
is answered better than what is asked beside a draft, which the model tends to repeat. Listing such questions
needs a model that follows instructions; small reasoning models such as the embedded one list none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from mull.engine.sampling import mix
from mull.think.answer import Evidence
from mull.think.aside import ask_aside
from mull.think.line import Draft, Line
from mull.think.meter import Meter
from mull.think.question import Question
from mull.think.seats import Seats
from mull.think.votes import equal

LIST = """{question}

This answer was given:
{answer}

Which statements of fact does it rest on? For each of them, {most} at most, write one line: a question that \
can be understood and answered without having seen the answer, and behind it what the answer says, in a few \
words. For example:
In which year was the Eiffel Tower finished? 1889"""
ASK = "Answer in a few words, in \\boxed{{}}: {asked}"
THINKING = 256  # tokens of thought for one of these questions, at most
OPINIONS = 2  # that must agree with each other before they contradict the draft
_LINE = re.compile(r"^\s*(?:[-*•]|\d+[.)])?\s*([^?？\n]{4,}[?？])[ \t]*(\S[^\n]*?)[ \t]*$", re.MULTILINE)
_WORD = re.compile(r"\w+")
_NOT = frozenset({"not", "no", "never", "none"})


@dataclass(frozen=True, slots=True)
class Fact:
    """What is asked, and what the draft says to it."""

    asked: str
    said: str


async def look_up(
    question: Question, draft: Draft, meter: Meter, line: Line, *, seed: int, most: int, seats: int = 4
) -> list[Evidence]:
    """What asking for each listed fact on its own found; where there are none, evidence that says why."""
    asked = LIST.format(question=question.text, answer=draft.text, most=most)
    listing = await ask_aside(
        question, asked, meter, replace(line, thinking=0), seed=seed, boxed_is_enough=False
    )
    if listing is None:
        return [Evidence("facts", "the answer", "not run", "the budget was spent")]
    facts = listed(listing.text)[:most]
    if not facts:
        return [Evidence("facts", "the answer", "not run", "the model listed nothing to be checked")]
    thinking = THINKING if line.thinking is None else min(THINKING, line.thinking)
    short = replace(line, thinking=thinking)

    async def opinion(number: int) -> Evidence:
        found = await _opinions(facts[number], question, meter, short, mix(seed, number))
        meter.note("check", check=found.check, about=found.about, verdict=found.verdict, found=found.found)
        return found

    async with Seats(opinion, total=len(facts), seats=seats, in_order=True) as run:
        return [found async for found in run]


async def _opinions(fact: Fact, question: Question, meter: Meter, line: Line, seed: int) -> Evidence:
    """The first answer that agrees with the draft confirms it; it takes several equal ones to contradict."""
    about, heard = fact.asked, list[str]()
    for turn in range(OPINIONS):
        draft = await ask_aside(
            question, ASK.format(asked=fact.asked), meter, line, seed=mix(seed, turn), diverse=turn > 0
        )
        if draft is None:
            return Evidence("fact", about, "not run", "the budget was spent")
        if draft.final is None:
            return Evidence("fact", about, "undecided", "asked on its own, the model gave no answer")
        if agree(fact.said, draft.final):
            return Evidence("fact", about, "confirmed", f"{fact.said}; asked on its own, the same")
        heard.append(draft.final)
    if all(agree(heard[0], other) for other in heard):
        return Evidence("fact", about, "contradicted", f"not {fact.said}: asked on its own, it is {heard[0]}")
    return Evidence("fact", about, "undecided", f"{fact.said}; asked on its own, {' or '.join(heard)}")


def listed(text: str) -> list[Fact]:
    """The lines that have a question and something behind it."""
    return [Fact(asked.strip(), said.rstrip(".")) for asked, said in _LINE.findall(text)]


def agree(one: str, other: str) -> bool:
    """Whether two short answers say the same, or one says what the other says and more: "Curie" does not
    contradict "Marie Curie"."""
    if equal(one, other):
        return True
    words, others = (frozenset(_WORD.findall(text.lower())) for text in (one, other))
    return bool(words and others) and (words <= others or others <= words) and not (words ^ others) & _NOT
