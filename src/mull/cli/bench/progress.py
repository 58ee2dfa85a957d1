"""How far a run is: one line on stderr, with the time left and what was spent."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from time import perf_counter

from mull.bench.record import Price, Sample
from mull.cli.terminal import DIM, PLAIN, colourful

EVERY = 0.2  # seconds between two pictures in a terminal
SELDOM = 30.0  # in a file or a pipe


class Progress:
    """Hears samples as they are drawn. A terminal has one line that changes; a file gets one now and then."""

    def __init__(self, *, total: int, done: int, price: Price | None, quiet: bool) -> None:
        """`price`: per million tokens, in and out."""
        self.total, self.before, self.price = total, done, price
        self.new = self.tokens = 0
        self.money = 0.0
        self.outcomes: Counter[str] = Counter()
        self._on, self._terminal = not quiet, colourful(sys.stderr)
        self._started = self._drawn = perf_counter()

    def hear(self, sample: Sample) -> None:
        """One more sample."""
        self.new += 1
        self.tokens += sample.generated
        self.money += sample.money(self.price) if self.price else 0.0
        self.outcomes[sample.outcome] += 1
        if self._on and perf_counter() - self._drawn > (EVERY if self._terminal else SELDOM):
            self._drawn = perf_counter()
            self._draw(self.line)

    @property
    def line(self) -> str:
        """The picture."""
        done, seconds = self.before + self.new, perf_counter() - self._started
        left = seconds / self.new * (self.total - done) if self.new else 0.0
        spend = f"{self.tokens:,} tokens"
        if self.price:
            spend += (
                f", {self.money:.2f} spent, {self.money / max(1, self.new) * (self.total - done):.2f} to come"
            )
        right = self.outcomes["right"] / max(1, self.new)
        parts = [f"{done:,} of {self.total:,}", f"{right:.0%} right", spend, f"{clock(left)} left"]
        if errors := self.outcomes["error"]:
            parts.insert(2, f"{errors} errors")
        return " · ".join(parts)

    def clear(self) -> None:
        """Take the picture away."""
        if self._on and self._terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _draw(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write(f"\r\x1b[K{DIM}{text[:width]}{PLAIN}" if self._terminal else f"{text}\n")
        sys.stderr.flush()


def clock(seconds: float) -> str:
    """0:05, 12:30, 3:07:00."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
