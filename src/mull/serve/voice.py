"""What a chain says, as it comes: thoughts and answer apart, and what a rescue takes back.

A client that has printed something cannot unsay it, so what is taken back is told as such. Blank space is
held until something follows it: all pieces together are the same text that an answer in one piece has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mull.engine import Chain
from mull.model.formats import Format, Kind

PATIENCE = 16  # tokens that wait at most until they are said, also where nobody asks


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
    """Speaks for one chain at a time, whenever somebody asks for more. `tell` hears everything once, `stir`
    that there is something to ask for; `stops` end the answer.

    turn  counts how often it had to begin again: with another chain, or behind a rewind
    """

    def __init__(
        self,
        format: Format,
        tell: Callable[[Said | Unsaid], None],
        stir: Callable[[], None],
        stops: tuple[str, ...] = (),
    ) -> None:
        self.chain: Chain | None = None
        self.turn = 0
        self._format = format
        self._tell, self._stir = tell, stir
        self._stops = stops
        self._held_back = max(map(len, stops), default=1) - 1  # characters: they may begin a stop string
        self._said: dict[Kind, list[str]] = {"thought": [], "answer": []}
        self._patience = 1  # tokens that may wait to be asked for; the first text does not
        self._begin()

    def _begin(self) -> None:
        self._reader = self._format.reader()
        self._read = 0
        self._held: dict[Kind, str] = {"thought": "", "answer": ""}
        self._stopped = False

    def said(self, kind: Kind) -> str:
        """All that has been said of this kind, and not been taken back."""
        return "".join(self._said[kind])

    def follow(self, chain: Chain) -> None:
        """Speak for this chain from now on; what another one has said is taken back."""
        self.chain = chain
        self.again()

    def heard(self) -> None:
        """The chain has got a token."""
        assert self.chain is not None
        if len(self.chain.pieces) - self._read >= self._patience:
            self.more()
        self._stir()

    def more(self) -> None:
        """Say what the chain has got since."""
        pieces = self.chain.pieces if self.chain else []
        if self._read >= len(pieces):
            return
        fresh = "".join(pieces[self._read :])
        self._read = len(pieces)
        for kind, text in self._reader.feed(fresh):
            text = self._held[kind] + text
            if sure := self._certain(kind, text if self._said[kind] else text.lstrip()):
                self._said[kind].append(sure)
                self._patience = PATIENCE
                self._tell(Said(kind, sure))

    def again(self) -> None:
        """The chain has been rewound: take back what it does not say any more."""
        assert self.chain is not None
        self.turn += 1
        self._begin()
        self._read = len(self.chain.pieces)
        raw: dict[Kind, str] = {"thought": "", "answer": ""}
        for kind, text in self._reader.feed(self.chain.text):
            raw[kind] += text
        for kind, text in raw.items():
            self._become(kind, self._certain(kind, text.lstrip()))

    def end(self, thoughts: str, answer: str) -> None:
        """What came of it, all of it. Thoughts that were said stay; the answer becomes what it is."""
        if not self._said["thought"]:
            self._become("thought", thoughts)
        self._become("answer", self._cut(answer))

    def _cut(self, answer: str) -> str:
        """An answer up to where the first stop string begins."""
        found = [at for stop in self._stops if (at := answer.find(stop)) >= 0]
        return answer[: min(found)].rstrip() if found else answer

    def _certain(self, kind: Kind, text: str) -> str:
        """What can be said of text behind all that was said; the rest is held until more of it comes."""
        sure = text
        if kind == "answer" and self._stops:
            if self._stopped:
                return ""
            sure = self._cut(text)
            self._stopped = sure != text
            if not self._stopped:
                sure = text[: max(0, len(text) - self._held_back)]
        sure = sure.rstrip()
        self._held[kind] = text[len(sure) :]
        return sure

    def _become(self, kind: Kind, text: str) -> None:
        before = self.said(kind)
        if text == before:
            return
        self._said[kind] = [text] if text else []
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
