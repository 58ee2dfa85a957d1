r"""The `\boxed{...}` of a growing text: balanced braces, escaped ones skipped, in linear time.

Of nested boxes the innermost counts, as for everyone who searches the last `\boxed` from the right.
"""

from __future__ import annotations

import re

# `\\` is a line break in LaTeX and hides nothing, except that people also write `\\boxed{`.
_TOKEN = re.compile(
    r"(?P<box>\\boxed ?\{)"
    r"|\\[{}]"
    r"|(?P<hold>\\\\?(?:b(?:o(?:x(?:e(?:d ?)?)?)?)?)?\Z)"
    r"|\\\\(?!boxed)"
    r"|(?P<brace>[{}])"
)


class Boxes:
    """Feed text in any pieces.

    content  of the last complete box, None before the first
    start    where that box begins, in characters from the start of the text
    """

    __slots__ = ("_depth", "_held", "_open", "_parts", "_seen", "content", "start")

    def __init__(self) -> None:
        self.content: str | None = None
        self.start: int | None = None
        self._open = 0  # where the open box begins
        self._depth = 0  # of braces in it; 0 outside every box
        self._parts: list[str] = []  # its text so far
        self._held = ""  # may still become a token
        self._seen = 0  # characters before `_held`

    def feed(self, text: str) -> None:
        if not self._depth and not self._held and "\\" not in text:
            self._seen += len(text)
            return
        text = self._held + text
        begin, end = 0, len(text)  # of what belongs to the open box and is not yet in `_parts`
        for match in _TOKEN.finditer(text):
            if match["hold"] is not None:
                end = match.start()
                break
            if match["box"]:
                self._open, self._depth = self._seen + match.start(), 1
                self._parts.clear()
                begin = match.end()
            elif self._depth and match["brace"]:
                self._depth += 1 if match["brace"] == "{" else -1
                if not self._depth:
                    self.content = "".join(self._parts) + text[begin : match.start()]
                    self.start = self._open
        if self._depth:
            self._parts.append(text[begin:end])
        self._held = text[end:]
        self._seen += end

    def copy(self) -> Boxes:
        """An independent copy at the same place."""
        twin = Boxes()
        twin.content, twin.start = self.content, self.start
        twin._open, twin._depth, twin._parts = self._open, self._depth, self._parts.copy()
        twin._held, twin._seen = self._held, self._seen
        return twin
