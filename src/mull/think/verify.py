"""Verifiers: what tells a right solution from a wrong one, as plain values that give each draft a weight."""

from __future__ import annotations

import asyncio
import json
import math
import urllib.request
from dataclasses import dataclass
from typing import Protocol

from mull.check.claims import Claim, claims
from mull.errors import MullError
from mull.think.answer import Answer, Evidence, Verdict
from mull.think.line import Draft, Line
from mull.think.meter import Meter
from mull.think.program import by_program
from mull.think.question import Question

FALSE = 0.1  # what a false claim, or a program with another result, leaves of the weight
UNCHECKED = 0.5  # the weight where a check could not tell


def arithmetic(said: Draft | Answer) -> tuple[list[Claim], list[Claim]]:
    """The claims in thoughts and answer, and those of them that are false."""
    found = claims(f"{said.thoughts}\n{said.text}\n")
    return found, [claim for claim in found if claim.verdict == "contradicted"]


class Verifier(Protocol):
    async def judge(self, question: Question, draft: Draft, meter: Meter) -> tuple[float, Evidence]:
        """A weight, 0 to 1, and what it rests on."""
        ...


@dataclass(frozen=True, slots=True)
class Scorer:
    """The scorer that the problem carries: exact."""

    async def judge(self, question: Question, draft: Draft, meter: Meter) -> tuple[float, Evidence]:
        if question.score is None:
            return 0.0, Evidence("scorer", "the answer", "not run", "the question carries no scorer")
        right = question.score(draft.text) > 0
        return float(right), Evidence("scorer", draft.final or "", "confirmed" if right else "contradicted")


@dataclass(frozen=True, slots=True)
class Claims:
    """The arithmetic in thoughts and answer, recomputed for free: a false claim takes most of the weight."""

    async def judge(self, question: Question, draft: Draft, meter: Meter) -> tuple[float, Evidence]:
        found, false = arithmetic(draft)
        true = sum(claim.verdict == "confirmed" for claim in found)
        if not found:
            return 1.0, Evidence("claims", "no arithmetic", "not run")
        about = f"{true} of {len(found)} claims of arithmetic are true"
        if false:
            told = f"{false[0].text.strip()} is false: {false[0].value}"
            return FALSE ** len(false), Evidence("claims", about, "contradicted", told)
        return 1.0, Evidence("claims", about, "confirmed" if true else "undecided")


@dataclass(frozen=True, slots=True)
class Program:
    """A program of its own for each solution: see `think/program.py`. For models that can write programs.

    `line`: how the chains that write programs are run.
    """

    line: Line | None = None

    async def judge(self, question: Question, draft: Draft, meter: Meter) -> tuple[float, Evidence]:
        if draft.final is None:
            return UNCHECKED, Evidence("program", "no answer", "not run")
        found = await by_program(question, draft.final, meter, line=self.line, seed=meter.number(draft.chain))
        return {"confirmed": 1.0, "contradicted": FALSE}.get(found.verdict, UNCHECKED), found


@dataclass(frozen=True, slots=True)
class Reward:
    """A reward model behind an endpoint that takes a conversation and returns one number.

    As vLLM serves them: POST {"model", "messages"} to `/pooling` (the last number of `data[0].data`) or to
    `/classify` (`data[0].probs`, of which the last is the chance to be right). Numbers outside 0 to 1 go
    through a logistic function. Raises MullError where there is no such server.
    """

    url: str
    model: str
    timeout: float = 60.0

    async def judge(self, question: Question, draft: Draft, meter: Meter) -> tuple[float, Evidence]:
        messages = [{"role": m.role, "content": m.content} for m in question.messages]
        said = {"role": "assistant", "content": draft.text}  # the answer: such models never saw thoughts
        raw = await asyncio.to_thread(self._ask, {"model": self.model, "messages": [*messages, said]})
        score = raw if 0 <= raw <= 1 else 1 / (1 + math.exp(-max(-60.0, min(60.0, raw))))
        verdict: Verdict = "confirmed" if score > 0.5 else "contradicted"
        return score, Evidence(f"reward model {self.model}", draft.final or "", verdict, f"{raw:.3f}")

    def _ask(self, body: dict[str, object]) -> float:
        request = urllib.request.Request(
            self.url, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as reply:  # an address the user gave
                first = json.load(reply)["data"][0]
            value = first["data"] if "data" in first else first["probs"]
            while isinstance(value, list):
                value = value[-1]
            number = float(value)
            if math.isnan(number):
                raise ValueError("not a number")
            return number
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            raise MullError(f"{self.url}: gives no reward ({type(error).__name__}: {error!s:.80}).") from None
