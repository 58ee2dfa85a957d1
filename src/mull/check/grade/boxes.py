r"""The `\boxed{…}` of a text, from its end: balanced braces, and the ways in which models misspell it."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 5000  # characters of what stands in a box
MOST = 40  # boxes looked at, from the end
LONGEST_LINK = 60  # characters between two boxes of one list

_OPENING = re.compile(r"(?:\\{1,2}|<|\\begin|\b)(?:f?boxed|fbox)\s*(?:\{|(?=[-\d]))")
_TOKEN = re.compile(r"\\\\|\\[{}]|[{}]")
_CLOSING = re.compile(r"(?:[\s$.]|\\[)\]])+$")
_BARE = re.compile(r"-?\d[\d.,]*(?<![.,])")
_PERCENT = re.compile(r"\s*(?:\\\)|\\\]|\$)?\s*(?:\\?%|percent\b|pct\b)")
_MARKUP = re.compile(r"\\q?quad\b|\\(?:text|mbox|textbf|mathrm)\b|\\[^A-Za-z]|[\s${}*()\[\]]+")
_NAMED = re.compile(r"\w+(?:_\w+)?\s*=\s*$")
_LISTED = re.compile(r"(?:,|;|&|and|or|,\s*(?:and|or))")
_LOOSE = re.compile(r"(?:\w+\s+){1,5}(?:and|or)|\w+,")


@dataclass(frozen=True, slots=True)
class Box:
    """What stands in a box; text[start:end] is all of it. `listed`: a comma, "and" or "or" is all that stands
    between it and the box before."""

    content: str
    start: int
    end: int
    listed: bool = False


def boxes(text: str, start: int, end: int) -> list[Box]:
    """The last box, after those that stand in one list with it."""
    openings = list(_OPENING.finditer(text, start, end))[-MOST:]
    found = [box for match in openings if (box := _box(text, match, end)) is not None and box.content.strip()]
    if not found:
        return [_open(text, openings[-1], end)] if openings and _box(text, openings[-1], end) is None else []
    chain = [found[-1]]
    for box in reversed(found[:-1]):
        if box.end > chain[0].start:  # boxes in boxes: the innermost counts
            continue
        link = text[box.end : chain[0].start]
        if len(link) > LONGEST_LINK:
            break
        words = _NAMED.sub("", _MARKUP.sub(" ", link).strip()).strip()
        listed = bool(_LISTED.fullmatch(words))
        if not listed and not _LOOSE.fullmatch(words):
            break
        chain[0] = Box(chain[0].content, chain[0].start, chain[0].end, listed)
        chain.insert(0, box)
    return chain


def _open(text: str, opening: re.Match[str], end: int) -> Box:
    """A box that nobody closed: what is left of its line."""
    line = text[opening.end() : min(end, opening.end() + LONGEST)].partition("\n")[0]
    return Box(_CLOSING.sub("", line), opening.start(), opening.end() + len(line))


def _box(text: str, opening: re.Match[str], end: int) -> Box | None:
    if not opening[0].endswith("{"):
        bare = _BARE.match(text, opening.end(), end)
        return Box(bare[0], opening.start(), bare.end()) if bare else None
    depth = 1
    for token in _TOKEN.finditer(text, opening.end(), min(end, opening.end() + LONGEST)):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if not depth:
            content = text[opening.end() : token.start()]
            share = _PERCENT.match(text, token.end(), end)
            if share and "%" not in content:
                return Box(f"{content} %", opening.start(), share.end())
            return Box(content, opening.start(), token.end())
    return None
