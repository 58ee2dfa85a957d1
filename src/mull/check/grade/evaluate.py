"""The value of an expression for given values of its variables: exact while it is rational, then as a ball.

Functions without a known meaning (f(x), F_n) are given one: a value drawn from their name and their exact
arguments, the same on both sides of a comparison. All work is bounded by `FUEL`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from math import comb, factorial, gcd, isqrt, lcm
from zlib import crc32

from mull.check.grade import limits
from mull.check.grade.balls import Ball, Complex, Undecided, Undefined, pi
from mull.check.grade.tree import Add, Bound, Call, Const, Mul, Node, Num, Pow, Quantity, Sym

FUEL = 20_000  # nodes evaluated for one value
BITS = 200_000  # of numerator and denominator of an exact value

Value = Fraction | Complex
_LARGEST_FACTORIAL = 20_000
_HALF = Fraction(1, 2)


class Evaluator:
    """Evaluates under the precision that balls.precision has set."""

    def __init__(self, values: Mapping[str, Fraction]) -> None:
        self.values = dict(values)
        self.fuel = FUEL

    def value(self, node: Node) -> Value:
        limits.check()
        self.fuel -= 1
        if self.fuel < 0:
            raise Undecided("too much work")
        match node:
            case Num(value):
                return value
            case Sym(name):
                if name not in self.values:
                    raise Undecided(f"{name} has no value")
                return self.values[name]
            case Const(name):
                return self.constant(name)
            case Add(terms):
                return self._fold(_add, terms)
            case Mul(factors):
                return self._fold(_mul, factors)
            case Pow(base, exponent):
                return self.power(base, exponent)
            case Call(name, args):
                return self.call(name, args)
            case Bound():
                return self.bound(node)
            case Quantity(value, unit):
                return self.quantity(self.value(value), unit)
        raise Undecided("no number")

    def ball(self, node: Node) -> Complex:
        return ball(self.value(node))

    def _fold(self, operation: Callable[[Value, Value], Value], parts: tuple[Node, ...]) -> Value:
        return reduce(operation, map(self.value, parts))

    def constant(self, name: str) -> Value:
        if name in self.values:  # the index of a sum may be called i
            return self.values[name]
        match name:
            case "pi":
                return Complex(pi())
            case "e":
                return Complex(Ball(Decimal(1)).exp())
            case "i":
                return Complex(Ball(Decimal(0)), Ball(Decimal(1)))
        raise Undecided(f"{name} is no number")

    def quantity(self, value: Value, unit: str) -> Value:
        if unit == "%":
            return _mul(value, Fraction(1, 100))
        if unit == "deg":
            return _mul(value, Complex(pi() * ball(Fraction(1, 180)).re))
        return value

    def power(self, base_node: Node, exponent_node: Node) -> Value:
        if isinstance(base_node, Const) and base_node.name == "e" and "e" not in self.values:
            exponent = self.value(exponent_node)
            return Fraction(1) if exponent == 0 else ball(exponent).exp()
        base = self.value(base_node)
        if base == 1:
            return Fraction(1)
        return power(base, self.value(exponent_node))

    def bound(self, node: Bound) -> Value:
        low, high = self.value(node.low), self.value(node.high)
        if (
            not isinstance(low, Fraction)
            or not isinstance(high, Fraction)
            or low.denominator * high.denominator != 1
        ):
            raise Undecided("a sum with bounds that are no integers")
        if high - low > FUEL:
            raise Undecided("a sum of too many terms")
        hidden = self.values.get(node.variable)
        total: Value = Fraction(0 if node.kind == "sum" else 1)
        for index in range(int(low), int(high) + 1):
            self.values[node.variable] = Fraction(index)
            term = self.value(node.body)
            total = _add(total, term) if node.kind == "sum" else _mul(total, term)
        if hidden is None:
            self.values.pop(node.variable, None)
        else:
            self.values[node.variable] = hidden
        return total

    def call(self, name: str, args: tuple[Node, ...]) -> Value:
        if name in ("pm", "mp", "det", "residue", "transpose"):
            raise Undecided(f"{name} is no number")
        values = [self.value(arg) for arg in args]
        if function := _EXACT.get(name):
            return function(values)
        if function := _REAL.get(name):
            return function(values)
        if analytic := _ANALYTIC.get(name):
            if len(values) != 1:
                raise Undefined(f"{name} of several values")
            return Fraction(0) if values[0] == 0 and name in _ZERO_AT_ZERO else analytic(ball(values[0]))
        if name == "log":
            return _log(values)
        return _unknown(name, values)


def ball(value: Value) -> Complex:
    return Complex(Ball.of(value)) if isinstance(value, Fraction) else value


def _bounded(value: Fraction) -> Fraction:
    if value.numerator.bit_length() + value.denominator.bit_length() > BITS:
        raise Undecided("a number of too many digits")
    return value


def _add(left: Value, right: Value) -> Value:
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return _bounded(left + right)
    return ball(left) + ball(right)


def _mul(left: Value, right: Value) -> Value:
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return _bounded(left * right)
    if left == 0 or right == 0:
        return Fraction(0)
    return ball(left) * ball(right)


def power(base: Value, exponent: Value) -> Value:
    """Roots of odd degree of negative numbers are real: (-8)^(1/3) = -2."""
    if isinstance(exponent, Fraction):
        if isinstance(base, Fraction):
            exact = _exact_power(base, exponent)
            if exact is not None:
                return exact
        if exponent.denominator == 1 and abs(exponent) <= 1000:
            return _integer_power(ball(base), int(exponent))
        if exponent == _HALF:
            return ball(base).sqrt()
        wide = ball(base)
        if exponent.denominator % 2 and wide.im.zero and not wide.re.has_zero and wide.re.mid < 0:
            size = ((-wide).ln() * ball(exponent)).exp()
            return -size if exponent.numerator % 2 else size
    if base == 0:
        if isinstance(exponent, Fraction) and exponent <= 0:
            raise Undefined("a power of zero")
        return Fraction(0)
    return (ball(base).ln() * ball(exponent)).exp()


def _exact_power(base: Fraction, exponent: Fraction) -> Fraction | None:
    """The power where it is rational and not too large."""
    if base == 0 and exponent <= 0:
        if exponent == 0:
            return Fraction(1)
        raise Undefined("division by zero")
    if abs(base) in (0, 1) and exponent.denominator == 1:
        return base if exponent % 2 else base * base
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if exponent.denominator == 1:
        return base ** int(exponent) if bits * abs(exponent) <= BITS else None
    if exponent.denominator > 64 or bits > 4096 or bits * abs(exponent) > BITS:
        return None
    over = _root(base.numerator, exponent.denominator)
    under = _root(base.denominator, exponent.denominator)
    return None if over is None or under is None else Fraction(over, under) ** exponent.numerator


def _root(number: int, degree: int) -> int | None:
    """The integer whose `degree`-th power is `number`."""
    if number < 0:
        positive = _root(-number, degree) if degree % 2 else None
        return None if positive is None else -positive
    if degree == 2:
        root = isqrt(number)
        return root if root * root == number else None
    low, high = 0, 1 << (number.bit_length() // degree + 1)
    while low < high:
        middle = (low + high) // 2
        if middle**degree < number:
            low = middle + 1
        else:
            high = middle
    return low if low**degree == number else None


def _integer_power(base: Complex, exponent: int) -> Complex:
    if exponent < 0:
        return _integer_power(base.inverse(), -exponent)
    result = ball(Fraction(1))
    while exponent:
        if exponent & 1:
            result = result * base
        base = base * base if exponent > 1 else base
        exponent >>= 1
    return result


def _integers(values: list[Value]) -> list[int]:
    integers = []
    for value in values:
        if not isinstance(value, Fraction):
            raise Undecided("an integer is wanted")
        if value.denominator != 1:
            raise Undefined("an integer is wanted")
        integers.append(int(value))
    return integers


def _factorial(values: list[Value]) -> Fraction:
    (number,) = _integers(values)
    if number < 0:
        raise Undefined("factorial of a negative number")
    if number > _LARGEST_FACTORIAL:
        raise Undecided("factorial of a large number")
    return Fraction(factorial(number))


def _binomial(values: list[Value]) -> Fraction:
    above, below = _integers(values)
    if below < 0 or above < 0:
        raise Undefined("binomial of negative numbers")
    if above > _LARGEST_FACTORIAL:
        raise Undecided("binomial of a large number")
    return Fraction(comb(above, below))


def _modulo(values: list[Value]) -> Fraction:
    left, right = _integers(values)
    if not right:
        raise Undefined("remainder by zero")
    return Fraction(left % right)


def _real(value: Value) -> Ball:
    return ball(value).real


def _floor(values: list[Value]) -> Fraction:
    (value,) = values
    if isinstance(value, Fraction):
        return Fraction(value.numerator // value.denominator)
    real = _real(value)
    if abs(real.mid) > Decimal("1e40"):
        raise Undecided("a large number")
    low, high = (
        int((end).to_integral_value("ROUND_FLOOR")) for end in (real.mid - real.rad, real.mid + real.rad)
    )
    if low != high:
        raise Undecided("a number close to an integer")
    return Fraction(low)


def _extreme(values: list[Value], sign: int) -> Value:
    best = values[0]
    for value in values[1:]:
        if compare(value, best) * sign > 0:
            best = value
    return best


def compare(left: Value, right: Value) -> int:
    """The sign of left - right, of real numbers. Raises Undecided where the balls meet."""
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return (left > right) - (left < right)
    return (_real(left) - _real(right)).sign


def _absolute(values: list[Value]) -> Value:
    (value,) = values
    return abs(value) if isinstance(value, Fraction) else Complex(value.abs())


def _sign(values: list[Value]) -> Fraction:
    return Fraction(compare(values[0], Fraction(0)))


def _part(values: list[Value], imaginary: bool) -> Value:
    (value,) = values
    if isinstance(value, Fraction):
        return Fraction(0) if imaginary else value
    return Complex(value.im if imaginary else value.re)


def _log(values: list[Value]) -> Value:
    """Of base ten where none is written."""
    value, base = values[0], values[1] if len(values) > 1 else Fraction(10)
    if value == 1:
        return Fraction(0)
    if value == base:
        return Fraction(1)
    if isinstance(value, Fraction) and isinstance(base, Fraction) and base > 1 and value > 0:
        power, count = Fraction(1), 0
        target = value if value > 1 else 1 / value
        while power < target and count < 4000:
            power, count = power * base, count + 1
        if power == target:
            return Fraction(count if value > 1 else -count)
    return ball(value).ln() * ball(base).ln().inverse()


def _unknown(name: str, values: list[Value]) -> Fraction:
    """A value for a function that nobody defined; the same for the same name and arguments."""
    if not all(isinstance(value, Fraction) for value in values):
        raise Undecided(f"{name} of a number that is not rational")
    return Fraction(crc32(f"{name}({values})".encode()) % 9973 + 1, 997)


def _sine(value: Complex) -> Complex:
    if value.im.zero:
        return Complex(value.re.sin_cos()[0])
    up = (_I * value).exp()
    return (up - up.inverse()) * Complex(Ball(Decimal(0)), Ball(Decimal("-0.5")))


def _cosine(value: Complex) -> Complex:
    if value.im.zero:
        return Complex(value.re.sin_cos()[1])
    up = (_I * value).exp()
    return (up + up.inverse()) * Complex(Ball(Decimal("0.5")))


def _arctangent(value: Complex) -> Complex:
    return Complex(value.real.arctan())


def _arcsine(value: Complex) -> Complex:
    real = value.real
    rest = Ball(Decimal(1)) - real * real
    if rest.zero:
        return Complex(pi() * Ball(Decimal("0.5") * real.mid))
    if rest.has_zero:
        raise Undecided("an arcsine at its end")
    if rest.mid < 0:
        raise Undefined("an arcsine of more than one")
    return Complex((real * rest.sqrt().inverse()).arctan())


def _arccosine(value: Complex) -> Complex:
    return Complex(pi() * Ball(Decimal("0.5"))) - _arcsine(value)


def _hyperbolic(value: Complex, sign: int) -> Complex:
    up = value.exp()
    down = up.inverse()
    return (up + down if sign > 0 else up - down) * Complex(Ball(Decimal("0.5")))


_ONE = Complex(Ball(Decimal(1)))
_I = Complex(Ball(Decimal(0)), Ball(Decimal(1)))

_EXACT: dict[str, Callable[[list[Value]], Value]] = {
    "factorial": _factorial,
    "binom": _binomial,
    "gcd": lambda values: Fraction(gcd(*_integers(values))),
    "lcm": lambda values: Fraction(lcm(*_integers(values))),
    "mod": _modulo,
}
_REAL: dict[str, Callable[[list[Value]], Value]] = {
    "abs": _absolute,
    "floor": _floor,
    "ceil": lambda values: -_floor([_mul(values[0], Fraction(-1))]),
    "max": lambda values: _extreme(values, 1),
    "min": lambda values: _extreme(values, -1),
    "sgn": _sign,
    "re": lambda values: _part(values, False),
    "im": lambda values: _part(values, True),
}
_ANALYTIC: dict[str, Callable[[Complex], Complex]] = {
    "sin": _sine,
    "cos": _cosine,
    "tan": lambda value: _sine(value) * _cosine(value).inverse(),
    "cot": lambda value: _cosine(value) * _sine(value).inverse(),
    "sec": lambda value: _cosine(value).inverse(),
    "csc": lambda value: _sine(value).inverse(),
    "arcsin": _arcsine,
    "arccos": _arccosine,
    "arctan": _arctangent,
    "arccot": lambda value: Complex(pi() * Ball(Decimal("0.5"))) - _arctangent(value),
    "arcsec": lambda value: _arccosine(value.inverse()),
    "arccsc": lambda value: _arcsine(value.inverse()),
    "sinh": lambda value: _hyperbolic(value, -1),
    "cosh": lambda value: _hyperbolic(value, 1),
    "tanh": lambda value: _hyperbolic(value, -1) * _hyperbolic(value, 1).inverse(),
    "arcsinh": lambda value: (value + (value * value + _ONE).sqrt()).ln(),
    "arccosh": lambda value: (value + (value - _ONE).sqrt() * (value + _ONE).sqrt()).ln(),
    "arctanh": lambda value: (
        (((_ONE + value) * (_ONE - value).inverse()).ln()) * Complex(Ball(Decimal("0.5")))
    ),
    "ln": lambda value: value.ln(),
    "exp": lambda value: value.exp(),
    "arg": lambda value: Complex(value.argument()),
}
_ZERO_AT_ZERO = frozenset(["sin", "tan", "arcsin", "arctan", "sinh", "tanh", "arcsinh", "arctanh"])
KNOWN = frozenset((*_EXACT, *_REAL, *_ANALYTIC, "log", "det", "residue", "transpose"))
