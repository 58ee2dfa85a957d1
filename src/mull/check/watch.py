"""The watch on claims: tells of false arithmetic while the chain thinks."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from mull.engine.chain import Chain
from mull.engine.events import Claimed, Event
from mull.engine.watch import Look


@dataclass(frozen=True, slots=True)
class Claims:
    """Raises `Claimed` for each claim that is contradicted; `chain.rewind(event.span[0])` undoes it.

    A stretch of thinking tells what is completed in it, also where the claim began before. The last
    words of a text complete nothing: `claims(chain.text)` has what is claimed there too.
    """

    every: int = 4

    def start(self, chain: Chain) -> Look:
        pieces, reader = chain.pieces, None
        first = seen = _line_start(pieces)
        starts = [0]  # of each piece from `first` on, in characters

        def look() -> Event | None:
            nonlocal seen, reader
            if reader is None:  # imported here: a first token does not wait for it
                from mull.check.claims import ClaimReader

                reader = ClaimReader()
            fresh = pieces[seen:]
            seen = len(pieces)
            for piece in fresh:
                starts.append(starts[-1] + len(piece))
            for claim in reader.feed("".join(fresh)):
                if claim.verdict == "contradicted":
                    begin, end = (bisect_right(starts, place) for place in (claim.start, claim.end - 1))
                    before = chain.prompt_length + first
                    span = (before + begin - 1, before + end)
                    return Claimed(len(chain.ids), span, claim.text, claim.verdict, claim.value)
            return None

        if pieces:
            look()  # what stands there already is told by nobody, but may be continued
        return look


def _line_start(pieces: list[str]) -> int:
    """Where the last line begins, in pieces: a claim does not reach over the end of a line."""
    for index in reversed(range(len(pieces))):
        if "\n" in pieces[index]:
            return index
    return 0
