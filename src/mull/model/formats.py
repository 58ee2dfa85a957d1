"""Thinking formats: where in a model's text the thoughts end and the answer begins.

Tagged models (QwQ-32B, R1, Qwen3, the embedded one) write `<think>thoughts</think>answer`; tagless
ones (QwQ-32B-Preview) reason in the open, then write `**Final Answer**` and `\\boxed{}`. One Reader
recognises both in a stream: for every way of cutting the text into pieces the thoughts, the answer,
the phase and the box come out equal, and only characters that may still become a marker are held
back. Markers and the blank space around them are dropped; every other character comes out once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

from mull.model.boxes import Boxes
from mull.model.tokenizer import Tokenizer

Kind = Literal["thought", "answer"]

PREVIEW_SYSTEM = (
    "You are a helpful and harmless assistant. You are Qwen developed by Alibaba. "
    "You should think step-by-step."
)
_KNOWN_SYSTEMS = (
    PREVIEW_SYSTEM,
    "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
    "You are a helpful assistant.",
)


class Piece(NamedTuple):
    """Some text of one kind, never empty."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Marks:
    """The patterns a Reader looks for; a prefix pattern finds the tail that may become the marker.

    opening   at the very start of the text; None where thoughts have no opening marker
    closing   the first one ends the thoughts
    first     characters a closing marker can begin with
    gap       characters dropped after a marker
    """

    opening: re.Pattern[str] | None
    opening_prefix: re.Pattern[str]
    closing: re.Pattern[str]
    closing_prefix: re.Pattern[str]
    first: frozenset[str]
    gap: str


@dataclass(frozen=True, slots=True)
class Tagged:
    """Thoughts between two tags.

    starts_open  the prompt itself ends in the opening tag, so the text begins inside the thoughts
    system       the system prompt the checkpoint's own template uses when none is given
    """

    open: str = "<think>"
    close: str = "</think>"
    starts_open: bool = True
    system: str = ""

    @property
    def closing(self) -> str:
        """Text that ends the thoughts and leads into an answer; `Tokenizer.scaffold` gives its ids."""
        return f"\n{self.close}\n\n"

    def opening(self, *, think: bool) -> str:
        """What follows the assistant's header in a prompt."""
        if not think:
            return f"{self.open}\n\n{self.close}\n\n"
        return f"{self.open}\n" if self.starts_open else ""

    def begun(self, prompt: Sequence[int], control: Mapping[str, int]) -> bool | None:
        """Whether a text behind this prompt begins inside the thoughts; None where that is not said.

        The last control token says so: user text has none, and thoughts of turns before have a turn's end.
        """
        tokens = {id: token for token, id in control.items()}
        last = next((tokens[id] for id in reversed(prompt) if id in tokens), None)
        return last == self.open if last in (self.open, self.close) else None

    def reader(self, *, thinking: bool | None = None) -> Reader:
        """A reader of text that begins inside the thoughts or not (default: `starts_open`)."""
        thinking = self.starts_open if thinking is None else thinking
        return Reader(_tag_marks(self.open, self.close), "thought" if thinking else "answer")

    def split(self, text: str) -> tuple[str, str]:
        """(thoughts, answer) of a whole text. A close tag that none opened still ends thoughts."""
        before, found, _ = text.partition(self.close)
        unopened = bool(found) and self.open not in before
        return _read_whole(self.reader(thinking=True if unopened else None), text)


@dataclass(frozen=True, slots=True)
class Tagless:
    """Thoughts in the open until a line begins with `**Final Answer**`.

    A stream without that line is shown as thoughts to its end, since nothing tells earlier which
    paragraph will be the last; `split` then names the answer, which is shown again as such.
    """

    system: str = ""

    @property
    def closing(self) -> str:
        """Text that ends the thoughts and leads into an answer; `Tokenizer.scaffold` gives its ids."""
        return "\n\n**Final Answer**\n\n"

    def opening(self, *, think: bool) -> str:
        """Nothing: such a model always thinks, and no tag begins it."""
        return ""

    def begun(self, prompt: Sequence[int], control: Mapping[str, int]) -> bool | None:
        """Nothing in a prompt says so: such a model always thinks first."""
        return None

    def reader(self, *, thinking: bool | None = None) -> Reader:
        """A reader of text that begins in the thoughts, or with `thinking=False` in the answer."""
        return Reader(_final_answer_marks(), "answer" if thinking is False else "thought")

    def split(self, text: str) -> tuple[str, str]:
        """(thoughts, answer) of a whole text; the answer is blank only where the text is.

        Without a final-answer line the answer begins at the paragraph of the last `\\boxed{}`,
        or without one is the last paragraph.
        """
        thoughts, answer = _read_whole(self.reader(), text)
        if answer.strip():
            return thoughts, answer
        body = (thoughts if thoughts.strip() else text).rstrip()
        boxes = Boxes()
        boxes.feed(body)
        until = len(body) if boxes.start is None else boxes.start
        start = max((match.end() for match in _PARAGRAPH.finditer(body, 0, until)), default=0)
        return body[:start].rstrip(), body[start:]


Format = Tagged | Tagless


class Reader:
    """Splits a stream of text into thoughts and answer.

    phase   what the next ordinary character would be
    boxed   content of the last complete `\\boxed{...}` in the answer so far, None before the first
    """

    __slots__ = ("_boxes", "_held", "_last", "_marks", "_state", "phase")

    def __init__(self, marks: Marks, phase: Kind) -> None:
        self.phase: Kind = phase
        self._marks = marks
        self._state: Literal["start", "gap", "body"] = "start" if marks.opening else "body"
        self._held = ""  # may still become a marker
        self._last = ""  # the character before it: markers may have to begin a line
        self._boxes = Boxes()

    @property
    def boxed(self) -> str | None:
        return self._boxes.content

    @property
    def holding(self) -> bool:
        """Whether the latest characters may still turn out to be a marker."""
        return bool(self._held)

    def feed(self, text: str) -> list[Piece]:
        """Take more text; returns what is now certain, in order."""
        plain = self.phase == "answer" or self._marks.first.isdisjoint(text)
        if plain and text and not self._held and self._state == "body":  # nearly always
            self._last = text[-1]
            return [self._piece(text)]
        self._held += text
        pieces: list[Piece] = []
        while self._held and self._advance(pieces):
            pass
        return pieces

    def finish(self) -> list[Piece]:
        """End of the text: what was held back is no marker."""
        pieces: list[Piece] = []
        self._emit(len(self._held), pieces)
        return pieces

    def copy(self) -> Reader:
        """An independent reader at the same place."""
        twin = Reader(self._marks, self.phase)
        twin._state, twin._held, twin._last = self._state, self._held, self._last
        twin._boxes = self._boxes.copy()
        return twin

    def _advance(self, pieces: list[Piece]) -> bool:
        """One step over what is held. False when it must wait for more text."""
        marks, held = self._marks, self._held
        if self._state == "start":
            assert marks.opening is not None
            if match := marks.opening.match(held):
                self._pass_marker(match.end(), "thought")
            elif marks.opening_prefix.fullmatch(held):
                return False
            else:
                self._state = "body"
            return True
        if self._state == "gap":
            self._held = held.lstrip(marks.gap)
            if self._held:
                self._state = "body"
            return True
        if self.phase == "answer":
            self._emit(len(held), pieces)
            return False
        seen, before = self._last + held, len(self._last)
        if match := marks.closing.search(seen, before):
            self._emit(match.start() - before, pieces)
            self._pass_marker(match.end() - match.start(), "answer")
            return True
        tail = marks.closing_prefix.search(seen, before)
        self._emit(tail.start() - before if tail else len(held), pieces)
        return False

    def _emit(self, count: int, pieces: list[Piece]) -> None:
        if count:
            pieces.append(self._piece(self._held[:count]))
            self._last = self._held[count - 1]
            self._held = self._held[count:]

    def _piece(self, text: str) -> Piece:
        if self.phase == "answer":
            self._boxes.feed(text)
        return Piece(self.phase, text)

    def _pass_marker(self, count: int, phase: Kind) -> None:
        self._held = self._held[count:]
        self._state, self.phase = "gap", phase


def detect(tokenizer: Tokenizer, template: str = "") -> Format:
    """The format of a checkpoint, from its tokens and its chat template's source (never run).

    Without a template a model with `<think>` is taken to start open, as QwQ-32B and R1 do, and one
    without it for QwQ-32B-Preview's kind.
    """
    system = next((known for known in _KNOWN_SYSTEMS if known in template), "")
    if "<think>" not in tokenizer.control and "<think>" not in template:
        return Tagless(system=system if template else PREVIEW_SYSTEM)
    _, conditional, generation = template.rpartition("add_generation_prompt")
    opens = re.search(r"<think>(?!(?:\\n|\s)*</think>)", generation)
    return Tagged(starts_open=bool(opens) if conditional else True, system=system)


def boxed(text: str) -> str | None:
    """Content of the last complete `\\boxed{...}` in `text`, braces balanced; None without one."""
    boxes = Boxes()
    boxes.feed(text)
    return boxes.content


def _read_whole(reader: Reader, text: str) -> tuple[str, str]:
    pieces = reader.feed(text) + reader.finish()
    thoughts = "".join(piece.text for piece in pieces if piece.kind == "thought")
    return thoughts, "".join(piece.text for piece in pieces if piece.kind == "answer")


def _beginning_of(*atoms: str) -> str:
    """A pattern for one or more of the first atoms, in order."""
    pattern = atoms[-1]
    for atom in reversed(atoms[:-1]):
        pattern = f"{atom}(?:{pattern})?"
    return pattern


_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
_BLANK = " \t\r\n"


@cache
def _tag_marks(open: str, close: str) -> Marks:
    opening = _beginning_of(*map(re.escape, open[:-1]))
    closing = _beginning_of(*map(re.escape, close[:-1]))
    return Marks(
        opening=re.compile(rf"\s{{0,8}}{re.escape(open)}"),
        opening_prefix=re.compile(rf"\s{{0,8}}(?:{opening})?"),
        closing=re.compile(rf"\n{{0,2}}{re.escape(close)}"),
        closing_prefix=re.compile(rf"(?:\n{{1,2}}(?:{closing})?|{closing})\Z"),
        first=frozenset("\n" + close[0]),
        gap=_BLANK,
    )


@cache
def _final_answer_marks() -> Marks:
    """The marker must begin a line: "I should write **Final Answer** at the end" is a thought."""
    final = _beginning_of(r"\*", r"\*", "[Ff]", *"inal", " ", "[Aa]", *"nswer", r"(?::\*?|\*)")
    return Marks(
        opening=None,
        opening_prefix=re.compile(""),
        closing=re.compile(r"\n{0,2}(?<![^\n])\*\*[Ff]inal [Aa]nswer:?\*\*"),
        closing_prefix=re.compile(rf"(?:\n{{1,2}}(?:{final})?|(?<![^\n]){final})\Z"),
        first=frozenset("\n*"),
        gap=_BLANK + ":",
    )
