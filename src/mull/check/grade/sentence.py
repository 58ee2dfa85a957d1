"""The answer in a sentence: behind "the answer is", or at the end of one that says nothing of the kind."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mull.check.grade.formulas import Span, formula_at, formulas, masked

LONGEST = 2000  # characters of a sentence

_FILLER = re.compile(
    r"[\s:=*_`>→~-]*(?:(?:is|are|be|was|equals|therefore|thus|hence|for sure|simply|just|probably|clearly"
    r"|definitely|indeed|the|option|choice|letter|actually|obviously|then|given by|exactly|now|so|est|ist|هو"
    r"|है|是|为|應該|应该)\b[\s:=*_`]*)*[*_`\"]*",
    re.IGNORECASE,
)
_MINUS = re.compile(r"-\s*[\d.\\$(a-z]")
_DENIAL = re.compile(r"(?:certainly |definitely |surely )?(?:not|n't|pas|non|nicht|不是|не)\b", re.IGNORECASE)
_JOINED = re.compile(r"\s*(?:,|;|and|or|,\s*and|,\s*or)\s*", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?](?:\s|$|[*\"')\]]+(?:\s|$))|[。！？।]|\n\s*\n|\n(?=\s*\S)|<\||</")
_CLAUSE = re.compile(
    r",?\s+(?:because|since|as|which|where|if|when|for|but|that|after|before|at|in|per|by|from|with|rather|instead|not|it|this|of|to|he|she|they|we|you|I)\b"
    r"|[,;:]\s+(?![-\d$\\(])|\s*[(（](?=[^)）]*[^\W\d_]{3})|\s[-–—]\s|，|；",
)
_COPULA = re.compile(
    r"(?:\b(?:is|are|be|equals|gives?|yields?|was|were|gets?|have|has|it's|that's|est|sont|ist|beträgt|reste|es|son)"
    r"(?=[\s$\\:*])"
    r"|是|为|為|等于|共有|有|需要|应该|=|≈|→|\\implies|:|：)"
    r"(?:\s*(?:about|approximately|exactly|only|just|equal to|therefore|also|then))*",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?<!\")(?<!\w\()(?<!')[-−]?(?:(?<![\w.,])|(?<=[^\x00-\x7f])|(?<=-))[$€£]?\d+(?:[.,]\d+)*(?:/\d+)?(?:\s*(?:%|\\%|percent\b))?"
)
_LAST_EQUATION = re.compile(r"=\s*([^=$]*\d[^=$]*?)\s*(?:\$+|\\\)|\\\]|$)")
_CHOICE = re.compile(r"\(?\b([A-J])\b\)?(?!['’]|\s+[a-z]{2,}\s+(?:is|are|of)\b)")


def sentence_end(text: str, start: int, end: int) -> int:
    """Where the sentence that begins at `start` ends; points and lines within mathematics do not end it."""
    end = min(end, start + LONGEST)
    found = _SENTENCE_END.search(masked(text, start, end))
    return start + found.start() if found else end


def statement(text: str, start: int, end: int) -> Iterator[Span]:
    """Places that may be the answer of "the answer is …", the best first; `start` is behind "is"."""
    start = _skip(text, start, end)
    stop = sentence_end(text, start, end)
    if denied := _DENIAL.match(text, start, stop):
        for found in reversed(list(_COPULA.finditer(text, denied.end(), min(end, stop + 80)))):
            at = _skip(text, found.end(), end)
            if not _DENIAL.match(text, at, end):
                yield from statement(text, at, end)
                return
        return
    if (chain := _chain(text, start, end)) is not None:
        yield chain
        yield from _right_side(text, chain)
        return
    yield start, stop
    if clause := _CLAUSE.search(text, start, stop):
        yield start, clause.start()
    if choice := _CHOICE.match(text, start, stop):
        yield choice.span()
    number = _NUMBER.match(text, start, stop)
    if number:
        yield number.span()
    yield from end_of(text, start, stop, first=True)


def _skip(text: str, start: int, end: int) -> int:
    """Behind words and marks that say nothing; a minus sign stays."""
    found = _FILLER.match(text, start, end)
    at = found.end() if found else start
    while (at > start and text[at - 1] in "-(") or (at > start and _MINUS.match(text, at - 1, end)):
        at -= 1
    return at


def end_of(text: str, start: int, end: int, first: bool = False) -> Iterator[Span]:
    """Places in a sentence without a mark, best first: behind its last "is" or "=", its last formula.

    first   take the first number instead: "Answer: she still owes 220 dollars in 12 months"
    """
    end = start + len(text[start:end].rstrip(" \t\r\n.!?。！？।*_"))
    start += (
        len(text[start:end]) - len(text[start:end].lstrip(" \t\r\n*_#>-"))
        if not _MINUS.match(text, start, end)
        else 0
    )
    yield start, end
    plain = masked(text, start, end)
    for found in reversed(list(_COPULA.finditer(plain))[-6:]):
        at = _skip(text, start + found.end(), end)
        if at >= end or _DENIAL.match(text, at, end):
            continue
        if found[0].strip() == ":" and not re.match(r"[-\d$\\(]", text[at:end]):
            continue
        before = plain[max(0, found.start() - 12) : found.start()]
        if re.search(r"\b(?:not|n't|isn't)\s*$", before):
            continue
        if (chain := _chain(text, at, end)) is not None:
            yield chain
            yield from _right_side(text, chain)
            return
        if number := _NUMBER.match(text, at, end):
            clause = _CLAUSE.search(text, at, end)
            stop = clause.start() if clause else end
            money = plain.find("$", number.end() - start)  # "220 $ are left"
            yield at, min(stop, start + money) if money >= 0 else stop
            yield number.span()
            return
        yield at, end
        if re.match(r"[\\(\[{]", text[at:end]):
            return
    spans = formulas(text, start, end)
    numbers = [match for match in _NUMBER.finditer(text, start, end) if not _covered(match, spans)]
    if numbers and (not spans or (not first and numbers[-1].start() > spans[-1][0])):
        yield numbers[0 if first else -1].span()
    elif spans:
        yield spans[-1]
        yield from _right_side(text, spans[-1])


def _covered(number: re.Match[str], spans: list[Span]) -> bool:
    return any(low <= number.start() < high for low, high in spans)


def _chain(text: str, start: int, end: int) -> Span | None:
    """The formula at `start`, and those that a comma, "and" or "or" joins to it."""
    formula = formula_at(text, start, end)
    if formula is None:
        return None
    last = formula[1]
    while (link := _JOINED.match(text, last, end)) and (more := formula_at(text, link.end(), end)):
        last = more[1]
    return start, last


def _right_side(text: str, formula: Span) -> Iterator[Span]:
    """Of the last equation in a formula: 371 of m + n = 371."""
    if match := _LAST_EQUATION.search(text, *formula):
        yield match.span(1)
