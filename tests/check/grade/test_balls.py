"""Balls hold the true value: that of a higher precision lies in that of a lower one."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mull.check.grade.balls import Ball, Undecided, Undefined, pi, precision
from mull.check.grade.evaluate import Evaluator
from mull.check.grade.parse import parse

EXPRESSIONS = [
    r"\sin x", r"\cos x", r"\tan x", r"\arctan x", r"e^x",
    r"\ln(x^2+1)", r"\sqrt{x^2+1}", r"(x^2+1)^{1/3}", r"\frac{x}{x^2+2}", r"x^{7}-x",
    r"\sinh x", r"\arcsin\frac{x}{40}", r"2^x", r"e^{ix}", r"\sqrt{x}",
    r"(1+i)^x",
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(EXPRESSIONS), st.fractions(-30, 30, max_denominator=50))
def test_the_true_value_lies_in_the_ball(text: str, x: Fraction) -> None:
    node = parse(text)
    try:
        with precision(90):
            fine = Evaluator({"x": x}).ball(node)
        with precision(30):
            coarse = Evaluator({"x": x}).ball(node)
    except Undefined:
        return
    with precision(120):
        for true, ball in ((fine.re, coarse.re), (fine.im, coarse.im)):
            assert abs(true.mid - ball.mid) <= ball.rad + true.rad
            assert ball.rad <= (abs(ball.mid) + 1).scaleb(-12)


def test_pi_to_a_hundred_digits() -> None:
    with precision(100):
        assert str(pi().mid).startswith(
            "3.14159265358979323846264338327950288419716939937510582097494459230781640628"
        )


def test_what_may_be_zero_is_no_divisor() -> None:
    with precision(30):
        wide = Ball.of(Fraction(1, 3)) + -Ball.of(Fraction(1, 3))
        with pytest.raises(Undecided):
            wide.inverse()
        with pytest.raises(Undefined):
            Ball.of(Fraction(0)).inverse()
