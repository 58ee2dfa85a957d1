"""What became of a sample: more than right or wrong."""

from __future__ import annotations

from mull.bench.judge import Mark
from mull.bench.record import Outcome
from mull.think.answer import NO_ANSWER, Answer
from mull.think.trace import Trace

NOTHING = Mark(False, False, "none", "the model gave no answer")

_LOOSE = ("nothing", "rewound and closed", "given up", "ended after its first copy")  # not brought out of it


def said(answer: Answer) -> str:
    """The text to be judged; "" where the strategy abstained or there is none."""
    return "" if answer.status == "abstained" or answer.text == NO_ANSWER else answer.text


def outcome(mark: Mark, status: str, *, looped: bool = False) -> Outcome:
    """The first of these that holds; `status` is the sample's.

    right          the judge says so, however the text ended
    undecided      the judge cannot tell
    looped         it went in circles and was not brought out of them
    truncated      thoughts or answer were cut off: by a cap, a budget, or the end of the context
    no answer      nothing in the text is one, or the strategy abstained
    parse failure  where the answer should stand is nothing that can be compared with the gold answer
    wrong          it ended, is legible, and is another answer
    """
    if mark.equal:
        return "right"
    if mark.equal is None:
        return "undecided"
    if looped:
        return "looped"
    if status in ("cut", "closed"):
        return "truncated"
    if not mark.found:
        return "no answer"
    return "wrong" if mark.legible else "parse failure"


def looped(answer: Answer, trace: Trace) -> bool:
    """Whether the chain of the answer went in circles to its end: a rescue that helped does not count."""
    loops = trace.notes("loop")
    return bool(loops) and answer.status != "finished" and loops[-1]["did"] in _LOOSE


def status(answer: Answer, trace: Trace) -> str:
    """The status for a sample: the answer's, but "forced" where thoughts were closed that nothing cut off.

    They were over and no answer followed, or probes had agreed: what came before the closing words tells.
    """
    if answer.status != "closed":
        return answer.status
    chain = None
    for record in reversed(trace.records):
        if chain is None:
            chain = record["chain"] if record["op"] == "say" else None
        elif record.get("chain") == chain and record["op"] in ("event", "note"):
            if record["op"] == "note" and record["kind"] != "probe":
                continue
            event = record.get("event", {})
            over = event.get("type") == "Ended" and event.get("reason") != "context"
            return "forced" if over or record["op"] == "note" else "closed"
    return "closed"
