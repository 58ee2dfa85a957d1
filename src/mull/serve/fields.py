"""What requests of all APIs share: the fields, their bounds, and what they mean together.

Everything is bounded here, before anything is made of it. A field nobody knows is no error, since clients
send many, and neither is one that changes nothing; but they are named in the answer, so nothing is ignored in
silence.
"""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from mull.engine.sampling import Sampling
from mull.guard.choose import Level
from mull.serve.ask import Ask
from mull.serve.config import Settings
from mull.serve.errors import wrong
from mull.think.question import Question
from mull.think.verify import Claims, Program, Verifier

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
Name = Literal["think", "vote", "best", "check", "plan", "search", "auto"]
Text = Annotated[str, StringConstraints(max_length=2 << 20)]
Short = Annotated[str, StringConstraints(max_length=256)]
Stop = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Count = Annotated[int, Field(ge=0, le=1 << 20)]
Some = Annotated[int, Field(ge=1, le=1 << 20)]

SETTINGS = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty")
FORBIDS = -100.0  # a logit bias from which a token is forbidden, as with OpenAI
MANY = ("vote", "best", "plan", "search", "auto")  # strategies of several chains
FROM_THOUGHTS = ("think", "vote", "best", "check", "auto")  # whose chains can start behind given thoughts


class Open(BaseModel):
    """A part of a request; further fields are accepted, and named in the answer."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False, strict=True)

    @property
    def unused(self) -> tuple[str, ...]:
        """Fields that are known, and change nothing as they are given."""
        return ()


class Ours(BaseModel):
    """A part that only mull knows; a field it does not have is a mistake."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)


class StreamOptions(Open):
    include_usage: bool | None = None


class Reasoning(Open):
    """How much to think, in the form of OpenAI's Responses and of OpenRouter."""

    effort: Effort | None = None
    max_tokens: Count | None = None
    enabled: bool | None = None
    exclude: bool | None = None
    summary: str | None = None

    @property
    def unused(self) -> tuple[str, ...]:
        return () if self.summary is None else ("summary",)


class Thinking(Open):
    """How much to think, in Anthropic's form."""

    type: Literal["enabled", "disabled", "adaptive"]
    budget_tokens: Count | None = None


class TemplateKwargs(Ours):
    """What may be said to a chat template. There is none to run: these are fields like others."""

    enable_thinking: bool | None = None
    thinking: bool | None = None
    reasoning_effort: Effort | None = None
    thinking_budget: Count | None = None


class Strategy(Ours):
    """How the answer is come to; see docs/think.md. `n` chains at most, `seats` of them at a time."""

    name: Name = "think"
    n: Annotated[int, Field(ge=1, le=64)] | None = None
    seats: Annotated[int, Field(ge=1, le=64)] | None = None


class Guards(Ours):
    """What is watched, and whether trouble is only noted or rescued from."""

    loops: Level | None = None
    language: Annotated[str, StringConstraints(max_length=16)] | None = None
    claims: Level | None = None


class ContinueFrom(Ours):
    """Thoughts that thinking starts behind, as if the model had thought them."""

    thoughts: Annotated[str, StringConstraints(min_length=1, max_length=1 << 20)]


class Ext(Ours):
    """
    trace          send every record of the trace, as `mull ask --trace` writes them
    guard          what is watched
    continue_from  go on from there
    seconds        an answer within so many
    """

    trace: bool = False
    guard: Guards = Field(default_factory=Guards)
    continue_from: ContinueFrom | None = None
    seconds: Annotated[float, Field(gt=0, le=86400)] | None = None


class Sampled(Open):
    """Which model is asked, and how its tokens are drawn."""

    model: Short | None = None
    stream: bool | None = None
    seed: Annotated[int, Field(ge=-(1 << 63), lt=1 << 64)] | None = None
    temperature: Annotated[float, Field(ge=0, le=5)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    top_k: Annotated[int, Field(ge=-1, le=1 << 20)] | None = None
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    repetition_penalty: Annotated[float, Field(gt=0, le=10)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None

    def settings(self) -> dict[str, Any]:
        """Those of `Sampling` that are given."""
        said = {name: getattr(self, name) for name in SETTINGS}
        if self.top_k is not None:
            said["top_k"] = max(0, self.top_k)  # -1 is "off", too
        return {name: value for name, value in said.items() if value is not None}

    def random(self) -> int:
        """The seed: the one that is given, else any."""
        return secrets.randbits(31) if self.seed is None else self.seed

    @property
    def ignored(self) -> tuple[str, ...]:
        """Names of fields that nothing was done about, as they can stand in a header."""
        return tuple(sorted(re.sub(r"[^\w.-]", "?", name, flags=re.ASCII) for name in _ignored(self)))[:32]


class Request(Sampled):
    """What requests to chat completions and to responses have in common."""

    logit_bias: dict[str, Annotated[float, Field(ge=-100, le=100)]] | None = Field(None, max_length=1024)
    reasoning: Reasoning | None = None
    reasoning_effort: Effort | None = None
    thinking: Thinking | None = None
    thinking_budget: Count | None = None
    thinking_token_budget: Count | None = None
    thinking_budget_tokens: Count | None = None
    reasoning_budget_tokens: Count | None = None
    enable_thinking: bool | None = None
    answer_reserve: Some | None = None
    strategy: Strategy | Name | None = None
    verify: list[Literal["claims", "program", "compare"]] | None = Field(None, max_length=3)
    reasoning_language: Annotated[str, StringConstraints(max_length=16)] | None = None
    ext: Ext = Field(default_factory=Ext)

    @property
    def kwargs(self) -> TemplateKwargs:
        """Chat completions have some."""
        return TemplateKwargs()

    def asking(self, settings: Settings, question: Question, **own: Any) -> Ask:
        """What the engine is asked; `own` is what only this API has."""
        strategy, options = self.how(programs=settings.programs)
        if self.ext.trace and not self.stream:
            raise wrong("ext.trace", "comes with a stream: set stream to true, too.")
        seconds = [each for each in (self.ext.seconds, settings.seconds) if each is not None]
        return Ask(
            question=question,
            seed=self.random(),
            strategy=strategy,
            effort=self.effort(),
            options=options,
            sampling=self.sampling(),
            thinking=self.thinking_tokens(),
            answer=self.answer_reserve,
            seconds=min(seconds, default=None),
            guards=self.guards(),
            begun=self.ext.continue_from.thoughts if self.ext.continue_from else "",
            trace=self.ext.trace,
            warnings=self.warnings(),
            ignored=self.ignored,
            **own,
        )

    def sampling(self) -> dict[str, Any]:
        """What is said of sampling, checked as the engine will check it."""
        chosen = self.settings()
        if self.logit_bias:
            chosen["bias"] = bias_of(self.logit_bias)
        Sampling(**chosen)
        return chosen

    def thinking_tokens(self) -> int | None:
        """The thinking budget, under whichever of its names; 0 where thinking is switched off."""
        kwargs, reasoning, thinking = self.kwargs, self.reasoning or Reasoning(), self.thinking
        budgets = {
            "thinking_budget": self.thinking_budget,
            "thinking_token_budget": self.thinking_token_budget,
            "thinking_budget_tokens": self.thinking_budget_tokens,
            "reasoning_budget_tokens": self.reasoning_budget_tokens,
            "thinking.budget_tokens": thinking.budget_tokens if thinking else None,
            "reasoning.max_tokens": reasoning.max_tokens,
            "chat_template_kwargs.thinking_budget": kwargs.thinking_budget,
        }
        switches = {
            "enable_thinking": self.enable_thinking,
            "reasoning.enabled": reasoning.enabled,
            "thinking.type": thinking.type != "disabled" if thinking else None,
            "chat_template_kwargs.enable_thinking": kwargs.enable_thinking,
            "chat_template_kwargs.thinking": kwargs.thinking,
        }
        budget, on = _agreed(budgets), _agreed(switches)
        effort = self.effort()
        if on is False and (budget or effort not in (None, "none")):
            raise wrong("enable_thinking", "thinking is switched off and asked for at once.", "contradiction")
        if effort == "none" and (budget or on):
            raise wrong("reasoning_effort", "is none, but thinking is asked for elsewhere.", "contradiction")
        if budget == 0 and (on or effort not in (None, "none")):
            raise wrong("thinking_budget", "is 0, but thinking is asked for elsewhere.", "contradiction")
        return 0 if on is False else budget

    def effort(self) -> Effort | None:
        reasoning = self.reasoning or Reasoning()
        return _agreed(
            {
                "reasoning_effort": self.reasoning_effort,
                "reasoning.effort": reasoning.effort,
                "chat_template_kwargs.reasoning_effort": self.kwargs.reasoning_effort,
            }
        )

    def how(self, *, programs: bool) -> tuple[str, dict[str, Any]]:
        """The strategy's name and its options."""
        said = self.strategy or Strategy()
        chosen = Strategy(name=said) if isinstance(said, str) else said
        options: dict[str, Any] = {}
        for name in ("n", "seats"):
            value = getattr(chosen, name)
            if value is not None:
                if chosen.name not in MANY or (chosen.name, name) == ("plan", "n"):
                    raise wrong(f"strategy.{name}", f"{chosen.name} has no such option.")
                options[name] = value
        if self.verify:
            if chosen.name != "best":
                raise wrong("verify", f"is for the strategy best, not for {chosen.name}.")
            if "program" in self.verify and not programs:
                raise wrong("verify", "programs are not run here; the server's --programs allows them.")
            made: dict[str, Verifier] = {"claims": Claims(), "program": Program()}
            options["verifiers"] = [made[name] for name in self.verify if name in made] or None
            options["contest"] = "compare" in self.verify
        if self.ext.continue_from and chosen.name not in FROM_THOUGHTS:
            raise wrong("ext.continue_from", f"{chosen.name} cannot start behind given thoughts.")
        return chosen.name, options

    def guards(self) -> dict[str, str]:
        """Levels that are not the usual ones."""
        said = self.ext.guard.model_dump(exclude_none=True)
        if self.reasoning_language:
            if "language" in said:
                raise wrong(
                    "reasoning_language", "is given twice, also in ext.guard.language.", "contradiction"
                )
            said["language"] = f"{self.reasoning_language}:lock"
        return said

    def warnings(self) -> tuple[str, ...]:
        """What is known to go wrong with such requests."""
        told = []
        if self.temperature == 0:
            told.append("temperature 0: reasoning models tend to loop when they decode greedily.")
        if (self.repetition_penalty or 1) != 1:
            told.append("repetition_penalty: penalties make reasoning models mix languages.")
        told += [
            f"{name} is not applied: it makes reasoning models mix languages. Loops are rescued."
            for name in ("presence_penalty", "frequency_penalty")
            if getattr(self, name)
        ]
        return tuple(told)


def bias_of(said: dict[str, float]) -> dict[int, float]:
    """Token ids and what is added to their logits."""
    try:
        ids = {int(token): value for token, value in said.items()}
    except ValueError:
        raise wrong("logit_bias", "keys must be token ids.") from None
    return {token: -math.inf if value <= FORBIDS else value for token, value in ids.items()}


def stops_of(said: str | Sequence[str] | None) -> tuple[str, ...]:
    return () if said is None else (said,) if isinstance(said, str) else tuple(said)


def _agreed(said: dict[str, Any]) -> Any:
    """The value that fields of one meaning have; None where none is given. Two different ones are refused."""
    given = {name: value for name, value in said.items() if value is not None}
    first = next(iter(given.items()), None)
    for name, value in given.items():
        if first and value != first[1]:
            raise wrong(name, f"is {value!r}, but {first[0]} is {first[1]!r}.", "contradiction")
    return first[1] if first else None


def _ignored(part: BaseModel, at: str = "") -> list[str]:
    """Fields that nobody knows or uses, those of parts, too."""
    names = (*(part.model_extra or ()), *part.unused) if isinstance(part, Open) else ()
    found = [f"{at}{name}"[:64] for name in names]
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, BaseModel):
            found += _ignored(value, f"{at}{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], BaseModel):
            for place, each in enumerate(value):
                found += _ignored(each, f"{at}{name}.{place}.")
    return found
