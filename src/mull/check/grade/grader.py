"""The grader: is the answer in a text the gold answer?"""

from __future__ import annotations

from collections.abc import Iterable

from mull.check.grade import limits, symbolic
from mull.check.grade.choices import letter, letters
from mull.check.grade.compare import compare
from mull.check.grade.find import Candidate, find
from mull.check.grade.read import Answer, read
from mull.check.grade.tree import Words
from mull.check.grade.verdict import NOT_UNDERSTOOD, Outcome, Verdict

SECONDS = 1.8  # for one pair, the symbolic engine included
_OWN_SECONDS = 0.9  # of these for the exact stages

_STRONGEST = {True: 0, None: 1, False: 2}


def grade(gold: str, text: str) -> Verdict:
    """Whether the answer found in `text` equals the one in `gold`, which may be bare or a text itself.

    Symmetric in its arguments, but for the span, and but for a gold without any answer, which is undecided.
    Takes at most two seconds, in any thread; nothing in either text is ever executed.
    """
    with limits.limit(SECONDS):
        golds = _candidates(gold, text)
        found = _candidates(text, gold)
        if not golds:
            return Verdict(None, "the gold answer is empty", "none")
        if not found:
            return Verdict(False, "no answer found in the text", "none")
        best: tuple[int, Outcome, Candidate] | None = None
        for candidate in found:
            for right in golds:
                outcome = _answers(right.answer, candidate.answer)
                rank = _STRONGEST[outcome.equal]
                if best is None or rank < best[0]:
                    best = rank, outcome, candidate
                if rank == 0:
                    break
            if best is not None and best[0] == 0:
                break
        assert best is not None
        _, outcome, candidate = best
        place = candidate.start, candidate.end
        return Verdict(
            outcome.equal, outcome.reason, outcome.stage, text[slice(*place)], place, candidate.source
        )


def grade_all(pairs: Iterable[tuple[str, str]]) -> list[Verdict]:
    """Verdicts of many (gold, text) pairs, in their order."""
    return [grade(gold, text) for gold, text in pairs]


def _candidates(text: str, other: str) -> list[Candidate]:
    """What may be the answer of `text`; beside a single letter, the letters that it may choose."""
    if letter(other) and (chosen := letters(text)) is not None:
        start, end = chosen
        return [Candidate(read(text[start:end].upper()), start, end, "choice")]
    return find(text)


def _answers(left: Answer, right: Answer) -> Outcome:
    if left.spelling and left.spelling == right.spelling:
        return Outcome(True, "string", "the same text")
    best = Outcome(False, "words", NOT_UNDERSTOOD)
    first = True
    for one in left.readings:
        for other in right.readings:
            outcome = _compare(one, other)
            if outcome.equal:
                return outcome
            if first or (outcome.equal is None and best.equal is False):
                best, first = outcome, False
    if best.equal is None or not (_understood(left) and _understood(right)):
        return symbolic.equal(left.text, right.text) or best
    return best


def _understood(answer: Answer) -> bool:
    return not answer.readings or not isinstance(answer.readings[0], Words)


def _compare(one: object, other: object) -> Outcome:
    try:
        with limits.limit(min(_OWN_SECONDS, limits.left())):
            return compare(one, other)  # type: ignore[arg-type]
    except limits.OutOfTime:
        return Outcome(None, "limit", "undecided: it takes too long")
    except RecursionError:
        return Outcome(None, "limit", "undecided: nested too deep")
