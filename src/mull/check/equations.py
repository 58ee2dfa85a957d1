"""Chains of values with relations between them (`3+4 = 7 = 14/2`), and the claims they make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from mull.check import words
from mull.check.decide import Decision, Verdict, decide, ratio_of_units
from mull.check.tokens import Lexer, Token

_AFTER_VALUE = ("number", ")", "%", "!", "power")


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim at characters `start` to `end` of the text.

    verdict  undecided where the claim is too large, rounded, supposed, or true in another reading
    value    what the computed side is, where that is not what the claim says
    """

    start: int
    end: int
    text: str
    verdict: Verdict
    value: str | None


@dataclass(slots=True)
class Side:
    """Tokens between two relations. `bad`: something in it is no arithmetic."""

    tokens: list[Token] = field(default_factory=list)
    bad: bool = False
    depth: int = 0  # of open parentheses

    @property
    def complete(self) -> bool:
        """An operator, a relation or the end may follow."""
        return bool(self.tokens) and self.tokens[-1].kind in _AFTER_VALUE

    @property
    def computed(self) -> bool:
        """Something is computed in it."""
        return sum(token.kind not in ("(", ")") for token in self.tokens) > 1 + self._signs or (
            self.tokens[0].text == "frac"
        )

    @property
    def _signs(self) -> int:
        return self.tokens[0].text in ("+", "-")


@dataclass(slots=True)
class Chain:
    """What stands between two pieces of prose.

    left     the word before it, None at the beginning of a clause
    dash     a minus at the beginning of a line, which may be the mark of a list
    spoken   one of the relations is a word
    unit     a word follows
    doubt    something says that it may not be meant as a claim
    """

    left: str | None = None
    sides: list[Side] = field(default_factory=lambda: [Side()])
    relations: list[str] = field(default_factory=list)
    modulus: Token | None = None
    dash: Token | None = None
    spoken: bool = False
    unit: bool = False
    doubt: bool = False
    size: int = 0

    @property
    def start(self) -> int | None:
        """Where its first token is."""
        if self.dash is not None:
            return self.dash.start
        return next((side.tokens[0].start for side in self.sides if side.tokens), None)

    def claims(self, lexer: Lexer) -> Iterator[Claim]:
        """What it claims, relation by relation."""
        modulus = self._take_modulus()
        for index, relation in enumerate(self.relations):
            left, right = self.sides[index : index + 2]
            if any(side.bad or side.depth or not side.complete for side in (left, right)):
                continue
            if not self._means_it(index, relation, left, right):
                continue
            decision = self._decide(index, left, relation, right, modulus)
            if decision is None:
                continue
            last = self.modulus or right.tokens[-1]
            start, end = left.tokens[0].start, max(last.end, right.tokens[-1].end)
            yield Claim(start, end, lexer.between(start, end), *decision)

    def _means_it(self, index: int, relation: str, left: Side, right: Side) -> bool:
        """Whether these two sides are a claim at all."""
        bare = not (left.computed or right.computed)
        if bare and relation == "=" and self.modulus is None:
            return False
        safe = index > 0 or self.left is None or self.left in words.SAFE
        return safe or not (bare or self.spoken)

    def _decide(
        self, index: int, left: Side, relation: str, right: Side, modulus: int | None
    ) -> Decision | None:
        decision = decide(left.tokens, relation, right.tokens, modulus)
        if decision is None or decision.verdict != "contradicted":
            return decision
        doubt = self.doubt or (self.unit and ratio_of_units(left.tokens, right.tokens))
        if self.dash is not None and index == 0:
            signed = decide([self.dash, *left.tokens], relation, right.tokens, modulus)
            doubt |= signed is not None and signed.verdict == "confirmed"
        for sides in _as_lists(left, right):
            listed = decide(sides[0], relation, sides[1], modulus)
            doubt |= listed is not None and listed.verdict == "confirmed"
        if relation == "=" and modulus is None and (parts := _split_modulus(right)):
            congruent = decide(left.tokens, "mod=", parts[0], parts[1])
            doubt |= congruent is not None and congruent.verdict == "confirmed"
        return Decision("undecided", decision.value) if doubt else decision

    def _take_modulus(self) -> int | None:
        """The modulus of all congruences: `(mod 5)`, or `mod 5` at the end."""
        if self.modulus is not None:
            assert self.modulus.value is not None
            return int(self.modulus.value)
        if "mod=" in self.relations and (parts := _split_modulus(self.sides[-1])):
            self.sides[-1].tokens, modulus = parts
            return modulus
        return None


def _split_modulus(side: Side) -> tuple[list[Token], int] | None:
    """`2 mod 5` in two."""
    match side.tokens:
        case [*value, Token(text="mod"), Token(kind="number", value=modulus, places=0)] if value and modulus:
            return value, int(modulus)
    return None


def _as_lists(left: Side, right: Side) -> Iterator[tuple[list[Token], list[Token]]]:
    """Without thousands: `3*3=9,400-1=399` are two claims and not one with a 9400."""
    first = right.tokens[0]
    if _grouped(first):
        head = first.text.partition(",")[0]
        yield left.tokens, [first._replace(value=Fraction(head))]
    first, *others = left.tokens
    if _grouped(first):
        tail = first.text.rpartition(",")[2]
        yield [first._replace(value=Fraction(tail)), *others], right.tokens


def _grouped(token: Token) -> bool:
    return token.kind == "number" and "," in token.text and not set("{\\") & set(token.text)
