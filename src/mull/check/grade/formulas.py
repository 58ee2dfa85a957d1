r"""Where formulas stand in a text: `$…$`, `$$…$$`, `\(…\)`, `\[…\]`. One pass, however the text is broken."""

from __future__ import annotations

import re

Span = tuple[int, int]

LONGEST = 1000  # characters of a formula
_DELIMITER = re.compile(r"\\\\|\\\$|\\[()\[\]]|\$\$|\$")
_CLOSING = {"\\(": "\\)", "\\[": "\\]", "$": "$", "$$": "$$"}


def formulas(text: str, start: int, end: int) -> list[Span]:
    """The formulas between `start` and `end`, in order, delimiters included."""
    found: list[Span] = []
    opened: re.Match[str] | None = None
    for mark in _DELIMITER.finditer(text, start, end):
        if opened is None or mark.end() - opened.start() > LONGEST:
            opened = mark if mark[0] in _CLOSING else None
        elif mark[0] == _CLOSING[opened[0]]:
            if _is_money(text[opened.end() : mark.start()], mark[0]):
                opened = mark
            else:
                found.append((opened.start(), mark.end()))
                opened = None
        elif mark[0] in _CLOSING and opened[0] == "$":  # a dollar sign without a partner
            opened = mark
    return found


def _is_money(content: str, delimiter: str) -> bool:
    """What stands between two prices: "$5 and $10"."""
    return delimiter == "$" and (not content or (content[0].isdigit() and content[-1].isspace()))


def formula_at(text: str, start: int, end: int) -> Span | None:
    """The formula that begins at `start`."""
    mark = _DELIMITER.match(text, start, end)
    if mark is None or mark[0] not in _CLOSING:
        return None
    first = formulas(text, start, min(end, start + LONGEST))[:1]
    return first[0] if first and first[0][0] == start else None


def masked(text: str, start: int, end: int) -> str:
    """The piece with letters in place of its formulas, so that places stay."""
    pieces: list[str] = []
    at = start
    for low, high in formulas(text, start, end):
        pieces += (text[at:low], "x" * (high - low))
        at = high
    return "".join((*pieces, text[at:end]))
