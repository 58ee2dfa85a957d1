"""How the questions of a run are asked: strategy, effort, guards, sampling, bounds, and the record of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from hashlib import sha256
from typing import Any

from mull import __version__
from mull.bench.checkout import commit
from mull.bench.record import Manifest
from mull.bench.suites import Suite
from mull.check.grade import VERSION
from mull.engine import Engine, Sampling
from mull.guard.choose import Level, guards
from mull.model import chat
from mull.model.chat import Message
from mull.think.budget import Budget
from mull.think.line import Line


@dataclass(frozen=True, slots=True)
class Asking:
    """The same for all questions of a run.

    options   of the strategy
    line      of every chain; its guards are made for each question, from the three levels
    budget    of each answer, all its chains together
    """

    strategy: str = "think"
    effort: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    line: Line = field(default_factory=Line)
    budget: Budget = field(default_factory=Budget)
    system: str | None = None
    loops: Level = "rescue"
    language: str = "auto"
    claims: Level = "off"

    def line_for(self, question: str) -> Line:
        """With guards for this question."""
        made = guards(question, loops=self.loops, language=self.language, claims=self.claims)
        return replace(self.line, guards=made)

    def recorded(self) -> dict[str, Any]:
        """What of it is not at its default, as plain values: the strategy's options, lines, bounds."""
        plain = {name: _plain(value) for name, value in self.options.items()}
        default = Line()
        for each in fields(Line):
            value = getattr(self.line, each.name)
            if each.name not in ("guards", "sampling") and value != getattr(default, each.name):
                plain[f"line.{each.name}"] = _plain(value)
        for name in ("seconds", "chains"):
            if (bound := getattr(self.budget, name)) is not None:
                plain[f"budget.{name}"] = bound
        return plain


def manifest(suite: Suite, engine: Engine, asking: Asking, *, seed: int, k: int, started: str) -> Manifest:
    """Where the numbers of a run come from."""
    sampling = asking.line.sampling or getattr(engine, "sampling", None) or Sampling()
    return Manifest(
        suite=suite.about.name,
        version=suite.version,
        source=suite.about.source,
        data=suite.data,
        rights=suite.about.rights,
        judge=suite.about.judge,
        prompt=suite.about.prompt,
        system=asking.system,
        template=template(engine, asking.system),
        model=dict(engine.model),
        context=engine.context,
        sampling=sampling.json(),
        cap=asking.budget.tokens,
        strategy=asking.strategy,
        effort=asking.effort,
        options=asking.recorded(),
        guards={"loops": asking.loops, "language": asking.language, "claims": asking.claims},
        seed=seed,
        grader=VERSION,
        k=k,
        items=len(suite.items),
        mull=__version__,
        commit=commit(),
        started=started,
    )


def template(engine: Engine, system: str | None) -> str:
    """SHA-256 of the ids of a fixed question: of chat template, system prompt and tokenizer together."""
    ids = chat.render(
        [Message("user", "What is 2 + 2?")], engine.tokenizer, format=engine.format, system=system
    )
    return sha256(",".join(map(str, ids)).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """As JSON has it; what JSON has not, as Python writes it."""
    if value is None or isinstance(value, str | int | float):
        return value
    return repr(value) if not isinstance(value, list | tuple) else [_plain(each) for each in value]
