"""The guard of claims, with a record of what it has done: a strategy shows it as evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mull.engine import Chain, Event, Watch
from mull.guard.claims import ClaimGuard
from mull.guard.policy import Note, Policy, Remedy
from mull.model.formats import Kind
from mull.think.answer import Evidence
from mull.think.line import Line


@dataclass(slots=True, eq=False)
class Repairs:
    """`found`: what was false, and what was done, in order, in all chains that it guards."""

    guard: ClaimGuard = field(default_factory=ClaimGuard)
    found: list[Evidence] = field(default_factory=list)

    def on(self, line: Line) -> Line:
        """The line under this guard, in the place of other guards of claims."""
        others = [guard for guard in line.guards if not isinstance(guard, ClaimGuard)]
        return replace(line, guards=(*others, self))

    @property
    def watches(self) -> Sequence[Watch]:
        return self.guard.watches

    def start(self) -> Policy:
        inner = self.guard.start()

        def policy(chain: Chain, event: Event, part: Kind, note: Note) -> Remedy | None:
            def noted(kind: str, chain: Chain, **facts: Any) -> None:
                note(kind, chain, **facts)
                found = f"it is {facts['value']}; {facts['did']}" if facts["value"] else facts["did"]
                self.found.append(Evidence("claims", facts["text"].strip(), "contradicted", found))

            return inner(chain, event, part, noted)

        return policy
