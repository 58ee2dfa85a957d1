"""Lives: what has become of each chain, told by the records of a trace alone.

Whoever hears records as they come, or reads them from a file, knows the text of every chain at any moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mull.engine.spend import Spend
from mull.model.formats import boxed
from mull.think.trace import Record

# The way to a chain from the beginning: of each chain on it the kind, and the how-manieth of its kind it was
# among its parent's. The same program has the same keys, whatever thought at the same time.
Key = tuple[tuple[str, int], ...]

_ENDS = {
    "Ended": "ended its turn",
    "Answered": "gave its answer",
    "Spent": "its room was used up",
    "Exhausted": "the budget was used up",
    "Cancelled": "cancelled",
}


@dataclass(slots=True, eq=False)
class Life:
    """One chain.

    at         its length in tokens when it was made
    prompt     tokens of the prompt; `ids` and `pieces` are what stands behind it
    drawn      tokens, rewound or not; so are `forced`; `discarded` of both
    event      what ended its latest stretch of thinking, with its type's name under "type"
    stopped    why, None before
    """

    number: int
    parent: int | None
    key: Key
    counted: str
    at: int
    prompt: int
    ids: list[int] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    drawn: int = 0
    forced: int = 0
    discarded: int = 0
    event: dict[str, Any] | None = None
    stopped: str | None = None

    @property
    def length(self) -> int:
        """In tokens, prompt included."""
        return self.prompt + len(self.ids)

    @property
    def text(self) -> str:
        """What stands behind the prompt."""
        return "".join(self.pieces)

    @property
    def answer(self) -> str | None:
        """What stands in its last box."""
        return boxed(self.text)

    @property
    def end(self) -> str:
        """How it ended, in words; "" while it has not."""
        words = []
        if self.event is not None:
            kind = str(self.event.get("type"))
            if kind == "Ended" and self.event.get("reason") == "context":
                words.append("filled the context")
            elif kind != "Stopped":
                words.append(_ENDS.get(kind, kind.lower()))
        if self.stopped not in (None, "closed", "probed"):  # that it left its block, as all do, says nothing
            words.append(str(self.stopped))
        return ", ".join(words)


class Lives:
    """All chains of a trace, by their number, as far as it was heard."""

    def __init__(self) -> None:
        self._lives: dict[int, Life] = {}
        self._made: Counter[tuple[Key, str]] = Counter()

    def __getitem__(self, number: int) -> Life:
        return self._lives[number]

    def __iter__(self) -> Iterator[Life]:
        """In the order they were made."""
        return iter(self._lives.values())

    def __len__(self) -> int:
        return len(self._lives)

    def hear(self, record: Record) -> None:
        """One more record. Those from a file were checked by `Trace.read`."""
        match record["op"]:
            case "open":
                length = len(record["prompt"])
                self._enter(
                    Life(record["chain"], None, self._key((), record), record["counted"], length, length)
                )
            case "fork":
                parent = self._lives[record["parent"]]
                self._enter(
                    Life(
                        record["chain"],
                        parent.number,
                        self._key(parent.key, record),
                        record["counted"],
                        parent.length,
                        parent.prompt,
                        parent.ids.copy(),
                        parent.pieces.copy(),
                    )
                )
            case "tokens" | "say" as op:
                life = self._lives[record["chain"]]
                life.ids += record["ids"]
                life.pieces += record["pieces"]
                if op == "say":
                    life.forced += len(record["ids"])
                else:
                    life.drawn += len(record["ids"])
            case "rewind":
                life = self._lives[record["chain"]]
                kept = max(0, record["to"] - life.prompt)
                life.discarded += max(0, len(life.ids) - kept)
                del life.ids[kept:], life.pieces[kept:]
            case "event":
                self._lives[record["chain"]].event = record["event"]
            case "stop":
                self._lives[record["chain"]].stopped = record["why"]

    def spend(self) -> Spend:
        """Of all, as far as records tell: what a step computed is known to the engine alone."""
        total = Spend()
        for life in self:
            total.discarded += life.discarded
            if life.counted == "probe":
                total.probe += life.drawn + life.forced
            elif life.counted == "check":
                total.check += life.drawn + life.forced
            else:
                total.sampled += life.drawn
                total.forced += life.forced
        return total

    def _enter(self, life: Life) -> None:
        self._lives[life.number] = life

    def _key(self, parent: Key, record: Record) -> Key:
        kind = (parent, record["counted"])
        self._made[kind] += 1
        return (*parent, (record["counted"], self._made[kind] - 1))
