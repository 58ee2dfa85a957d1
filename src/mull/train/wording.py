"""Other people's words: a question as somebody else might have put it.

A family has a dozen wordings; a small model learns where the numbers stand in each of them
and is lost in the thirteenth. So a share of the questions is changed: a few words before or
after, unimportant words left out or exchanged, some of them spelled out because they are in no
vocabulary, no capital, no full stop. Numbers, names, claims and all words that decide what is
asked stay as they are.
"""

from __future__ import annotations

import re
from random import Random

from mull.tasks.knights import NAMES

_UNIMPORTANT = "what is find the of compute how much do you get can who are out which when that such there a"
_FILLERS = (
    "please hello well now then so just also we you help me know tell think good time way want like "
    "will would could here see look back give people day this that my our"
)
UNIMPORTANT = frozenset(_UNIMPORTANT.split())
FILLERS = _FILLERS.split()


def reword(question: str, rng: Random) -> str:
    """The same problem in other words; every number, name and claim stands where it stood."""
    claims = " say" in question  # knights and knaves: what they say stays, the rest is ornament
    sentences = re.split(r'(?<=[.?"]) (?=[A-Z])', question)
    question = " ".join(each if " say" in each else _exchanged(each, claims, rng) for each in sentences)
    if not claims and rng.random() < 0.4 and question.split()[0].rstrip(",") not in NAMES:
        question = question[0].lower() + question[1:]
    if rng.random() < 0.4:
        question = question.removesuffix("?").removesuffix(".")
    if rng.random() < 0.5:
        question = f"{_phrase(rng).capitalize()}{rng.choice((' ', ', ', ': ', '. '))}{question}"
    if rng.random() < 0.3:
        question = f"{question} {_phrase(rng)}{rng.choice(('', '.', '?'))}"
    return question


def _exchanged(sentence: str, ornament: bool, rng: Random) -> str:
    """Some unimportant words left out or exchanged; in an ornament, any that is no name."""
    words = []
    for word in sentence.split(" "):
        loose = word.islower() if ornament else word.lower() in UNIMPORTANT
        if not loose or rng.random() < 0.7:
            words.append(word)
        elif rng.random() < 0.7:
            words.append(_filler(rng))
    return " ".join(words) or sentence


def _phrase(rng: Random) -> str:
    return " ".join(_filler(rng) for _ in range(rng.randint(1, 5)))


def _filler(rng: Random) -> str:
    """A word that says nothing here; one of four is made up, as good as any that is not known."""
    if rng.random() < 0.75:
        return rng.choice(FILLERS)
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(3, 8)))
