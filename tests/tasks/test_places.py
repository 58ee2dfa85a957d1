"""Arithmetic a place at a time: every claim is true and small, and the last one is the result."""

import re

from hypothesis import given
from hypothesis import strategies as st

from mull.tasks import places
from tests.tasks.claims import claims

numbers = st.integers(0, 2000)
digits = st.integers(2, 9)


def holds(text: str, result: int) -> None:
    found = list(claims(text))
    assert all(true for _, true in found), text
    assert len(found) == len(re.findall(r"\d=-?\d", text)), text
    assert text.endswith(f"={result}"), text


@given(numbers, numbers)
def test_sums_and_differences_change_one_place_at_a_time(a: int, b: int) -> None:
    holds(places.plus(a, b), a + b)
    holds(places.minus(a, b), a - b)
    for text in (places.plus(a, b), places.minus(max(a, b), min(a, b))):
        goal, split, steps = text.partition(": ")
        for part in re.findall(r"[-+](\d+)=", steps):
            assert len(part.rstrip("0")) == 1, text
        assert split or "," not in goal


@given(numbers, digits)
def test_products_and_quotients_go_digit_by_digit(a: int, d: int) -> None:
    holds(places.product(a, d), a * d)
    holds(places.quotient(a * d, d), a)


def test_what_needs_no_carry_is_one_claim() -> None:
    assert places.plus(23, 45) == "23+45=68"
    assert places.plus(67, 58) == "67+58: 67+50=117, 117+8=125"
    assert places.minus(67, 23) == "67-23=44"
    assert places.minus(412, 385) == "412-385: 412-300=112, 112-80=32, 32-5=27"
    assert places.minus(12, 31) == "12-31: 31-10=21, 21-2=19, 12-31=-19"
    assert places.product(21, 4) == "21*4=84"
    assert places.product(5, 35) == "5*35: 30*5=150, 5*5=25, 150+25=175"
    assert places.quotient(168, 7) == "168/7: 16=7*2+2, 28=7*4+0, 168/7=24"


@given(numbers, digits)
def test_long_division_says_the_quotient_so_far(a: int, d: int) -> None:
    steps = places.long(a, d)
    assert [found for _, found in steps] == [a // d // 10**k for k in reversed(range(len(steps)))]
    assert a < d or steps[-1][1] == a // d
