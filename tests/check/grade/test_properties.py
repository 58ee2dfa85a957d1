"""Laws of the grader: symmetric, reflexive, blind to spelling; and what is different stays different."""

import string
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from mull import grade

NUMBERS = st.integers(-999, 999).map(str) | st.tuples(st.integers(1, 99), st.integers(2, 99)).map(
    lambda pair: rf"\frac{{{pair[0]}}}{{{pair[1]}}}"
)
LETTERS = st.sampled_from(["x", "y", "n", r"\pi", r"\theta", r"\sqrt{2}", r"\sqrt{x}", "e", "a"])
ATOMS = NUMBERS | LETTERS


def _joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return (
        st.tuples(parts, st.sampled_from(["+", "-", r"\cdot "]), parts).map("".join)
        | st.tuples(parts, parts).map(lambda pair: rf"\frac{{{pair[0]}}}{{{pair[1]}}}")
        | parts.map(lambda part: rf"\left({part}\right)^2")
    )


EXPRESSIONS = st.recursive(ATOMS, _joined, max_leaves=6)
ANSWERS = (
    EXPRESSIONS
    | st.lists(EXPRESSIONS, min_size=2, max_size=3).map(lambda parts: rf"\left({','.join(parts)}\right)")
    | st.lists(EXPRESSIONS, min_size=1, max_size=3).map(lambda parts: rf"\{{{', '.join(parts)}\}}")
    | EXPRESSIONS.map(lambda part: rf"x \in [{part}, \infty)")
    | EXPRESSIONS.map(lambda part: f"z = {part}")
)
TEXTS = st.text(string.printable + "½²√≤π∞答是", max_size=60)


@settings(max_examples=150, deadline=None)
@given(ANSWERS)
def test_every_answer_equals_itself_in_a_box(answer: str) -> None:
    assert grade(answer, rf"So it is $\boxed{{{answer}}}$.").equal


@settings(max_examples=150, deadline=None)
@given(ANSWERS, ANSWERS)
def test_symmetric(one: str, other: str) -> None:
    assert grade(one, other).equal is grade(other, one).equal


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS)
def test_symmetric_and_without_errors_on_any_text(one: str, other: str) -> None:
    there, back = grade(one, other), grade(other, one)
    assert there.equal is back.equal or there.stage == back.stage == "none"


@settings(max_examples=100, deadline=None)
@given(
    ANSWERS,
    st.sampled_from(
        [
            lambda text: text.replace(r"\frac", r"\dfrac"),
            lambda text: text.replace(r"\left", "").replace(r"\right", ""),
            lambda text: text.replace(r"\left", r"\bigl").replace(r"\right", r"\bigr"),
            lambda text: f"${text}$",
            lambda text: f"$${text}$$",
            lambda text: rf"\( {text} \)",
            lambda text: f" {text}. ",
            lambda text: f"**{text}**",
            lambda text: text.replace(",", r",\ "),
            lambda text: text.replace("+", r"\,+\;"),
            lambda text: rf"\mathbf{{{text}}}" if "{" not in text else text,
            lambda text: text.replace(r"\pi", "π").replace(r"\infty", "∞"),
            lambda text: rf"\displaystyle {text}",
        ]
    ),
)
def test_spelling_does_not_matter(answer: str, respell) -> None:  # type: ignore[no-untyped-def]
    assert grade(answer, respell(answer)).equal


@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12))
def test_integers_are_exact(one: int, other: int) -> None:
    assert grade(str(one), rf"\boxed{{{other:,}}}").equal is (one == other)
    assert grade(str(one), rf"The answer is {one:,}.").equal


@given(st.fractions(max_denominator=500), st.fractions(max_denominator=500))
def test_fractions_are_exact(one: Fraction, other: Fraction) -> None:
    assert grade(str(one), str(other)).equal is (one == other)
    doubled = f"{2 * one.numerator}/{2 * one.denominator}"
    assert grade(str(one), doubled).equal


@given(st.integers(2, 36), st.integers(0, 10**6))
def test_bases(base: int, number: int) -> None:
    digits, rest = "", number
    while rest or not digits:
        rest, digit = divmod(rest, base)
        digits = f"{digit % 10}{digits}" if base <= 10 else digits or "0"
    if base <= 10:
        assert grade(str(number), f"{digits}_{{{base}}}").equal
