"""The engine of one request: a meter around the server's engine, through which all its chains go.

It lets the chain that answers speak as it thinks, keeps the prefixes of one key's prompts from others, and
ends a strategy's thinking when whoever asked wants the answer now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mull.engine import Chain, Engine, Event, Sampling, Watch
from mull.engine.chain import Counted
from mull.engine.watch import Look
from mull.model.formats import Tagged
from mull.serve.control import Control
from mull.serve.voice import Voice
from mull.think.meter import Meter
from mull.think.trace import Trace


class Course(Meter):
    """
    whole   whether all that happens goes into the trace, or only notes
    begun   thoughts that its chains begin with
    top     of so many of the likeliest tokens the chances are noted
    salt    prefixes are found again only by chains with the same
    voice   speaks for the latest chain that answers the question; None where several do
    """

    def __init__(
        self,
        engine: Engine,
        control: Control,
        *,
        trace: Trace,
        whole: bool,
        begun: str = "",
        salt: bytes = b"",
        top: int = 0,
        voice: Voice | None = None,
    ) -> None:
        super().__init__(engine, trace=trace)
        self._control = control
        self._whole = whole
        self.prompt_tokens = 0  # of the question
        self._begun = self._opening(begun) if begun else []
        self._salt = salt
        self._top = top
        self._voice = voice

    def _opening(self, thoughts: str) -> list[int]:
        format = self.format
        tag = f"{format.open}\n" if isinstance(format, Tagged) and not format.starts_open else ""
        return [*self.tokenizer.scaffold(tag), *self.tokenizer.encode(thoughts)]

    @property
    def late(self) -> bool:
        return self._control.hurry or super().late

    def open(
        self,
        prompt: Sequence[int],
        *,
        seed: int = 0,
        sampling: Sampling | None = None,
        track_confidence: bool = False,
        counted: Counted = "sampled",
    ) -> Chain:
        chain = super().open(
            prompt, seed=seed, sampling=sampling, track_confidence=track_confidence, counted=counted
        )
        chain.salt = self._salt
        if counted == "sampled":
            chain.top = self._top
            self.prompt_tokens = self.prompt_tokens or len(prompt)
            if self._begun:
                chain.say(self._begun)
            if self._voice is not None:
                self._voice.follow(chain)
        return chain

    async def think(self, chain: Chain, max_tokens: int | None, watch: Sequence[Watch]) -> Event:
        voice = self._voice_of(chain)
        if voice is None:
            return await super().think(chain, max_tokens, watch)
        event = await super().think(chain, max_tokens, (*watch, _Listen(voice)))
        voice.more()  # before a rescue may take it back
        return event

    def shortened(self, chain: Chain) -> None:
        super().shortened(chain)
        if voice := self._voice_of(chain):
            voice.again()

    def _voice_of(self, chain: Chain) -> Voice | None:
        return self._voice if self._voice is not None and self._voice.chain is chain else None

    def _record(self, op: str, **facts: Any) -> None:
        if self._whole or op == "note":
            super()._record(op, **facts)


@dataclass(frozen=True, slots=True)
class _Listen:
    """Lets the voice know of each token as it is drawn."""

    voice: Voice
    every: int = 1

    def start(self, chain: Chain) -> Look:
        return self.voice.heard
