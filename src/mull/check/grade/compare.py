"""Are two answers equal? Structures part by part, values by values.py. Symmetric in every rule.

A rule looks at two trees and gives an outcome, or None where it does not apply; the first that does decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from mull.check.grade import limits
from mull.check.grade.equations import definition, same_relation, same_residue, value_of
from mull.check.grade.matrices import matrix
from mull.check.grade.sets import NoSet, Pieces, equal_sets, pieces
from mull.check.grade.tree import (
    Add,
    Builder,
    Call,
    Const,
    Group,
    Matrix,
    Mul,
    Node,
    Num,
    Pow,
    Quantity,
    Rel,
    SetOp,
    Sym,
    Words,
    key,
    negative,
    quotient,
    rebuild,
    walk,
)
from mull.check.grade.units import factor
from mull.check.grade.values import equal_values
from mull.check.grade.verdict import WORDS_AND_VALUE, Outcome

_MEMBERS = 100  # of a list or a set
_SETS = frozenset(("R", "Q", "Z", "N", "C", "empty", "R^+"))


def compare(left: Node, right: Node) -> Outcome:
    """Whether two answers are equal."""
    limits.check()
    if key(left) == key(right):
        return Outcome(True, "form", "the same answer in the same form")
    left, right = _plain(left), _plain(right)
    for rule in _RULES:
        outcome = rule(left, right)
        if outcome is not None:
            return outcome
    return equal_values(left, right)


def _plain(node: Node) -> Node:
    """± written out, a sum of matrices added up, a unit outside its product."""
    if any(isinstance(part, Call) and part.name in ("pm", "mp") for part in walk(node)):
        node = _both_signs(node)
    if isinstance(node, Add | Mul | Call | Pow):
        node = matrix(node) or node
    if isinstance(node, Mul):
        measured = [factor for factor in node.factors if isinstance(factor, Quantity)]
        if len(measured) == 1:
            rest = tuple(part.value if part is measured[0] else part for part in node.factors)
            return Quantity(Mul(rest), measured[0].unit) if isinstance(measured[0], Quantity) else node
        last = node.factors[-1]
        if isinstance(last, Pow) and isinstance(last.base, Quantity) and not measured:  # 270/7°
            return Quantity(Mul((*node.factors[:-1], Pow(last.base.value, last.exponent))), last.base.unit)
    return node


def _both_signs(node: Node) -> Node:
    """The two answers that ± stands for; of a list, each member's."""
    if isinstance(node, Group) and node.brackets in (",", "or", "{}"):
        members: list[Node] = []
        for item in node.items:
            signed = any(isinstance(part, Call) and part.name in ("pm", "mp") for part in walk(item))
            members.extend((_signed(item, 1), _signed(item, -1)) if signed else (item,))
        return Group(node.brackets, tuple(members))
    return Group(",", (_signed(node, 1), _signed(node, -1)))


def _signed(node: Node, sign: int) -> Node:
    if isinstance(node, Call) and node.name in ("pm", "mp"):
        inner = _signed(node.args[0], sign)
        return inner if (node.name == "pm") == (sign > 0) else negative(inner)
    return rebuild(node, lambda part: _signed(part, sign))


# Rules


def _words(left: Node, right: Node) -> Outcome | None:
    if not isinstance(left, Words) and not isinstance(right, Words):
        return None
    return Outcome(False, "words", "words that differ" if type(left) is type(right) else WORDS_AND_VALUE)


def _relations(left: Node, right: Node) -> Outcome | None:
    if isinstance(left, Rel) and isinstance(right, Rel):
        one, other = definition(left), definition(right)
        if one and other and key(one[0]) == key(other[0]):
            return compare(one[1], other[1])
        return same_relation(left, right)
    if not isinstance(left, Rel) and not isinstance(right, Rel):
        return None
    relation, other_side = (left, right) if isinstance(left, Rel) else (right, left)
    if isinstance(relation, Rel) and (value := value_of(relation)) is not None:
        return compare(value, other_side)
    if isinstance(relation, Rel) and set(relation.ops) & set("<>≤≥≠∈∉"):
        return None
    if isinstance(other_side, Group) and other_side.brackets in (",", "or", "{}"):
        return None
    return Outcome(False, "structure", "a relation and a value")


def _real_sets(left: Node, right: Node) -> Outcome | None:
    """At least one is a set that is more than a list; the other may be an interval written as a pair."""
    if not (_is_set(left) or _is_set(right)):
        return None
    one, other = _pieces(left), _pieces(right)
    if one is not None and other is not None:
        return equal_sets(one, other)
    if one is None and other is None and not _comparable(left, right):
        return None
    return Outcome(False, "structure", "not the same set")


def _pieces(node: Node) -> Pieces | None:
    try:
        return pieces(node)
    except NoSet:
        return None


def _is_set(node: Node) -> bool:
    if isinstance(node, Group):
        if node.brackets in ("[)", "(]"):
            return True
        return node.brackets in (",", "or") and any(_inequality(item) or _is_set(item) for item in node.items)
    return (
        isinstance(node, SetOp | Builder)
        or (isinstance(node, Const) and node.name in _SETS)
        or _inequality(node)
    )


def _inequality(node: Node) -> bool:
    return isinstance(node, Rel) and bool(set(node.ops) & set("<>≤≥≠∈∉"))


def _comparable(left: Node, right: Node) -> bool:
    """Neither is a list or a union whose parts could still be compared one by one."""
    return not all(isinstance(node, Group | SetOp | Builder) for node in (left, right))


def _unions(left: Node, right: Node) -> Outcome | None:
    if not isinstance(left, SetOp | Builder) and not isinstance(right, SetOp | Builder):
        return None
    if isinstance(left, SetOp) and isinstance(right, SetOp) and left.op == right.op:
        parts = compare(left.left, right.left), compare(left.right, right.right)
        if all(part.equal for part in parts):
            return Outcome(True, "structure", "the same parts")
        return Outcome(None, "structure", "sets that are not worked out")
    if isinstance(left, Builder) and isinstance(right, Builder):
        parts = compare(left.member, right.member), compare(left.condition, right.condition)
        if all(part.equal for part in parts):
            return Outcome(True, "structure", "the same members under the same condition")
    return Outcome(None, "structure", "sets that are not worked out")


def _matrices(left: Node, right: Node) -> Outcome | None:
    if isinstance(left, Matrix) or isinstance(right, Matrix):
        left, right = _nested(left), _nested(right)
    if not (isinstance(left, Matrix) and isinstance(right, Matrix)):
        if (
            _row(left) is None
            and _row(right) is None
            and (isinstance(left, Matrix) or isinstance(right, Matrix))
        ):
            return Outcome(False, "structure", "a matrix and something else")
        return None
    if (len(left.rows), len(left.rows[0])) != (len(right.rows), len(right.rows[0])):
        return Outcome(False, "structure", "matrices of different sizes")
    entries = [
        (one, other)
        for row, others in zip(left.rows, right.rows, strict=True)
        for one, other in zip(row, others, strict=True)
    ]
    return _in_order([one for one, _ in entries], [other for _, other in entries], "entry")


def _nested(node: Node) -> Node:
    """[[1,2],[3,4]] as a matrix."""
    if (
        isinstance(node, Group)
        and len(node.items) > 1
        and all(isinstance(item, Group) for item in node.items)
    ):
        rows = tuple(item.items for item in node.items if isinstance(item, Group))
        if len({len(row) for row in rows}) == 1 and rows[0]:
            return Matrix(rows)
    return node


def _ratios(left: Node, right: Node) -> Outcome | None:
    one, other = (
        node.items if isinstance(node, Group) and node.brackets == ":" else None for node in (left, right)
    )
    if one is None and other is None:
        return None
    if one is None or other is None:
        parts, value = (one, right) if one is not None else (other, left)
        if parts is not None and len(parts) == 2 and not isinstance(value, Group):
            return compare(quotient(*parts), value)
        return Outcome(False, "structure", "a ratio and something else")
    if len(one) != len(other):
        return Outcome(False, "structure", "ratios of different lengths")
    if any(key(part) == "0" for part in (*one, *other)):
        return _in_order(one, other, "part")
    pairs = [(Mul((a, other[0])), Mul((b, one[0]))) for a, b in zip(one, other, strict=True)]
    return _in_order([a for a, _ in pairs], [b for _, b in pairs], "part")


def _rows(left: Node, right: Node) -> Outcome | None:
    """Tuples, vectors and closed intervals."""
    one, other = _row(left), _row(right)
    if one is None and other is None:
        return None
    if one is not None and other is not None:
        if len(one) == len(other) == 2 and _ends(left) and _ends(right) and _ends(left) != _ends(right):
            return Outcome(False, "structure", "brackets that differ")
        return _in_order(one, other, "part")
    row, brackets, rest = (one, left, right) if one is not None else (other, right, left)
    if row is not None and isinstance(rest, Group) and rest.brackets == "," and _ends(brackets) != "[]":
        return _in_order(row, _assigned(rest.items), "part")
    if isinstance(rest, Group) and rest.brackets in (",", "or", "{}"):
        return None
    return Outcome(False, "structure", "a tuple or an interval and a single value")


def _row(node: Node) -> Sequence[Node] | None:
    if isinstance(node, Matrix):
        if len(node.rows[0]) == 1:
            return [row[0] for row in node.rows]
        return node.rows[0] if len(node.rows) == 1 else None
    return node.items if isinstance(node, Group) and node.brackets in ("()", "[]", "<>", "[)", "(]") else None


def _ends(node: Node) -> str:
    """The brackets where they tell an open from a closed interval."""
    return node.brackets if isinstance(node, Group) and node.brackets != "<>" else ""


def _assigned(items: tuple[Node, ...]) -> list[Node]:
    """The values of x = 7, y = 6 in the order of their names; other items as they stand."""
    known = [definition(item) if isinstance(item, Rel) else None for item in items]
    named = [(key(found[0]), found[1]) for found in known if found is not None]
    if len(named) != len(items):
        return list(items)
    return [value for _, value in sorted(named, key=lambda pair: pair[0])]


def _in_order(one: Sequence[Node], other: Sequence[Node], part: str) -> Outcome:
    if len(one) != len(other):
        return Outcome(False, "structure", f"{len(one)} and {len(other)} parts")
    undecided = None
    for place, (left, right) in enumerate(zip(one, other, strict=True), 1):
        outcome = compare(left, right)
        if outcome.equal is False:
            return Outcome(False, "structure", f"{part} {place}: {outcome.reason}")
        undecided = undecided or (outcome if outcome.equal is None else None)
    return undecided or Outcome(True, "structure", f"equal in every {part}")


def _lists(left: Node, right: Node) -> Outcome | None:
    """Lists and finite sets: order and repetition do not matter; one value is a list of one."""
    one, other = _members(left), _members(right)
    if one is None and other is None:
        return None
    one, other = one if one is not None else [left], other if other is not None else [right]
    if max(len(one), len(other)) > _MEMBERS:
        return Outcome(None, "limit", f"more than {_MEMBERS} members")
    table = [[compare(mine, yours).equal for yours in other] for mine in one]
    for rows, sides in (
        (table, (one, other)),
        ([list(column) for column in zip(*table, strict=True)], (other, one)),
    ):
        for row in rows:
            if True not in row:
                if None in row:
                    return Outcome(None, "structure", "a member that cannot be compared")
                return Outcome(
                    False, "structure", f"{len(sides[0])} and {len(sides[1])} members; one has no partner"
                )
    if not one or not other:
        return Outcome(not one and not other, "structure", "an empty list")
    return Outcome(True, "structure", "every member has its partner")


def _members(node: Node) -> list[Node] | None:
    return list(node.items) if isinstance(node, Group) and node.brackets in (",", "or", "{}") else None


def _quantities(left: Node, right: Node) -> Outcome | None:
    """A unit may be left out; two units must measure the same thing."""
    if isinstance(left, Quantity) and isinstance(right, Quantity):
        if left.unit and right.unit and left.unit != right.unit:
            ratio = factor(left.unit, right.unit)
            if ratio is None:
                return Outcome(False, "exact", f"{left.unit} and {right.unit} measure different things")
            return compare(Mul((Num(ratio), left.value)), right.value)
        return compare(left.value, right.value)
    if not isinstance(left, Quantity) and not isinstance(right, Quantity):
        return None
    measured, other = (left, right) if isinstance(left, Quantity) else (right, left)
    if not isinstance(measured, Quantity):
        return None
    outcome = compare(measured.value, other)
    if outcome.equal or measured.unit not in ("%", "deg"):
        return outcome
    in_full = equal_values(Mul((measured.value, _ONE_OF[measured.unit])), other)
    return in_full if in_full.equal else outcome


_ONE_OF: dict[str, Node] = {
    "%": Num(Fraction(1, 100)),
    "deg": Mul((Const("pi"), Num(Fraction(1, 180)))),
}


def _residues(left: Node, right: Node) -> Outcome | None:
    """3 (mod 7) is 10 (mod 7), and the 3 that is asked for."""
    found = [isinstance(node, Call) and node.name == "residue" for node in (left, right)]
    if all(found):
        return same_residue(left, right)
    if not any(found):
        return None
    residue, other = (left, right) if found[0] else (right, left)
    return compare(residue.args[0], other) if isinstance(residue, Call) else None


def _letters(left: Node, right: Node) -> Outcome | None:
    """A single letter is a name or a choice: it equals itself only."""
    if isinstance(left, Sym) and isinstance(right, Sym):
        return Outcome(False, "form", f"{left.name} is not {right.name}")
    return None


_RULES: tuple[Callable[[Node, Node], Outcome | None], ...] = (
    _words,
    _relations,
    _real_sets,
    _unions,
    _matrices,
    _ratios,
    _rows,
    _lists,
    _residues,
    _quantities,
    _letters,
)
