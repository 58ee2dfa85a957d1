"""The watch on claims: tells of false arithmetic while the chain thinks."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from mull.check.claims import ClaimReader
from mull.engine.chain import Chain
from mull.engine.events import Claimed, Event
from mull.engine.watch import Look


@dataclass(frozen=True, slots=True)
class Claims:
    """Raises `Claimed` for each claim that is contradicted; `chain.rewind(event.span[0])` undoes it.

    A stretch of thinking tells what is completed in it, also where the claim began before.
    """

    every: int = 1

    def start(self, chain: Chain) -> Look:
        pieces, reader = chain.pieces, ClaimReader()
        seen = _line_start(pieces)
        starts = [0]  # of each piece, in characters since `first`
        first = seen

        def look() -> Event | None:
            nonlocal seen
            for index in range(seen, len(pieces)):
                seen = index + 1
                starts.append(starts[-1] + len(pieces[index]))
                for claim in reader.feed(pieces[index]):
                    if claim.verdict == "contradicted" and index >= before:
                        begin = first + bisect_right(starts, claim.start) - 1
                        end = first + bisect_right(starts, claim.end - 1)
                        span = (chain.prompt_length + begin, chain.prompt_length + end)
                        return Claimed(len(chain.ids), span, claim.text, claim.verdict, claim.value)
            return None

        before = len(pieces)
        look()  # what stands there already is told by nobody, but may be continued
        return look


def _line_start(pieces: list[str]) -> int:
    """Where the last line begins, in pieces: a claim does not reach over the end of a line."""
    for index in reversed(range(len(pieces))):
        if "\n" in pieces[index]:
            return index
    return 0
