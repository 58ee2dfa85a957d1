"""What is told about an answer beside it, all of it in one object, `ext`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any

from mull.serve.answering import Answering, Choice
from mull.think.answer import NO_ANSWER, Applied

WORST_FIRST = ("contradicted", "undecided", "confirmed", "not run")


def finish_reason(choice: Choice) -> str:
    """`stop` is only said of an answer; whatever guards did stands in `ext.guard`."""
    answer = choice.answer
    whole = answer is not None and answer.status in ("finished", "closed") and not missing(choice)
    return "stop" if whole else "length"


def missing(choice: Choice) -> bool:
    """Whether no answer could be given, or none has been given yet."""
    answer = choice.answer
    none = answer is None or answer.status in ("abstained", "dropped") or answer.text == NO_ANSWER
    return none or not choice.text


def ext(run: Answering, choice: Choice) -> dict[str, Any]:
    """What mull has to say about one choice, at its end."""
    answer, ledger = choice.answer, choice.course.ledger
    loops, switches = choice.notes("loop"), choice.notes("language")
    rescued = [note for note in (*loops, *switches, *choice.notes("claim")) if note["did"] != "nothing"]
    told: dict[str, Any] = {
        "strategy": {
            "name": run.ask.strategy,
            "samples": len(choice.notes("vote")) or ledger.chains,
            "votes": votes(choice),
        },
        "guard": {
            "loops": len(loops),
            "rescues": len(rescued),
            "language_switches": len(switches),
            "forced_answer": answer is not None and answer.status == "closed",
            "answer": "missing" if missing(choice) else "given",
        },
        "verification": verification(choice),
        "policy": asdict(answer.policy) if answer and answer.policy else None,
        "budget": {
            "tokens": run.ask.tokens,
            "seconds": round(ledger.seconds, 4),
            "chains": ledger.chains,
            "spent": asdict(ledger.tokens),
        },
        "seed": choice.seed,
    }
    if answer is not None:
        told["status"] = answer.status
        told["final"] = answer.final
        told["confidence"] = answer.confidence if isfinite(answer.confidence) else None
    if warnings := warnings_of(run):
        told["warnings"] = warnings
    return told


def warnings_of(run: Answering) -> list[str]:
    """What the caller should know, with the fields that nothing was done about."""
    ignored = [f"ignored: {name} changes nothing here." for name in run.ask.ignored]
    return [*run.ask.warnings, *ignored]


def votes(choice: Choice) -> list[dict[str, Any]]:
    """The piles as they stood last."""
    notes = choice.notes("vote")
    piles = notes[-1]["piles"] if notes else []
    return [{"answer": answer, "count": count, "weight": weight} for answer, count, weight in piles]


def verification(choice: Choice) -> dict[str, Any]:
    """The checks that ran, and the worst of what they found."""
    checks = [asdict(one) for one in choice.answer.evidence] if choice.answer else []
    verdicts = {check["verdict"] for check in checks}
    worst = next((verdict for verdict in WORST_FIRST if verdict in verdicts), "not run")
    return {"status": worst.replace(" ", "_"), "checks": checks}


def headers(ignored: Sequence[str], policy: Applied | None = None) -> dict[str, str]:
    """What is known before the answer begins: fields that are ignored, and the rule that is applied."""
    known = {}
    if ignored:
        known["x-ignored-params"] = ", ".join(ignored)
    if policy:
        rule = f"{policy.policy}; version={policy.version}; rule={policy.rule}; action={policy.action}"
        known["x-mull-policy"] = re.sub(r"[^ -~]", "?", rule)  # no control characters, no other bytes
    return known
