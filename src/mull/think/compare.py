"""The model compares the two leading solutions itself, in both orders; only a verdict that stands counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mull.engine.sampling import mix
from mull.think.answer import Evidence, Verdict
from mull.think.aside import ask_aside
from mull.think.line import Draft, Line
from mull.think.meter import Meter
from mull.think.question import Question
from mull.think.votes import Pile, Votes

ASK = """{question}

Two solutions were proposed.

Solution 1:
{first}

Solution 2:
{second}

Exactly one of them is right. Work out where they part and which one is right there. \
Answer with \\boxed{{1}} or \\boxed{{2}}."""
CONTESTED = 0.95  # below this chance to lead, it is worth it
SHOWN = 4000  # characters of a solution


async def compare(
    question: Question, meter: Meter, drafts: Sequence[Draft], votes: Votes, line: Line, seed: int
) -> Evidence:
    """Double the leader's weight, or the runner-up's, if the model prefers it in both orders."""
    first, second = votes.ranked[:2]
    about = f"{first.answer} against {second.answer}"
    texts = [_solution(drafts, meter, pile) for pile in (first, second)]
    chosen: list[int | None] = []
    for order in ((0, 1), (1, 0)):
        asked = ASK.format(question=question.text, first=texts[order[0]], second=texts[order[1]])
        draft = await ask_aside(question, asked, meter, line, seed=mix(seed, *order))
        if draft is None:
            return Evidence("comparison", about, "not run", "the budget was spent")
        said = {"1": order[0], "2": order[1]}.get((draft.final or "").strip())
        chosen.append(said)
        preferred = None if said is None else (first, second)[said].answer
        meter.note("compare", draft.chain, about=about, preferred=preferred)
    if chosen[0] is None or chosen[0] != chosen[1]:
        return Evidence("comparison", about, "undecided", "no verdict that stood in both orders")
    winner = (first, second)[chosen[0]]
    winner.ballots[:] = [replace(ballot, weight=2 * ballot.weight) for ballot in winner.ballots]
    verdict: Verdict = "confirmed" if chosen[0] == 0 else "contradicted"
    return Evidence("comparison", about, verdict, f"{winner.answer} was preferred in both orders")


def _solution(drafts: Sequence[Draft], meter: Meter, pile: Pile) -> str:
    voters = {ballot.voter for ballot in pile.ballots}
    draft = next(draft for draft in drafts if meter.number(draft.chain) in voters)
    return f"{draft.thoughts}\n{draft.text}"[-SHOWN:]
