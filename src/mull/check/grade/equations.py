"""Equations and inequalities: what is defined by them, and when two of them say the same."""

from __future__ import annotations

from fractions import Fraction

from mull.check.grade.evaluate import KNOWN
from mull.check.grade.sets import NoSet, equal_sets, pieces, substitute
from mull.check.grade.tree import (
    ZERO,
    Call,
    Group,
    Mul,
    Node,
    Num,
    Pow,
    Rel,
    Sym,
    difference,
    key,
    variables,
    walk,
)
from mull.check.grade.values import equal_values, order
from mull.check.grade.verdict import Outcome

_MIRROR = {"<": ">", ">": "<", "≤": "≥", "≥": "≤"}


def definition(relation: Rel) -> tuple[Node, Node] | None:
    """(name, value) of x = 5, f(x) = x + 1, AB = 4, x = 10/2 = 5, x ∈ [0,1]; None of one to solve."""
    if set(relation.ops) - set("=∈"):
        return None
    first, last = relation.terms[0], relation.terms[-1]
    if _is_name(first) and not _within(first, last):
        return first, last
    if len(relation.terms) == 2 and _is_name(last) and relation.ops == ("=",) and not _within(last, first):
        return last, first
    return None


def value_of(relation: Rel) -> Node | None:
    """What stands for the whole: the value of a name, or the end of a true chain (35 + 70 = 105)."""
    named = definition(relation)
    if named is not None:
        return named[1]
    last = relation.terms[-1]
    if relation.ops == ("≡",) and _is_name(relation.terms[0]):
        return last
    numbers = set(relation.ops) == {"="} and not any(map(variables, relation.terms))
    return last if numbers and all(equal_values(term, last).equal for term in relation.terms[:-1]) else None


def _within(name: Node, node: Node) -> bool:
    inside = {key(part) for part in walk(node)}
    return key(name) in inside


def _is_name(node: Node) -> bool:
    """x, x_1, f(x), AB, |AB|, AB/CD, A : B, ∠ABC, (x, y)."""
    match node:
        case Sym():
            return True
        case Call("abs", (inner,)):
            return _points(inner)
        case Call(name, args):
            return (
                name not in KNOWN
                and name not in ("pm", "mp")
                and all(isinstance(arg, Sym | Num | Mul) for arg in args)
            )
        case Mul((left, Pow(right, Num(value)))) if value == -1:
            return _points(left) and _points(right)
        case Group("()" | ":", items):
            return bool(items) and all(map(_is_name, items))
    return _points(node)


def _points(node: Node) -> bool:
    """A name made of capital letters: AB, S."""
    if isinstance(node, Mul):
        return all(map(_points, node.factors))
    return isinstance(node, Sym) and node.name[:1].isupper()


def same_relation(left: Rel, right: Rel) -> Outcome:
    """Whether two relations hold for the same values."""
    if (renamed := _same_function(left, right)) is not None:
        return renamed
    if left.ops == right.ops == ("≡",) and key(left.terms[0]) == key(right.terms[0]):
        return same_residue(left.terms[1], right.terms[1])
    if (
        "=" not in left.ops
        and "=" not in right.ops
        and variables(left) == variables(right)
        and len(variables(left)) == 1
    ):
        try:
            return equal_sets(pieces(left), pieces(right))
        except NoSet:
            pass
    left, right = _forward(left), _forward(right)
    if left.ops != right.ops:
        return Outcome(False, "structure", "relations of different kinds")
    if len(left.ops) > 1 or left.ops[0] not in "=<≤≠":
        parts = [equal_values(one, other).equal for one, other in zip(left.terms, right.terms, strict=True)]
        if left.ops == ("=",) * len(left.ops) and False in parts:
            parts = [None if part is False else part for part in parts]
        equal = None if None in parts else all(parts)
        return Outcome(equal, "structure", "chains of relations, term by term")
    return _proportional(left, right)


def same_residue(left: Node, right: Node) -> Outcome:
    """Of Call("residue", (value, modulus))."""
    match left, right:
        case Call("residue", (one, modulus)), Call("residue", (other, same)) if key(modulus) == key(same):
            return equal_values(Call("mod", (one, modulus)), Call("mod", (other, modulus)))
    return Outcome(False, "structure", "residues of different moduli")


def _same_function(left: Rel, right: Rel) -> Outcome | None:
    """f(x) = x and f(y) = y."""
    one, other = definition(left), definition(right)
    if one is None or other is None:
        return None
    match one[0], other[0]:
        case Call(name, (Sym(mine),)), Call(same, (Sym(yours),)) if name == same and mine != yours:
            if mine in variables(other[1]):
                return None
            return equal_values(one[1], substitute(other[1], yours, Sym(mine)))
    return None


def _forward(relation: Rel) -> Rel:
    """a > b as b < a."""
    if all(op in ">≥" for op in relation.ops):
        ops = tuple(_MIRROR[op] for op in reversed(relation.ops))
        return Rel(ops, tuple(reversed(relation.terms)))
    return relation


def _proportional(left: Rel, right: Rel) -> Outcome:
    """l1 - r1 and l2 - r2 differ by a constant factor, of an inequality a positive one.

    f is a multiple of g where f(x) g(y) = f(y) g(x) for all x and y.
    """
    one, other = difference(*left.terms), difference(*right.terms)
    names = variables(one) | variables(other)
    if variables(one) != variables(other):
        return Outcome(False, "structure", "relations of different variables")
    if not names:
        return Outcome(None, "structure", "relations of numbers only")
    if equal_values(one, ZERO).equal or equal_values(other, ZERO).equal:
        return Outcome(None, "structure", "an equation that always holds")
    moved_one, moved_other = one, other
    for name in names:
        moved_one, moved_other = (
            substitute(part, name, Sym(f"{name} elsewhere")) for part in (moved_one, moved_other)
        )
    outcome = equal_values(Mul((one, moved_other)), Mul((moved_one, other)))
    if outcome.equal and left.ops != ("=",) and left.ops != ("≠",):
        product: Node = Mul((one, other))
        for place, name in enumerate(sorted(names)):
            product = substitute(product, name, Num(Fraction(314 + 55 * place, 271)))
        if order(product, ZERO) == -1:
            return Outcome(False, "points", "the relation is turned around")
    return Outcome(outcome.equal, outcome.stage, f"as left side minus right side: {outcome.reason}")
