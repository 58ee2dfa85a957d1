"""What the grader says."""

from __future__ import annotations

from dataclasses import dataclass

# Reasons of "words" that say that one of the two was not read as mathematics.
WORDS_AND_VALUE = "words and a value"
NOT_UNDERSTOOD = "not understood"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the answer in a text is the gold answer.

    equal   True, False, or None where the grader cannot decide
    reason  one line: what was compared and what decided
    stage   what decided: "none" (no answer found), "string", "form", "exact", "numeric" (balls), "points"
            (values at sample points), "structure" (part by part), "words", "symbolic" (sympy),
            "limit" (a bound on size or time was met)
    answer  the answer as it stands in the text; empty without one
    span    where it stands: text[start:end]; None without an answer
    source  how it was found: "whole text", "box", "answer statement", ...
    """

    equal: bool | None
    reason: str
    stage: str
    answer: str = ""
    span: tuple[int, int] | None = None
    source: str = ""

    def __bool__(self) -> bool:
        return self.equal is True


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of comparing two answers, or two parts of answers."""

    equal: bool | None
    stage: str
    reason: str
