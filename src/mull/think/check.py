"""`check`: one line of thought, and what it claims is checked without asking it whether it is sure.

Arithmetic is recomputed exactly, while it is written and at no token cost. Statements of fact are asked again
one by one, in chains that have not seen the draft (`facts.py`). What is contradicted is repaired: false
arithmetic where it stands (`guard/claims.py`), and what is found out later by thinking on from the end of the
thoughts with the finding stated. "Are you sure?" is never asked, as that makes right answers wrong more often
than wrong ones right (Huang et al. 2023, arXiv 2310.01798).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

from mull.check.correct import corrected
from mull.engine import Chain, Claimed, Engine, Watch
from mull.engine.sampling import mix
from mull.guard.claims import ClaimGuard
from mull.think.answer import Answer, Evidence, of_draft, shown
from mull.think.budget import Budget
from mull.think.facts import look_up
from mull.think.line import Draft, Line, Show, follow, reserve
from mull.think.meter import Meter
from mull.think.question import Question
from mull.think.think import drafted
from mull.think.trace import Trace
from mull.think.verify import Claims, arithmetic


async def check(
    question: Question,
    engine: Engine,
    budget: Budget | None = None,
    *,
    facts: int = 4,
    line: Line | None = None,
    seed: int = 0,
    trace: Trace | None = None,
    show: Show | None = None,
    watch: Sequence[Watch] = (),
) -> Answer:
    """Draft, check, repair.

    facts  statements of fact to be asked again, at most; 0 for arithmetic alone. They need a model that
           follows instructions: the embedded one lists none, and the evidence says so

    When the budget is spent the draft stands as it is, and checks that have not been made are `not run`.
    """
    line, trace = line or Line(), trace or Trace()
    meter = Meter(engine, budget, trace=trace)
    evidence: list[Evidence] = []
    guarded = _guarded(line, evidence)

    async def checked(chain: Chain, draft: Draft) -> Draft:
        found: list[Evidence] = []
        if facts > 0:
            found = await look_up(question, draft, meter, line, seed=mix(seed, 1), most=facts)
            evidence.extend(found)
        findings = _findings(draft, found)
        return await _again(chain, draft, findings, meter, guarded, watch) if findings else draft

    draft = await drafted(question, meter, guarded, seed=seed, then=checked, watch=watch)
    weight, told = await Claims().judge(question, draft, meter)
    meter.note("check", draft.chain, check=told.check, verdict=told.verdict, found=told.found)
    sure = draft.confidence * (weight if told.verdict == "contradicted" else 1.0)
    known: dict[str, Any] = {"evidence": (*evidence, told), "ledger": meter.ledger, "trace": trace}
    return shown(of_draft(draft, "check", confidence=sure, **known), show)


def _guarded(line: Line, evidence: list[Evidence]) -> Line:
    """The line under a guard of claims, in the place of others; what it finds and does becomes evidence."""

    def tell(event: Claimed, did: str) -> None:
        found = f"it is {event.value}; {did}" if event.value else did
        evidence.append(Evidence("claims", event.text.strip(), "contradicted", found))

    others = [guard for guard in line.guards if not isinstance(guard, ClaimGuard)]
    return replace(line, guards=(*others, ClaimGuard(tell=tell)))


def _findings(draft: Draft, evidence: Sequence[Evidence]) -> list[str]:
    """What is contradicted, as it should be: arithmetic that was not repaired where it stands, and facts."""
    _, false = arithmetic(draft)
    exact = [corrected(claim.text, claim.value) or f"{claim.text.strip()} is false" for claim in false]
    return exact + [f"{each.about} {each.found}" for each in evidence if each.verdict == "contradicted"]


async def _again(
    chain: Chain, draft: Draft, findings: Sequence[str], meter: Meter, line: Line, watch: Sequence[Watch]
) -> Draft:
    """The draft thought on from the end of its thoughts, with the findings stated; as it is without room."""
    end = thoughts_end(chain)
    ids = meter.tokenizer.encode("".join(f"\nChecked: {finding}." for finding in findings) + "\n")
    needed = len(ids) + reserve(meter, line, end)
    if not meter.affords(needed) or end + needed > meter.context:
        return draft
    chain.rewind(end, anew=True)
    chain.say(ids)
    meter.note("again", chain, findings=list(findings))
    if line.thinking is not None:  # what was thought before counts
        line = replace(line, thinking=max(0, line.thinking - (len(chain) - chain.prompt_length)))
    again = await follow(chain, meter, line, watch=watch)
    return again if again.final is not None or draft.final is None else draft


def thoughts_end(chain: Chain) -> int:
    """The length of the chain up to where its thoughts end: before what closes them, and the answer."""
    text = chain.text
    thoughts = chain.engine.format.split(text)[0].rstrip()
    end = text.find(thoughts) + len(thoughts)
    if not end:
        return chain.prompt_length
    ends = list(accumulate(map(len, chain.pieces)))
    place = bisect_left(ends, end)
    return chain.prompt_length + (place if ends[place] > end else place + 1)
