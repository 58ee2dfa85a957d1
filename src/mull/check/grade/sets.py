"""Sets of real numbers in one form, whether written as intervals, inequalities, unions or lists of points.

A set is a sorted list of pieces that do not touch; (0,2] ∪ [1,3), 0 < x < 3 and {x | x > 0} ∩ (-∞,3) are all
one piece from 0 to 3. A single interval may have ends with variables; sets of several pieces need numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cmp_to_key

from mull.check.grade.tree import (
    INFINITY,
    MINUS_ONE,
    ONE,
    ZERO,
    Add,
    Builder,
    Call,
    Const,
    Group,
    Mul,
    Node,
    Rel,
    SetOp,
    Sym,
    difference,
    negative,
    quotient,
    rebuild,
    variables,
)
from mull.check.grade.values import equal_values, order
from mull.check.grade.verdict import Outcome

_MIRROR = {"<": ">", ">": "<", "≤": "≥", "≥": "≤", "≠": "≠", "=": "="}
_PIECES = 50


class NoSet(Exception):
    """The answer is no set of real numbers that can be put in this form."""


@dataclass(frozen=True, slots=True)
class Piece:
    """An interval; a point is a closed interval with equal ends."""

    low: Node
    low_closed: bool
    high: Node
    high_closed: bool


Pieces = list[Piece]
_ALL = [Piece(negative(INFINITY), False, INFINITY, False)]


def pieces(node: Node) -> Pieces:
    """The set that `node` describes. Raises NoSet."""
    match node:
        case Const("R"):
            return _ALL
        case Const("R^+"):
            return [Piece(ZERO, False, INFINITY, False)]
        case Const("empty") | Group("{}", ()):
            return []
        case Group("{}", items):
            return union([_point(item) for item in items])
        case Group(brackets, (low, high)) if (
            len(brackets) == 2 and brackets[0] in "([" and brackets[1] in ")]"
        ):
            piece = Piece(
                low, brackets[0] == "[" and not _endless(low), high, brackets[1] == "]" and not _endless(high)
            )
            return [piece] if order(low, high) in (-1, None) else _degenerate(piece)
        case Group("or", items):
            return union([piece for item in items for piece in pieces(item)])
        case Group(",", items) if items and all(isinstance(item, Rel) for item in items):
            return _together([pieces(item) for item in items])
        case SetOp(op, left, right):
            one, other = pieces(left), pieces(right)
            if op == "∪":
                return union(one + other)
            return intersection(one, other if op == "∩" else complement(other))
        case Builder(_, condition):
            return pieces(condition)
        case Rel(("∈",), (Sym(), right)):
            return pieces(right)
        case Rel(("∉",), (Sym(), right)):
            return complement(pieces(right))
        case Rel(ops, terms):
            return _relation(ops, terms)
    raise NoSet


def _together(conditions: list[Pieces]) -> Pieces:
    """Conditions in a list hold together; where they cannot, they are alternatives (x < -2, x > 3)."""
    result = conditions[0]
    for condition in conditions[1:]:
        result = intersection(result, condition)
    return result or union([piece for condition in conditions for piece in condition])


def _point(node: Node) -> Piece:
    if _endless(node) or isinstance(node, Group | Rel | SetOp | Builder):
        raise NoSet
    return Piece(node, True, node, True)


def _endless(node: Node) -> bool:
    return order(node, INFINITY) == 0 or order(node, negative(INFINITY)) == 0


def _degenerate(piece: Piece) -> Pieces:
    if order(piece.low, piece.high) == 0 and piece.low_closed and piece.high_closed:
        return [piece]
    raise NoSet


def _relation(ops: tuple[str, ...], terms: tuple[Node, ...]) -> Pieces:
    """A chain of inequalities in one variable."""
    if not ops or not set(ops) <= set("<>≤≥≠="):
        raise NoSet
    result = _ALL
    for op, left, right in zip(ops, terms, terms[1:], strict=False):
        result = intersection(result, _inequality(op, left, right))
    return result


def _inequality(op: str, left: Node, right: Node) -> Pieces:
    if isinstance(right, Call) and right.name == "abs":
        left, right, op = right, left, _MIRROR[op]
    if isinstance(left, Call) and left.name == "abs":
        (inner,), low = left.args, negative(right)
        if op in "<≤":
            return intersection(_inequality(_MIRROR[op], inner, low), _inequality(op, inner, right))
        if op in ">≥":
            return union(_inequality(_MIRROR[op], inner, low) + _inequality(op, inner, right))
        raise NoSet
    if not isinstance(left, Sym) and isinstance(right, Sym):
        left, right, op = right, left, _MIRROR[op]
    if not isinstance(left, Sym) or left.name in variables(right):
        if _is_name(left) and not variables(right):
            return _half(op, right)
        if _is_name(right) and not variables(left):
            return _half(_MIRROR[op], left)
        op, right = _solve(op, left, right)
    return _half(op, right)


def _is_name(node: Node) -> bool:
    """A value of a function, as f(x), which is compared as a whole."""
    return (
        isinstance(node, Call)
        and all(isinstance(arg, Sym) for arg in node.args)
        and node.name[0] in "fghFGHPQ"
    )


def _solve(op: str, left: Node, right: Node) -> tuple[str, Node]:
    """A linear inequality in one variable, solved: -2x + 1 < 5 is x > -2."""
    gap = difference(left, right)
    names = variables(gap)
    if len(names) != 1:
        raise NoSet
    (name,) = names

    def at(value: Node) -> Node:
        return substitute(gap, name, value)

    slope = difference(at(ONE), at(ZERO))
    line = Add((Mul((slope, Sym(name))), at(ZERO)))
    rising = order(slope, ZERO)
    if not rising or not equal_values(gap, line).equal:
        raise NoSet
    return op if rising > 0 else _MIRROR[op], Mul((MINUS_ONE, quotient(at(ZERO), slope)))


def substitute(node: Node, name: str, value: Node) -> Node:
    """The expression with `value` in place of a variable."""
    if isinstance(node, Sym):
        return value if node.name == name else node
    return rebuild(node, lambda part: substitute(part, name, value))


def _half(op: str, end: Node) -> Pieces:
    if op in "<≤":
        return [Piece(negative(INFINITY), False, end, op == "≤" and not _endless(end))]
    if op in ">≥":
        return [Piece(end, op == "≥" and not _endless(end), INFINITY, False)]
    point = [Piece(end, True, end, True)]
    return point if op == "=" else complement(point)


# The algebra of sets


def _order(left: Node, right: Node) -> int:
    sign = order(left, right)
    if sign is None:
        raise NoSet
    return sign


def _before(one: Piece, other: Piece) -> int:
    return _order(one.low, other.low) or int(other.low_closed) - int(one.low_closed)


def union(parts: Pieces) -> Pieces:
    """Sorted, and joined where they touch."""
    if len(parts) > _PIECES:
        raise NoSet
    if len(parts) < 2:
        return parts
    ordered = sorted(parts, key=cmp_to_key(_before))
    joined = [ordered[0]]
    for piece in ordered[1:]:
        last = joined[-1]
        gap = _order(last.high, piece.low)
        if gap > 0 or (gap == 0 and (last.high_closed or piece.low_closed)):
            end = _order(last.high, piece.high)
            high, closed = (piece.high, piece.high_closed) if end < 0 else (last.high, last.high_closed)
            if end == 0:
                closed = last.high_closed or piece.high_closed
            joined[-1] = Piece(last.low, last.low_closed, high, closed)
        else:
            joined.append(piece)
    return joined


def intersection(one: Pieces, other: Pieces) -> Pieces:
    found = []
    for left in one:
        for right in other:
            if left == _ALL[0] or right == _ALL[0]:
                found.append(right if left == _ALL[0] else left)
                continue
            start, end = _order(left.low, right.low), _order(left.high, right.high)
            low, low_closed = (left.low, left.low_closed) if start > 0 else (right.low, right.low_closed)
            high, high_closed = (left.high, left.high_closed) if end < 0 else (right.high, right.high_closed)
            if start == 0:
                low_closed = left.low_closed and right.low_closed
            if end == 0:
                high_closed = left.high_closed and right.high_closed
            width = _order(low, high)
            if width < 0 or (width == 0 and low_closed and high_closed):
                found.append(Piece(low, low_closed, high, high_closed))
    return union(found)


def complement(parts: Pieces) -> Pieces:
    """What of the real line is left."""
    rest: Pieces = []
    low, closed = negative(INFINITY), False
    for piece in union(parts):
        if not _endless(piece.low):
            rest.append(Piece(low, closed, piece.low, not piece.low_closed))
        low, closed = piece.high, not piece.high_closed
    if not parts or not _endless(low):
        rest.append(Piece(low, closed, INFINITY, False))
    return rest


def equal_sets(one: Pieces, other: Pieces) -> Outcome:
    if len(one) != len(other):
        return Outcome(False, "structure", f"sets of {len(one)} and {len(other)} pieces")
    undecided = None
    for left, right in zip(one, other, strict=True):
        if (left.low_closed, left.high_closed) != (right.low_closed, right.high_closed):
            return Outcome(False, "structure", "an end is open in one set and closed in the other")
        for end in (equal_values(left.low, right.low), equal_values(left.high, right.high)):
            if end.equal is False:
                return Outcome(False, "structure", f"an end of a set differs: {end.reason}")
            undecided = undecided or (end if end.equal is None else None)
    return undecided or Outcome(True, "structure", "the same set, piece by piece")
