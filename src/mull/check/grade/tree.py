"""Expression and answer trees: what the parser makes and everything else reads. Immutable, no behaviour.

Every node has a key, a string that is the same for trees that differ only in the order of sums, products and
sets; equal keys mean equal answers, however large their values are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import reduce
from typing import Any


@dataclass(frozen=True, slots=True)
class Num:
    """A number. `places` counts the digits after the point of a decimal; None for all else."""

    value: Fraction
    places: int | None = None


@dataclass(frozen=True, slots=True)
class Sym:
    """A variable or a name: x, x_1, AB."""

    name: str


@dataclass(frozen=True, slots=True)
class Const:
    """pi, e, i, inf, or a set: R, Q, Z, N, C, empty."""

    name: str


@dataclass(frozen=True, slots=True)
class Add:
    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Mul:
    factors: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Pow:
    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function of its arguments; those that evaluate.py does not know are left uninterpreted."""

    name: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """A sum or a product ("sum", "prod") over a variable."""

    kind: str
    variable: str
    low: Node
    high: Node
    body: Node


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value with a unit, by the unit's name in units.py; "" is a thing counted ("5 apples")."""

    value: Node
    unit: str


@dataclass(frozen=True, slots=True)
class Group:
    """Several things. Brackets: two characters as written ("()", "[)", "{}", "<>"), "," for a bare list,
    "or" for alternatives, ":" for a ratio."""

    brackets: str
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    rows: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Rel:
    """A chain of relations: terms[0] ops[0] terms[1] ...; ops are = ≠ < > ≤ ≥ ∈ ≡ and others as written."""

    ops: tuple[str, ...]
    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class SetOp:
    """∪, ∩ or ∖ of two sets."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Builder:
    """{ member | condition }."""

    member: Node
    condition: Node


@dataclass(frozen=True, slots=True)
class Words:
    """An answer in words, in lower case without punctuation and articles."""

    text: str


Node = (
    Num
    | Sym
    | Const
    | Add
    | Mul
    | Pow
    | Call
    | Bound
    | Quantity
    | Group
    | Matrix
    | Rel
    | SetOp
    | Builder
    | Words
)

ZERO, ONE, MINUS_ONE = Num(Fraction(0)), Num(Fraction(1)), Num(Fraction(-1))
INFINITY = Const("inf")


def negative(node: Node) -> Node:
    if isinstance(node, Num):
        return replace(node, value=-node.value)
    return Mul((MINUS_ONE, node))


def difference(left: Node, right: Node) -> Node:
    return Add((left, negative(right)))


def quotient(left: Node, right: Node) -> Node:
    return Mul((left, Pow(right, MINUS_ONE)))


def children(node: Node) -> Iterator[Node]:
    """The nodes right below."""
    if isinstance(node, Matrix):
        for row in node.rows:
            yield from row
        return
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            for part in value:
                if isinstance(part, Node):
                    yield part


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    stack = [node]
    while stack:
        last = stack.pop()
        yield last
        stack.extend(children(last))


def rebuild(node: Node, change: Callable[[Node], Node]) -> Node:
    """The node with `change` applied to the nodes right below it."""
    if isinstance(node, Matrix):
        return Matrix(tuple(tuple(map(change, row)) for row in node.rows))
    changed: dict[str, Any] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, Node):
            changed[field.name] = change(value)
        elif isinstance(value, tuple) and value and isinstance(value[0], Node):
            changed[field.name] = tuple(map(change, value))
    return replace(node, **changed) if changed else node


def variables(node: Node) -> frozenset[str]:
    """Names that need a value before the node has one."""
    if isinstance(node, Sym):
        return frozenset([node.name])
    below = reduce(frozenset.union, map(variables, children(node)), frozenset[str]())
    if isinstance(node, Bound):
        inner = variables(node.body) - {node.variable}
        return inner | variables(node.low) | variables(node.high)
    return below


def key(node: Node) -> str:
    """A string for the tree; the order of terms, factors and members of sets does not matter."""
    match node:
        case Num(value):
            return (
                f"{value.numerator:x}"
                if value.denominator == 1
                else f"({value.numerator:x}/{value.denominator:x})"
            )
        case Sym(name) | Const(name):
            return f"{name}" if isinstance(node, Sym) else f"\\{name}"
        case Add(terms):
            return f"(+ {' '.join(sorted(map(key, _flat(terms, Add))))})"
        case Mul(factors):
            return f"(* {' '.join(sorted(map(key, _flat(factors, Mul))))})"
        case Group(brackets, items):
            keys = [key(item) for item in items]
            if brackets in ("{}", ",", "or"):
                return f"[set {' '.join(sorted(set(keys)))}]"
            return f"[{brackets} {' '.join(keys)}]"
        case Words(text):
            return f'"{text}"'
        case Matrix(rows):
            return f"[matrix {' ; '.join(' '.join(map(key, row)) for row in rows)}]"
        case Rel(ops, terms):
            return f"[rel {' '.join(ops)} {' '.join(map(key, terms))}]"
        case Bound(kind, variable, low, high, body):
            return f"({kind} {variable} {key(low)} {key(high)} {key(body)})"
        case Quantity(value, unit):
            return f"({key(value)} {unit!r})"
        case Call(name, args):
            return f"({name} {' '.join(map(key, args))})"
        case Pow(base, exponent):
            return f"(^ {key(base)} {key(exponent)})"
        case SetOp(op, left, right):
            sides = [key(left), key(right)]
            return f"({op} {' '.join(sides if op == '∖' else sorted(sides))})"
        case Builder(member, condition):
            return f"(of {key(member)} {key(condition)})"


def _flat(parts: tuple[Node, ...], kind: type[Add] | type[Mul]) -> Iterator[Node]:
    for part in parts:
        if isinstance(part, kind):
            yield from _flat(part.terms if isinstance(part, Add) else part.factors, kind)
        else:
            yield part
