"""Arithmetic with error bounds: real and complex numbers as a decimal and a radius that holds the true value.

Every operation returns a ball that contains every result for inputs within the given balls. So two balls that
do not meet are a proof that two numbers differ. They raise Undecided where a ball is too wide to tell
(a divisor that may be zero), and Undefined where there is no value (a divisor that is zero).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import (
    MAX_EMAX,
    MIN_EMIN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    Underflow,
    getcontext,
    localcontext,
)
from fractions import Fraction
from functools import cache


class Undecided(Exception):
    """The bounds are too wide, or the numbers too large."""


class Undefined(Exception):
    """There is no such value."""


_ZERO = Decimal(0)
_SLACK = Decimal("1.000001")  # covers the rounding of the radii themselves


@contextmanager
def precision(digits: int) -> Iterator[None]:
    """Balls made inside have this many digits."""
    traps = [DivisionByZero, InvalidOperation, Overflow, Underflow]
    with localcontext(Context(digits, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=traps)):
        try:
            yield
        except (DivisionByZero, InvalidOperation, Overflow, Underflow):
            raise Undecided("a number beyond all bounds") from None


def _ulp(mid: Decimal) -> Decimal:
    """At least the rounding error of `mid`."""
    return mid.copy_abs().scaleb(1 - _digits()) if mid else _ZERO


def _digits() -> int:
    return getcontext().prec


@dataclass(frozen=True, slots=True)
class Ball:
    """All real numbers from mid - rad to mid + rad."""

    mid: Decimal
    rad: Decimal = _ZERO

    @staticmethod
    def of(value: Fraction) -> Ball:
        mid = Decimal(value.numerator) / Decimal(value.denominator)
        exact = value.denominator == 1 and mid == value.numerator
        return Ball(mid, _ZERO if exact else _ulp(mid))

    def __add__(self, other: Ball) -> Ball:
        mid = self.mid + other.mid
        return Ball(mid, (self.rad + other.rad) * _SLACK + _ulp(mid))

    def __neg__(self) -> Ball:
        return Ball(-self.mid, self.rad)

    def __sub__(self, other: Ball) -> Ball:
        return self + -other

    def __mul__(self, other: Ball) -> Ball:
        mid = self.mid * other.mid
        rad = abs(self.mid) * other.rad + self.rad * abs(other.mid) + self.rad * other.rad
        return Ball(mid, rad * _SLACK + _ulp(mid))

    def inverse(self) -> Ball:
        size = abs(self.mid)
        if size <= self.rad:
            raise Undecided("a divisor that may be zero") if self.rad else Undefined("division by zero")
        mid = 1 / self.mid
        return Ball(mid, self.rad / (size * (size - self.rad)) * _SLACK + _ulp(mid))

    @property
    def zero(self) -> bool:
        """Exactly zero."""
        return not self.mid and not self.rad

    @property
    def sign(self) -> int:
        """Of every number in the ball."""
        if abs(self.mid) > self.rad:
            return 1 if self.mid > 0 else -1
        if self.zero:
            return 0
        raise Undecided("a sign")

    @property
    def has_zero(self) -> bool:
        return abs(self.mid) <= self.rad

    def sqrt(self) -> Ball:
        """Of a ball of non-negative numbers."""
        if self.zero:
            return self
        if self.mid <= self.rad:
            top = (max(self.mid, _ZERO) + self.rad).sqrt() * _SLACK
            return Ball(top / 2, top / 2 * _SLACK)
        mid = self.mid.sqrt()
        return Ball(mid, self.rad / mid * _SLACK + _ulp(mid))

    def exp(self) -> Ball:
        if self.rad > 1 or abs(self.mid) > Decimal("1e18"):
            raise Undecided("an exponent too large or too vague")
        if self.zero:
            return Ball(Decimal(1))
        mid = self.mid.exp()
        return Ball(mid, mid * self.rad * 2 * _SLACK + 2 * _ulp(mid))

    def ln(self) -> Ball:
        if self.sign <= 0:
            raise Undefined("logarithm of zero or less")
        mid = self.mid.ln()
        return Ball(mid, self.rad / (self.mid - self.rad) * _SLACK + 2 * _ulp(mid))

    def sin_cos(self) -> tuple[Ball, Ball]:
        if abs(self.mid) > Decimal("1e12"):
            raise Undecided("an angle too large")
        turns = (self.mid / (pi().mid / 2)).to_integral_value()
        rest = self + -(pi() * Ball(turns / 2))
        sine, cosine = _series_sin_cos(rest.mid)
        error = rest.rad * _SLACK + Decimal(20).scaleb(-_digits())
        quarter = int(turns) % 4
        sine, cosine = ((sine, cosine), (cosine, -sine), (-sine, -cosine), (-cosine, sine))[quarter]
        return Ball(sine, error), Ball(cosine, error)

    def arctan(self) -> Ball:
        if self.zero:
            return self
        value, doublings = self.mid, 3
        for _ in range(doublings):
            value = value / (1 + (1 + value * value).sqrt())
        total = _ZERO
        power, square, place = value, -value * value, 1
        while abs(power) > abs(value).scaleb(-_digits() - 2):
            total += power / place
            power *= square
            place += 2
        mid = total * 8
        return Ball(mid, self.rad * _SLACK + abs(mid).scaleb(4 - _digits()))


def _series_sin_cos(angle: Decimal) -> tuple[Decimal, Decimal]:
    """Taylor series for an angle of at most a right one; the error is below 10 units of the last digit."""
    limit = Decimal(1).scaleb(-_digits() - 2)
    sine, cosine, term, place = _ZERO, _ZERO, Decimal(1), 0
    while abs(term) > limit or place < 2:
        if place % 2:
            sine += term if place % 4 == 1 else -term
        else:
            cosine += term if place % 4 == 0 else -term
        place += 1
        term = term * angle / place
    return sine, cosine


def pi() -> Ball:
    mid = _pi(_digits())
    return Ball(mid, _ulp(mid))


@cache
def _pi(digits: int) -> Decimal:
    """Machin's formula: pi = 16 arctan(1/5) - 4 arctan(1/239), in integers."""
    one = 10 ** (digits + 10)

    def arctan_inverse(number: int) -> int:
        total = term = one // number
        place, sign = 1, -1
        while term:
            term //= number * number
            place += 2
            total += sign * (term // place)
            sign = -sign
        return total

    value = 16 * arctan_inverse(5) - 4 * arctan_inverse(239)
    with localcontext(Context(digits)):
        return Decimal(value).scaleb(-digits - 10) + _ZERO


@dataclass(frozen=True, slots=True)
class Complex:
    """A rectangle of complex numbers."""

    re: Ball
    im: Ball = Ball(_ZERO)

    def __add__(self, other: Complex) -> Complex:
        return Complex(self.re + other.re, self.im + other.im)

    def __neg__(self) -> Complex:
        return Complex(-self.re, -self.im)

    def __sub__(self, other: Complex) -> Complex:
        return self + -other

    def __mul__(self, other: Complex) -> Complex:
        if self.im.zero and other.im.zero:
            return Complex(self.re * other.re)
        return Complex(self.re * other.re - self.im * other.im, self.re * other.im + self.im * other.re)

    def inverse(self) -> Complex:
        if self.im.zero:
            return Complex(self.re.inverse())
        norm = (self.re * self.re + self.im * self.im).inverse()
        return Complex(self.re * norm, -self.im * norm)

    @property
    def real(self) -> Ball:
        """The value as a real number."""
        if self.im.zero:
            return self.re
        raise (
            Undecided("a real number is wanted") if self.im.has_zero else Undefined("a real number is wanted")
        )

    def abs(self) -> Ball:
        if self.im.zero:
            re = self.re
            return (
                re
                if not re.has_zero and re.mid > 0
                else -re
                if not re.has_zero
                else Ball(_ZERO, abs(re.mid) + re.rad)
            )
        return (self.re * self.re + self.im * self.im).sqrt()

    def argument(self) -> Ball:
        """From -pi to pi."""
        if self.im.zero:
            return Ball(_ZERO) if self.re.sign > 0 else pi()
        half_pi = pi() * Ball(Decimal("0.5"))
        if not self.re.has_zero and self.re.mid > 0:
            return (self.im * self.re.inverse()).arctan()
        turn = half_pi if self.im.sign > 0 else -half_pi
        return turn - (self.re * self.im.inverse()).arctan()

    def exp(self) -> Complex:
        size = self.re.exp()
        if self.im.zero:
            return Complex(size)
        sine, cosine = self.im.sin_cos()
        return Complex(size * cosine, size * sine)

    def ln(self) -> Complex:
        if self.re.zero and self.im.zero:
            raise Undefined("logarithm of zero")
        return Complex(self.abs().ln(), self.argument())

    def sqrt(self) -> Complex:
        if self.im.zero and (self.re.zero or not self.re.has_zero):
            root = Complex(self.re if self.re.mid >= 0 else -self.re).re.sqrt()
            return Complex(root) if self.re.mid >= 0 else Complex(Ball(_ZERO), root)
        if self.im.zero:
            raise Undecided("a root of what may be negative")
        return (self.ln() * Complex(Ball(Decimal("0.5")))).exp()
