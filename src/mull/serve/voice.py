"""What a chain says, as it comes: thoughts and answer apart, and what a rescue takes back.

A client that has printed something cannot unsay it, so what is taken back is told as such. Blank space is
held until something follows it: all pieces together are the same text that an answer in one piece has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mull.engine import Chain
from mull.model.formats import Format, Kind


@dataclass(frozen=True, slots=True)
class Said:
    """More text of one kind."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Unsaid:
    """The last `chars` characters of this kind are taken back."""

    kind: Kind
    chars: int


class Voice:
    """Speaks for one chain at a time. `tell` hears everything once; `stops` end the answer.

    turn  counts how often it had to begin again: with another chain, or behind a rewind
    """

    def __init__(
        self, format: Format, tell: Callable[[Said | Unsaid], None], stops: tuple[str, ...] = ()
    ) -> None:
        self.said: dict[Kind, str] = {"thought": "", "answer": ""}
        self.chain: Chain | None = None
        self.turn = 0
        self._format = format
        self._tell = tell
        self._stops = stops
        self._begin()

    def _begin(self) -> None:
        self._reader = self._format.reader()
        self._read = 0
        self._raw: dict[Kind, str] = {"thought": "", "answer": ""}

    def follow(self, chain: Chain) -> None:
        """Speak for this chain from now on; what another one has said is taken back."""
        self.chain = chain
        self.again()

    def more(self) -> None:
        """Say what the chain has got since."""
        assert self.chain is not None
        pieces = self.chain.pieces
        fresh = pieces[self._read] if len(pieces) == self._read + 1 else "".join(pieces[self._read :])
        self._read = len(pieces)
        for kind, text in self._reader.feed(fresh):
            self._raw[kind] += text
            self._catch_up(kind)

    def again(self) -> None:
        """The chain has been rewound: take back what it does not say any more."""
        self.turn += 1
        self._begin()
        assert self.chain is not None
        self._read = len(self.chain.pieces)
        for kind, text in self._reader.feed(self.chain.text):
            self._raw[kind] += text
        for kind in self._raw:
            self._catch_up(kind)

    def end(self, thoughts: str, answer: str) -> None:
        """What came of it, all of it. Thoughts that were said stay; the answer becomes what it is."""
        if not self.said["thought"]:
            self._become("thought", thoughts)
        self._become("answer", self.cut(answer))

    def cut(self, answer: str) -> str:
        """An answer up to where the first stop string begins."""
        found = [at for stop in self._stops if (at := answer.find(stop)) >= 0]
        return answer[: min(found)].rstrip() if found else answer

    def _stopped(self, answer: str) -> bool:
        return any(stop in answer for stop in self._stops)

    def _catch_up(self, kind: Kind) -> None:
        text = self._raw[kind].strip()
        if kind == "answer" and self._stops:
            held = max(map(len, self._stops)) - 1  # may be the beginning of one
            text = self.cut(text) if self._stopped(text) else text[: max(0, len(text) - held)].rstrip()
        self._become(kind, text)

    def _become(self, kind: Kind, text: str) -> None:
        before = self.said[kind]
        if text == before:
            return
        self.said[kind] = text
        if not text.startswith(before):
            kept = _common(before, text)
            self._tell(Unsaid(kind, len(before) - kept))
            before = before[:kept]
        if len(text) > len(before):
            self._tell(Said(kind, text[len(before) :]))


def _common(one: str, other: str) -> int:
    """Length of what two texts begin with alike."""
    for at, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return at
    return min(len(one), len(other))
