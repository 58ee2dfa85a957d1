"""The engine for servers that only chat: whole answers, and nothing that would need to reach into them.

One chain is one reply. Thinking in stretches, watching and stopping work, and so do strategies that ask for
whole answers (think, vote, best, auto); what has to put words in, go back, or branch off in the middle raises
Unsupported. The prompt's ids are turned back into the messages that they were made of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from mull.engine.chain import Chain
from mull.engine.events import Ended, Event, Stopped
from mull.engine.remote.remote import RemoteEngine, Request, Segment
from mull.engine.remote.reply import Read
from mull.engine.remote.servers import Lost
from mull.engine.remote.wire import Drawn, drawn
from mull.engine.sampling import CONFIDENT
from mull.engine.watch import Watch
from mull.errors import Unsupported
from mull.model.chat import CHATML
from mull.model.formats import Tagged


class ChatEngine(RemoteEngine):
    """See `RemoteEngine`; `mull.connect` makes one where a server has no `/v1/completions`."""

    hold = None

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._cut: set[Chain] = set()  # whose replies the server ended before they were done

    async def think(self, chain: Chain, max_tokens: int | None, watch: Sequence[Watch]) -> Event:
        if chain in self._cut:
            return Ended(len(chain.ids), "context")
        return await super().think(chain, max_tokens, watch)

    def stopped(self, chain: Chain, event: Stopped) -> None:
        self._cut.discard(chain)
        super().stopped(chain, event)

    def forked(self, chain: Chain, child: Chain) -> None:
        if child.pieces:
            self._refuse("branch off in the middle of an answer")
        super().forked(chain, child)

    def shortened(self, chain: Chain) -> None:
        self._refuse("go back in an answer")

    def said(self, chain: Chain, ids: Sequence[int]) -> None:
        self._refuse("put words into an answer, as closing its thoughts in time would take")

    async def _read(self, segment: Segment, request: Request) -> Event | None:
        event = await super()._read(segment, request)
        if event is None:
            self._cut.add(segment.chain)
            return Ended(len(segment.chain.ids), "context")
        return event

    def _broken(self, chain: Chain, lost: Lost) -> Event | None:
        """The rest of an answer cannot be asked for: this one is lost, and its strategy may begin another."""
        return Stopped(len(chain.ids), f"the server failed: {lost}") if chain.pieces else None

    def _body(self, chain: Chain, tokens: int) -> tuple[str, dict[str, Any]]:
        if chain.pieces:
            self._refuse("change how it samples in the middle of an answer, or go on after a pause")
        body = {
            **self._settings(chain),
            "messages": self._messages(chain.ids),
            "max_tokens": self.context - len(chain.ids),
        }
        if self.abilities.logprobs:
            body |= {"logprobs": True, "top_logprobs": CONFIDENT if chain.track_confidence else chain.top}
        return "/chat/completions", body

    def _prompt(self, chain: Chain) -> str:
        self._messages(chain.ids)
        return ""

    def _messages(self, ids: Sequence[int]) -> list[dict[str, str]]:
        """The messages of a prompt in ChatML that ends where the assistant begins to think."""
        control = self.tokenizer.control
        start, end = control.get("<|im_start|>"), control.get("<|im_end|>")
        _, *header = self.tokenizer.scaffold(CHATML.before["assistant"])
        opening = header + self.tokenizer.scaffold(self.format.opening(think=True))
        turns: list[list[int]] = [[]]
        for id in ids:
            if id == start:
                turns.append([])
            else:
                turns[-1].append(id)
        before, *said, last = turns if len(turns) > 2 else [[0], [], []]
        if before or last != opening:
            self._refuse("answer anything but a conversation in ChatML, thinking first")
        messages = []
        for turn in said:
            text = self.tokenizer.decode(turn[: turn.index(end)] if end in turn else turn)
            role, _, content = text.partition("\n")
            messages.append({"role": role, "content": content})
        return messages

    def _reader(self, chain: Chain) -> Read:
        """Thoughts that a server tells apart get the format's marks around them."""
        begun = closed = False

        def read(choice: Mapping[str, Any]) -> list[Drawn]:
            nonlocal begun, closed
            delta = choice.get("delta") or {}
            thought = delta.get("reasoning_content") or delta.get("reasoning") or ""
            content = delta.get("content") or ""
            found: list[Drawn] = []
            if thought:
                if not begun and not self.format.opening(think=True):
                    found += self._forced(self._opening)
                begun = True
                found += drawn({"text": thought}, "text", self.tokenizer)
            if content:
                if begun and not closed:
                    found += self._forced(self.format.closing)
                    closed = True
                said = {"text": content, "logprobs": choice.get("logprobs")}
                found += drawn(said, "text", self.tokenizer, top=chain.top)
            return found

        return read

    @property
    def _opening(self) -> str:
        """What begins thoughts in this format; nothing where none does."""
        return f"{self.format.open}\n" if isinstance(self.format, Tagged) else ""

    def _forced(self, text: str) -> list[Drawn]:
        return [Drawn(token) for token in self.tokenizer.scaffold(text)]

    def _refuse(self, what: str) -> NoReturn:
        raise Unsupported(
            f"{self._who} only has chat completions, so it cannot {what}. Use a server with /v1/completions, "
            "or more --max-tokens and --loops observe."
        )
