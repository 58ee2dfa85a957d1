"""What is claimed in the chains of a trace, as it is claimed: records for whoever shows ✓ and ✗ in the text.

A trace tells of claims that guards have met, that is, of false ones. Here those that hold are told, too:

    {"op": "claim", "chain": 3, "span": [196, 204],
     "text": "77+25=102", "verdict": "confirmed", "value": null}

`span` is in tokens, as in `Claimed`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from mull.check.claims import ClaimReader
from mull.think.trace import Record


@dataclass(slots=True, eq=False)
class _Text:
    """One chain behind its prompt. `starts` are of each piece in `text`; reading began at `begun`."""

    prompt: int
    text: str = ""
    starts: list[int] = field(default_factory=list)
    begun: int = 0
    reader: ClaimReader = field(default_factory=ClaimReader)

    def add(self, pieces: list[str]) -> str:
        place = len(self.text)
        for piece in pieces:
            self.starts.append(place)
            place += len(piece)
        fresh = "".join(pieces)
        self.text += fresh
        return fresh

    def cut(self, kept: int) -> None:
        """Only so many pieces are kept, and read anew from the last line on: a claim stays in its line."""
        if kept < len(self.starts):
            self.text = self.text[: self.starts[kept]]
            del self.starts[kept:]
        self.begun = self.text.rfind("\n") + 1
        self.reader = ClaimReader()
        self.reader.feed(self.text[self.begun :])

    def length(self, place: int) -> int:
        """Tokens up to and with the one that the character at `place` is in."""
        return self.prompt + bisect_right(self.starts, self.begun + place)


class ClaimRecords:
    """Hears the records of one trace."""

    def __init__(self) -> None:
        self._texts: dict[int, _Text] = {}

    def hear(self, record: Record) -> Iterator[Record]:
        """What has been claimed with this record."""
        number = record.get("chain", -1)
        match record["op"]:
            case "open":
                self._texts[number] = _Text(len(record["prompt"]))
            case "fork":
                parent = self._texts[record["parent"]]
                made = self._texts[number] = _Text(parent.prompt, parent.text, parent.starts.copy())
                made.cut(len(made.starts))
            case "rewind":
                text = self._texts[number]
                text.cut(max(0, record["to"] - text.prompt))
            case "tokens" | "say":
                text = self._texts[number]
                for claim in text.reader.feed(text.add(record["pieces"])):
                    span = [text.length(claim.start) - 1, text.length(claim.end - 1)]
                    yield {"op": "claim", "seconds": record["seconds"], "chain": number, "span": span,
                           "text": claim.text, "verdict": claim.verdict, "value": claim.value}  # fmt: skip
