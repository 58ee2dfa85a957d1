"""Showing model text in a terminal: harmless, thoughts dim on stderr, the answer on stdout."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from mull.model.formats import Piece

DIM, PLAIN = "\x1b[2m", "\x1b[0m"

# What can move the cursor, change colours or reorder text: C0 but tab and newline, DEL, C1, and the
# bidirectional overrides and isolates (Trojan Source, CVE-2021-42574).
_HARMFUL = dict.fromkeys(
    [*range(9), *range(11, 32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)


def harmless(text: str) -> str:
    """The text without terminal control characters."""
    return text.translate(_HARMFUL)


def colourful(stream: TextIO) -> bool:
    """Whether escape codes make sense here (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Screen:
    """Prints pieces as they come; keeps thoughts and answer apart by one empty line.

    Guards may take back words of an answer. So a pipe gets it when it is done; in a terminal, where it
    appears as it is written, it is then printed once more if it has become another.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._dim = colourful(sys.stderr)
        self._thought = False  # something was printed as a thought
        self._streams = sys.stdout.isatty()
        self._said = ""  # of the answer so far
        self._bar = False  # how far the prompt has been read is on the screen
        self._line_open = False  # the last thought did not end its line

    def show(self, piece: Piece) -> None:
        text = harmless(piece.text)
        if piece.kind == "thought":
            if not self._quiet:
                self._think(text)
        else:
            self._answer(text)

    def _think(self, text: str) -> None:
        if not self._thought:
            text = text.lstrip()
        if text:
            self._thought = True
            self._line_open = not text.endswith("\n")
            sys.stderr.write(f"{DIM}{text}{PLAIN}" if self._dim else text)
            sys.stderr.flush()

    def _answer(self, text: str) -> None:
        if not self._said:
            text = text.lstrip()
            if text and self._thought:
                sys.stderr.write("\n\n" if self._line_open else "\n")
                sys.stderr.flush()
                self._line_open = False
        self._said += text
        if self._streams:
            sys.stdout.write(text)
            sys.stdout.flush()

    def reading(self, done: int, total: int) -> None:
        """How far a long prompt has been read; in a terminal only, and gone afterwards."""
        bar = f"reading the prompt: {done:,} of {total:,} tokens" if done < total - 1 else ""
        if self._dim and not self._quiet and (bar or self._bar):
            self._bar = bool(bar)
            sys.stderr.write(f"\r\x1b[K{DIM}{bar}{PLAIN}")
            sys.stderr.flush()

    def note(self, text: str) -> None:
        """One dim line on stderr that is not model text."""
        if not self._quiet:
            sys.stderr.write(f"{DIM}{text}{PLAIN}\n" if self._dim else f"{text}\n")
            sys.stderr.flush()

    def aside(self, text: str) -> None:
        """A note while thoughts or answer are being written: on a line of its own."""
        if (self._line_open or (self._said and self._streams)) and not self._quiet:
            sys.stderr.write("\n")
            self._line_open = False
        self.note(text)

    def end(self, answer: str) -> None:
        """Close the line, after what of the answer has not been shown yet."""
        answer = harmless(answer).strip()
        if not self._said:
            self._answer(answer)
        if self._said and not self._streams:
            sys.stdout.write(answer or self._said.rstrip())
        elif self._said and answer not in ("", self._said.strip()):
            sys.stdout.write(f"\n\n{answer}")
        if self._said:
            sys.stdout.write("\n")
            sys.stdout.flush()
        elif self._line_open:
            sys.stderr.write("\n")
