r"""Where the answer stands in a text.

The first of these that is there decides: the whole text if it is nothing but an answer; the last `\boxed{…}`,
or what is stated behind it;
`<answer>` tags; JSON; the last "the answer is …" that is not denied; the last bold text with an answer; the
end of the last sentence. Closed thoughts (`<think>…</think>`) are never searched. A place may be read in more
than one way: boxes side by side are members of a list, and the last of them is an answer of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mull.check.grade.boxes import boxes
from mull.check.grade.read import Answer, read
from mull.check.grade.sentence import LONGEST, end_of, statement

TAIL = 20_000  # characters from the end of a text that are searched for anything but boxes
WHOLE = 3000  # characters of a text that may be an answer and nothing else
_WORDS = 8  # that a whole answer may have
MARKS = 20  # statements that are looked at, from the end


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer in a text: text[start:end] read as `answer`, and how it was found."""

    answer: Answer
    start: int
    end: int
    source: str


_THOUGHT = re.compile(r"</think(?:ing)?>|<\|end_of_thought\|>")
_OPENED = re.compile(r"\s*<think(?:ing)?>")
_TURN = re.compile(r"<\|(?:im_end|im_start|endoftext|eot_id|end)\|>|<｜[^<>｜]*｜>|</s>")
_HOPE = re.compile(r"\s*I hope (?:it|this) (?:is correct|helps)[.!]?\s*$")
_TAG = re.compile(r"<answer>(.*?)(?:</answer>|\Z)", re.DOTALL | re.IGNORECASE)
_BOLD = re.compile(r"\*\*([^*\n]{1,200})\*\*|__([^_\n]{1,200})__")
_JSON_KEYS = ("final_answer", "answer", "final", "result", "solution", "choice", "output")
_JSON_OBJECT = re.compile(r"\{[^{}]*\}")
MARK = re.compile(
    r"(?:final|correct|right|best|required|desired)?\s{0,5}\b(?:answer|ans|solution|result)\b"
    r"(?:\s{1,5}(?:to|of|for)\s{1,5}(?:the|this|our)\s{1,5}(?:problem|question|equation|exercise))?\s{0,5}(?:\*\*|__)?\s{0,5}"
    r"(?:is|are|was|would be|should be|must be|will be|has to be|be|=|:|equals|therefore|→)"
    r"|\b(?:final answer|answer)\b[*_:\s]{0,8}\n"
    r"|\b(?:réponse|reponse|respuesta|resposta|risposta|antwort|lösung|solución|odpowiedź|ответ|جواب|الجواب|الإجابة|उत्तर)\b"
    r"\s{0,5}(?:finale?|es|est|è|é|ist|lautet|:|is|هو|هي|है|—|-){1,4}"
    r"|(?:最终)?(?:答案|答|答え|정답|답)(?:应该)?\s{0,5}(?:是|为|為|は|은|는|:|：){1,3}"
    r"|^#{2,}\s{0,5}(?=[-\d$\\])|(?<=\n)#{2,}\s{0,5}(?=[-\d$\\])",
    re.IGNORECASE,
)
_ASKED = re.compile(r"\b(?:not|n't|isn't|never|wrong)\s*$|\bif (?:the|my|this)\s*$", re.IGNORECASE)


def answer_part(text: str) -> tuple[int, int]:
    """Start and end of what follows the thoughts, without what a model says after its turn."""
    start = 0
    for match in _THOUGHT.finditer(text):
        start = match.end()
    if not start and (opened := _OPENED.match(text)):
        start = opened.end()
    ended = _TURN.search(text, start + 1)
    end = ended.start() if ended and text[start : ended.start()].strip() else len(text)
    if hoped := _HOPE.search(text, max(start, end - 60), end):
        end = hoped.start()
    return start, end


def find(text: str) -> list[Candidate]:
    """All readings of the place where the answer stands; empty if there is none."""
    start, end = answer_part(text)
    for search in (_whole, _boxed, _tagged, _in_json, _stated, _bold, _last):
        if found := list(search(text, start, end)):
            return found
    return []


def _candidate(text: str, start: int, end: int, source: str) -> Candidate:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Candidate(read(text[start:end]), start, end, source)


def _whole(text: str, start: int, end: int) -> Iterator[Candidate]:
    """A text that is mathematics and nothing else, or a few words."""
    piece = text[start:end].strip()
    if not piece or (len(piece) > WHOLE and _PROSE.search(piece)) or _BOX.search(piece) or MARK.search(piece):
        return
    words = len(_PROSE.findall(piece))
    if words > _WORDS or (words and "\n" in piece):
        return
    candidate = _candidate(text, start, end, "whole text")
    if candidate.answer.mathematical or _few_words(piece) or not (words or "#" in piece):
        yield candidate


_BOX = re.compile(r"boxed|fbox")
_PROSE = re.compile(  # a word that is no command and no environment
    r"(?<![\\A-Za-z])(?<!begin\{)(?<!end\{)"
    r"(?:[^\W\d_]{3,}|(?:so|is|we|it|by|to|of|my|he|no|an|as|at)(?![A-Za-z]))",
    re.IGNORECASE,
)
_WORD = re.compile(r"(?<![\\A-Za-z])[^\W\d_]+")
_NO_NAME = re.compile(r"[{}<>=\n]|\d|\b(?:is|are|was|were|be)\b")


def _few_words(text: str) -> bool:
    if _BOLD.search(text) or _NO_NAME.search(text.strip()):
        return False
    return 0 < len(_WORD.findall(text)) <= 5


def _boxed(text: str, start: int, end: int) -> Iterator[Candidate]:
    """The last box, and the boxes that stand in a list with it."""
    chain = boxes(text, start, end)
    if not chain:
        return
    later = list(_stated(text, chain[-1].end, end))  # said again, or corrected, after the box
    if any(candidate.answer.mathematical for candidate in later):
        yield from later
        return
    if len(chain) > 1:
        together = ", ".join(dict.fromkeys(box.content for box in chain))
        yield Candidate(read(together), chain[0].start, chain[-1].end, "boxes in a list")
        if all(box.listed for box in chain[1:]):
            return
    last = chain[-1]
    candidate = Candidate(read(last.content), last.start, last.end, "box")
    if not candidate.answer.mathematical:
        inner = text.find(last.content, last.start)
        if inner >= 0 and (said := list(_stated(text, inner, inner + len(last.content)))):
            yield from said
            return
    yield candidate


def _tagged(text: str, start: int, end: int) -> Iterator[Candidate]:
    found = list(_TAG.finditer(text, start, end))
    if found and found[-1][1].strip():
        yield _candidate(text, found[-1].start(1), found[-1].end(1), "answer tag")


def _in_json(text: str, start: int, end: int) -> Iterator[Candidate]:
    """The last JSON object with a key for the answer."""
    for match in reversed(list(_JSON_OBJECT.finditer(text, max(start, end - TAIL), end))):
        if '"' not in match[0] and "'" not in match[0]:
            continue
        try:
            record = json.loads(match[0])
        except (json.JSONDecodeError, RecursionError, ValueError):
            continue
        named = {name.lower().replace(" ", "_"): value for name, value in record.items()}
        for name in _JSON_KEYS:
            if isinstance(value := named.get(name), str | int | float) and not isinstance(value, bool):
                yield Candidate(read(str(value)), match.start(), match.end(), "JSON")
                return


def _stated(text: str, start: int, end: int) -> Iterator[Candidate]:
    """ "The answer is …", the last one that says something."""
    for match in reversed(list(MARK.finditer(text, max(start, end - TAIL), end))[-MARKS:]):
        if _ASKED.search(text, max(start, match.start() - 20), match.start()):
            continue
        found = [_candidate(text, *span, "answer statement") for span in statement(text, match.end(), end)]
        found = [candidate for candidate in found if candidate.answer.readings]
        if best := _best(found):
            yield from best
            return
        if found and _few_words(found[0].answer.text):
            yield found[0]
            return


def _bold(text: str, start: int, end: int) -> Iterator[Candidate]:
    for match in reversed(list(_BOLD.finditer(text, max(start, end - TAIL), end))):
        group = 1 if match[1] else 2
        candidate = _candidate(text, match.start(group), match.end(group), "bold")
        if candidate.answer.mathematical:
            yield candidate
            return
        spans = list(end_of(text, match.start(group), match.end(group)))
        if spans and re.search(r"\d", match[group]) and ":" not in match[group]:
            yield from _best([_candidate(text, *span, "bold") for span in spans])
            return


def _last(text: str, start: int, end: int) -> Iterator[Candidate]:
    """The end of the last sentence that holds mathematics; else the last line, as words."""
    begin = max(start, end - TAIL)
    sentences = [
        (match.start(), match.end()) for match in _SENTENCE.finditer(text, begin, end) if match[0].strip()
    ]
    sentences = [(max(low, high - LONGEST), high) for low, high in sentences[-3:]]
    for low, high in reversed(sentences):
        found = [_candidate(text, *span, "last sentence") for span in end_of(text, low, high)]
        if best := _best(found):
            yield from best
            return
    if sentences:
        yield from (_candidate(text, *span, "last sentence") for span in end_of(text, *sentences[-1]))


def _best(found: list[Candidate]) -> list[Candidate]:
    """The first that is mathematics, and what stands behind its last "=" (m + n = 371)."""
    understood = [candidate for candidate in found if candidate.answer.mathematical]
    if not understood:
        return []
    first = understood[0]
    inside = [other for other in understood[1:] if "=" in first.answer.text and _ends(other, first)]
    return [first, *inside]


def _ends(part: Candidate, whole: Candidate) -> bool:
    return whole.start < part.start and part.end <= whole.end and "=" not in part.answer.text


_SENTENCE = re.compile(r"(?:[^\n.!?。！？।]|[.!?](?=\S))+[.!?。！？।]*")
