"""Where in an answer's thoughts and text each token stands: a stored answer can be cut at a budget."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from mull.think.answer import Answer
from mull.think.trace import Trace
from mull.trace.lives import Lives


def of_answer(answer: Answer, trace: Trace) -> list[int] | None:
    """The `pieces` of a `Sample`; None where more than one chain is behind the answer.

    Of `think`, whose chain may be begun anew, the last chain counts.
    """
    lives = Lives()
    for record in trace:
        lives.hear(record)
    own = [life for life in lives if life.counted == "sampled"]
    if not own or (answer.strategy != "think" and len(own) > 1):
        return None
    return lengths(own[-1].pieces, answer.thoughts, answer.text)


def lengths(pieces: Sequence[str], thoughts: str, text: str) -> list[int] | None:
    """Characters that each piece has in `thoughts + text`; None if they do not stand in the pieces."""
    whole = "".join(pieces)
    begin = whole.find(thoughts)
    answer = whole.find(text, begin + len(thoughts))
    if begin < 0 or answer < 0:
        return None
    spans = ((begin, begin + len(thoughts)), (answer, answer + len(text)))
    ends = [0]
    for piece in pieces:
        ends.append(ends[-1] + len(piece))
    return [
        sum(max(0, min(end, high) - max(start, low)) for low, high in spans) for start, end in pairwise(ends)
    ]
