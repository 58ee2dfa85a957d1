"""What a strategy is doing, live: one line at the bottom of the terminal, made from the trace as it grows."""

from __future__ import annotations

import shutil
import sys
from time import perf_counter

from mull.cli.terminal import DIM, PLAIN, colourful, harmless
from mull.think.trace import Record

EVERY = 0.1  # seconds between two pictures
PILES = 3  # answers shown


class Live:
    """Hears a trace. Shows chains, votes and spend where there is a terminal, else nothing."""

    def __init__(self, *, quiet: bool) -> None:
        self._on = not quiet and colourful(sys.stderr)
        self._thinking: set[int] = set()
        self._made = self._tokens = 0
        self._piles: list[tuple[str, int]] = []
        self._checks: dict[str, int] = {}
        self._started = self._drawn = perf_counter()
        self._several = False

    def hear(self, record: Record) -> None:
        """One more record of the trace."""
        match record["op"]:
            case "open":
                self._made += 1
            case "fork":
                self._several = self._several or record["counted"] != "probe"
                self._made += 1
            case "think":
                self._thinking.add(record["chain"])
            case "tokens" | "say":
                self._tokens += len(record["ids"])
            case "event":
                self._thinking.discard(record["chain"])
            case "note" if record["kind"] == "vote":
                self._piles = [(str(pile[0]), pile[1]) for pile in record["piles"][:PILES]]
            case "note" if record["kind"] == "check":
                self._checks[record["verdict"]] = self._checks.get(record["verdict"], 0) + 1
        if self._on and self._several and perf_counter() - self._drawn > EVERY:
            self._drawn = perf_counter()
            self._draw(self.line)

    @property
    def line(self) -> str:
        """The picture, at most as wide as the terminal."""
        parts = [f"{len(self._thinking)} of {self._made} chains think"]
        if self._piles:
            parts.append("votes: " + ", ".join(f"{answer} ×{count}" for answer, count in self._piles))
        parts += [f"{count} {verdict}" for verdict, count in self._checks.items()]
        parts.append(f"{self._tokens:,} tokens")
        parts.append(f"{perf_counter() - self._started:.1f} s")
        width = shutil.get_terminal_size().columns - 1
        text = harmless(" · ".join(parts)).replace("\n", " ")
        return text if len(text) <= width else text[: width - 1] + "…"

    def clear(self) -> None:
        """Take the picture away, before something else is written."""
        if self._on and self._several:
            self._draw("")

    def _draw(self, text: str) -> None:
        sys.stderr.write(f"\r\x1b[K{DIM}{text}{PLAIN}")
        sys.stderr.flush()
