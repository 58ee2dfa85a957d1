"""Arithmetic as the thoughts write it: true claims, small enough for the head, that end in the result."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mull.tasks import written
from tests.tasks.claims import claims

number = st.integers(0, 999)


@pytest.mark.parametrize(
    ("write", "sign", "result"),
    [
        (written.plus, "+", int.__add__),
        (written.minus, "-", int.__sub__),
        (written.product, "*", int.__mul__),
    ],
)
@given(number, number)
def test_every_step_is_true_and_leads_to_the_result(
    write: Callable[[int, int], str], sign: str, result: Callable[[int, int], int], a: int, b: int
) -> None:
    text = write(a, b)
    assert re.match(rf"{a}\{sign}{b}[:=]", text)
    assert text.endswith(f"={result(a, b)}")
    found = list(claims(text))
    assert len(found) == text.count("=")
    assert all(true for _, true in found)


@given(number, number)
def test_differences_are_split_until_they_are_small(a: int, b: int) -> None:
    for x, y in re.findall(r"(\d+)-(\d+)=", written.minus(a, b)):
        assert int(x) < 200 or int(y) % 100 == 0 or int(x) < int(y)


@given(st.integers(2, 99), st.integers(2, 99))
def test_products_are_split_into_rows_of_one_digit(a: int, b: int) -> None:
    for x, y in re.findall(r"(\d+)\*(\d+)=", written.product(a, b)):
        assert min(len(x.rstrip("0")), len(y.rstrip("0"))) <= 1


@given(st.integers(1, 999), st.integers(2, 9))
def test_exact_quotients(value: int, divisor: int) -> None:
    text = written.quotient(value * divisor, divisor)
    assert text.endswith(f"={value}")
    assert len(list(claims(text))) == text.count("=")
    assert all(true for _, true in claims(text))
    assert all(
        int(x) // int(y) < 100 or int(x) // int(y) % 100 == 0 for x, y in re.findall(r"(\d+)/(\d+)=", text)
    )
