"""The letter that a text chooses, where the other answer is a single letter: "I think it's B"."""

from __future__ import annotations

import re

from mull.check.grade.boxes import boxes
from mull.check.grade.find import MARK, MARKS, TAIL, answer_part

_ALONE = re.compile(
    r"[\s$*\"'`]*(?:\\(?:text|mathrm|mathbf|textbf|mbox|textrm)\s*\{)*\s*\(?\s*([A-Ja-j])\s*\)?\s*[.:]?\s*\}*[\s$*.\"'`]*"
)
_LONGEST = 40  # characters around a letter that stands alone
_CAPITAL = re.compile(r"(?<!\\)\b[A-Ja-j]\b")
_LED = re.compile(
    r"[\s$*\"'`(]*(?:(?:is|was|for sure|definitely|clearly|probably|option|choice|letter|answer|the|est|é|:|="
    r"|是|为|选)[\s:*]{0,6})*"
    r"(?:\\(?:text|mathrm|mathbf|textbf|mbox|boxed)\s*\{)*[\s$*(]*([A-J])(?![A-Za-z'’]|\s+[a-z]+\s+(?:is|are|of)\b)",
)
_FIRST = re.compile(r"\s*(?:\*\*)?\(?([A-J])(?:[).:。,;]|\s*\*\*|\s*$|[^\x00-\x7f])")
_NOT_REJECTED = (
    r"(?!\)?\s+(?:and [A-J]\s+)?(?:cannot|can't|fails?|isn't"
    r"|(?:is|are|was|were) (?:not|wrong|incorrect|false|out)))"
)
_CHOOSING = re.compile(
    r"(?:\b(?:is|it's|it’s|be|choose|pick|select|chose|option|choice|answer|go with|so|thus|hence"
    r"|therefore|est|es|ist)\b|是|选|選|:)"
    r"[\s:*]{0,6}"
    r"(?:option|choice|answer|letter|the)?\s*[*(\"']*([A-J])(?![A-Za-z'’])" + _NOT_REJECTED
)
_ANY = re.compile(r"(?<![A-Za-z'’\\])\(?([B-HJ]|A(?!\s+[a-z])|I(?=\)))\)?(?![A-Za-z'’])" + _NOT_REJECTED)
_DENIED = re.compile(
    r"(?:\bnot|n't|n’t|\bnon|\bpas|不是|\bnicht|\bneither|\bnor|\b[A-J] or|\bcannot be|\bcan't be)[\s(*]*$",
    re.IGNORECASE,
)
_JSON = re.compile(
    r'"(?:final_)?(?:answer|choice|option|result)"\s*:\s*"\s*\(?([A-J])\)?[\s".:)]', re.IGNORECASE
)


def letter(text: str) -> str | None:
    """The letter, if the text is nothing but one: "B", "(B)", "\\text{(B)}"."""
    bare = text.strip()
    match = _ALONE.fullmatch(bare) if len(bare) <= _LONGEST else None
    return match[1].upper() if match and (match[1].isupper() or "(" in text) else None


def letters(text: str) -> tuple[int, int] | None:
    """Where the chosen letter stands; None if the text chooses none in a way that is known."""
    start, end = answer_part(text)
    if letter(text[start:end]) and (found := _CAPITAL.search(text, start, end)):
        return found.span()
    if chain := boxes(text, start, end):
        box = chain[-1]
        inside = _LED.match(box.content)
        if inside is None:
            return None
        at = text.index(box.content.removesuffix(" %"), box.start) + inside.start(1)
        return at, at + 1
    start = max(start, end - TAIL)
    if named := list(_JSON.finditer(text, start, end)):
        return named[-1].span(1)
    for mark in reversed(list(MARK.finditer(text, start, end))[-MARKS:]):
        if found := _LED.match(text, mark.end(), end):
            return found.span(1)
    if first := _FIRST.match(text, start, end):
        return first.span(1)
    for pattern in (_CHOOSING, _ANY):
        for found in reversed(list(pattern.finditer(text, start, end))):
            if not _DENIED.search(text, max(start, found.start(1) - 16), found.start(1)):
                return found.span(1)
    return None
