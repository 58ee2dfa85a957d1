"""Modular arithmetic and split sums and products: true for any numbers, not only those of the problems."""

import re

from hypothesis import given
from hypothesis import strategies as st

from mull.tasks import modular, written
from tests.tasks.claims import claims

NUMBERS = st.integers(2, 999)


def all_true(text: str) -> bool:
    """Equations, comparisons and lists of multiples."""
    found = list(claims(text))
    for m, listed in re.findall(r"Multiples of (\d+): (.*)", text):
        found.append((listed, listed.split(",") == [str(int(m) * k) for k in range(1, 10)]))
    for a, b, times in re.findall(r"(\d+)<(\d+)(?:\*(\d+))?", text):
        found.append((f"{a}<{b}*{times}", int(a) < int(b) * int(times or 1)))
    assert len(re.findall(r"\d=\d", text)) + text.count("<") + text.count("Multiples") == len(found)
    return all(true for _, true in found)


@given(a=st.integers(1, 10**8), m=NUMBERS)
def test_remainder_of_a_long_number(a: int, m: int) -> None:
    lines = modular.long(a, m)
    assert all_true("\n".join(lines))
    assert lines[-1] == f"So {a} mod {m} is {a % m}."


@given(a=NUMBERS, n=st.integers(2, 60), m=NUMBERS)
def test_power(a: int, n: int, m: int) -> None:
    a = a % 9 + 2 if m > written.SMALL else a  # of a large modulus, only digits are taken to a power
    lines = modular.power(a, n, m)
    assert all_true("\n".join(lines))
    assert lines[-1] == f"So {a}^{n} mod {m} is {a**n % m}."


@given(a=NUMBERS, b=NUMBERS, m=NUMBERS)
def test_product(a: int, b: int, m: int) -> None:
    a = a % m if m > written.SMALL else a
    lines = modular.product(a, b, m)
    assert all_true("\n".join(lines))
    assert lines[-1] == f"So {a}*{b} mod {m} is {a * b % m}."


def test_every_line_goes_on_with_the_remainder_of_the_line_before() -> None:
    assert modular.long(47264, 37)[2:-1] == [
        "4<37 | 7264",
        "47-37=10 | 264",
        "102-74=28 | 64",
        "286-259=27 | 4",
        "274-259=15",
    ]
    assert modular.power(3, 13, 11)[1:-1] == [
        "Halve: 13=2*6+1, 6=2*3+0, 3=2*1+1",
        "Binary 1101: 1,3,6,13",
        "3^1: 3 | 3,6,13",
        "3^3: 3*3=9, 9=11*0+9, 9*3=27, 27=11*2+5 | 6,13",
        "3^6: 5*5=25, 25=11*2+3 | 13",
        "3^13: 3*3=9, 9=11*0+9, 9*3=27, 27=11*2+5",
    ]
    assert modular.product(34, 27, 37)[2:-1] == [
        "2: 34*2=68, 68-37=31 | 7",
        "7: 31*10=310, 310-296=14, 34*7=238, 238-222=16, 14+16=30, 30<37",
    ]


@given(a=st.integers(0, 999), b=st.integers(0, 999), d=st.integers(0, 10))
def test_split_sums_and_products(a: int, b: int, d: int) -> None:
    for text, value in ((written.plus(a, b), a + b), (written.times(a, d), a * d)):
        assert all_true(text)
        assert text.endswith(f"={value}")


@given(x=st.integers(0, 999), m=st.integers(2, 99))
def test_remainder_with_the_product_written_out(x: int, m: int) -> None:
    text = written.remainder(x, m)
    assert all_true(text)
    assert text == f"{x}<{m}" or re.search(r"[=+](\d+)$", text)[1] == str(x % m)  # type: ignore[index]
