"""Are two expressions equal? By exact values, by balls, and at sample points where they have variables."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, getcontext
from fractions import Fraction
from zlib import crc32

from mull.check.grade.balls import Complex, Undecided, Undefined, precision
from mull.check.grade.evaluate import Evaluator, Value, ball, compare
from mull.check.grade.tree import Call, Const, Node, Num, Pow, key, variables, walk
from mull.check.grade.verdict import Outcome

DIGITS = (50, 250)  # precisions of balls
LOST = 20  # digits that need not agree, of so many
APPROXIMATE = 6  # significant digits from which a decimal may stand for a number that has no finite decimal

_POINTS = 9
_AGREEING = 3  # points at which expressions with variables must agree


def equal_values(left: Node, right: Node) -> Outcome:
    if key(left) == key(right):
        return Outcome(True, "form", "the same expression")
    if _infinite(left) or _infinite(right):
        both = _infinite(left) == _infinite(right)
        return Outcome(
            both, "exact", "both infinite" if both else "only one is infinite, or with another sign"
        )
    names = sorted(variables(left) | variables(right))
    return _at_points(left, right, names) if names else _numbers(left, right)


def _infinite(node: Node) -> int:
    """1 for infinity, -1 for minus infinity, 0 for anything else."""
    if key(node) == key(Const("inf")):
        return 1
    return -1 if key(node) == "(* -1 \\inf)" else 0


# Numbers


def _numbers(left: Node, right: Node) -> Outcome:
    """Equality that is not exact must show at every precision."""
    outcome = Outcome(None, "limit", "undecided")
    for digits in DIGITS:
        try:
            with precision(digits):
                outcome = _two(left, Evaluator({}).value(left), right, Evaluator({}).value(right))
        except Undefined as problem:
            return Outcome(None, "exact", f"no value: {problem}")
        except Undecided as problem:
            outcome = Outcome(None, "limit", f"undecided: {problem}")
        if outcome.equal is False or outcome.stage == "exact":
            break
    return outcome


def _two(left: Node, one: Value, right: Node, other: Value) -> Outcome:
    if isinstance(one, Fraction) and isinstance(other, Fraction) and one == other:
        return Outcome(True, "exact", f"both are {_show(one)}")
    if _approximates(left, other) or _approximates(right, one):
        return Outcome(True, "exact", "the decimal is the other number, rounded")
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return Outcome(False, "exact", f"{_show(one)} is not {_show(other)}")
    if _meet(ball(one), ball(other)):
        return Outcome(True, "numeric", f"they agree to {getcontext().prec - LOST} digits")
    return Outcome(False, "numeric", f"{_show(one)} is not {_show(other)}")


def _meet(one: Complex, other: Complex) -> bool:
    """False is proved; True is agreement to all digits but LOST. Raises Undecided if too wide."""
    gap = one - other
    if not (gap.re.has_zero and gap.im.has_zero):
        return False
    size = max(Decimal(1), *(abs(part.mid) for part in (one.re, one.im, other.re, other.im)))
    if max(gap.re.rad, gap.im.rad) > size.scaleb(LOST - getcontext().prec):
        raise Undecided("the bounds are too wide")
    return True


def _approximates(node: Node, exact: Value) -> bool:
    """Whether `node` is a long decimal: `exact`, which has no finite one, cut or rounded there."""
    if not isinstance(node, Num) or node.places is None:
        return False
    if len(str(abs(node.value.numerator * 10**node.places // node.value.denominator))) < APPROXIMATE:
        return False
    if isinstance(exact, Fraction) and not _endless(exact):
        return False
    unit = Fraction(1, 10**node.places)
    try:
        if not isinstance(exact, Fraction) and not exact.im.has_zero:
            return False
        real: Value = exact if isinstance(exact, Fraction) else Complex(exact.re)
        size, target = (node.value, real) if node.value > 0 else (-node.value, -real)
        rounded = compare(target, size - unit / 2) >= 0 and compare(target, size + unit / 2) <= 0
        cut = compare(target, size) >= 0 and compare(target, size + unit) < 0
    except (Undecided, Undefined):
        return False
    return rounded or cut


def _endless(value: Fraction) -> bool:
    """Whether the decimal expansion goes on forever."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest > 1


def _show(value: Value) -> str:
    if isinstance(value, Fraction):
        long = value.numerator.bit_length() + value.denominator.bit_length() > 200
        return "a long number" if long else str(value)
    imaginary = "" if value.im.zero else f" + {value.im.mid:.8g}i"
    return f"{value.re.mid:.12g}{imaginary}"


def order(left: Node, right: Node) -> int | None:
    """The sign of left - right for numbers and infinities; None where it is not known."""
    ends = _infinite(left), _infinite(right)
    if ends != (0, 0):
        return (ends[0] > ends[1]) - (ends[0] < ends[1])
    if variables(left) or variables(right):
        return 0 if key(left) == key(right) else None
    if _numbers(left, right).equal:
        return 0
    for digits in DIGITS:
        try:
            with precision(digits):
                return compare(Evaluator({}).value(left), Evaluator({}).value(right))
        except (Undecided, Undefined):
            continue
    return None


# Expressions with variables


def _at_points(left: Node, right: Node, names: list[str]) -> Outcome:
    """Values that differ at one point prove expressions different; agreement at several shows them equal."""
    agreed, problem = 0, "no point at which both have a value"
    for point in _points(names, _wants_integers(left) or _wants_integers(right)):
        for digits in DIGITS:
            try:
                with precision(digits):
                    one, other = Evaluator(point).value(left), Evaluator(point).value(right)
                    if isinstance(one, Fraction) and isinstance(other, Fraction):
                        same = one == other
                    elif min(point.values()) < 0 and not (_real(one) and _real(other)):
                        break  # roots and logarithms mean numbers for which they are real
                    else:
                        same = _meet(ball(one), ball(other))
            except Undefined:
                break
            except Undecided as reason:
                problem = str(reason)
                continue
            if not same:
                where = ", ".join(f"{name} = {value}" for name, value in point.items())
                return Outcome(False, "points", f"at {where} they are {_show(one)} and {_show(other)}")
            agreed += 1
            break
    if agreed >= _AGREEING:
        return Outcome(True, "points", f"they agree at {agreed} points")
    return Outcome(None, "limit", f"undecided: {problem}")


def _real(value: Value) -> bool:
    return isinstance(value, Fraction) or value.im.has_zero


def _points(names: list[str], integers: bool) -> Iterator[dict[str, Fraction]]:
    """The same points for the same names: fractions of both signs, and integers where they are needed."""
    for place in range(_POINTS):
        point = {}
        for number, name in enumerate(names):
            draw = crc32(f"{name}/{place}".encode())
            if integers and place >= 2:
                point[name] = Fraction(2 + draw % (5 + 2 * place))
            else:
                value = Fraction(draw % 997 + 101, 307)
                point[name] = -value if place % 3 == 2 and (not number or draw & 4096) else value
        yield point


_INTEGER_FUNCTIONS = frozenset(("factorial", "binom", "gcd", "lcm", "mod"))


def _wants_integers(node: Node) -> bool:
    """Whether the expression has no value at fractions: n!, F_n, a sum up to n."""
    return any(
        (isinstance(part, Call) and (part.name in _INTEGER_FUNCTIONS or part.name.endswith("_")))
        or type(part).__name__ == "Bound"
        or (isinstance(part, Pow) and key(part.base) == "-1" and bool(variables(part.exponent)))
        for part in walk(node)
    )
