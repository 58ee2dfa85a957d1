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
        found.append((listed, listed.split(",") == [str(int(m) * k) for k in range(1, 11)]))
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
        "47<74, 47-30=17, 17-7=10 | 264",
        "102<111, 102-70=32, 32-4=28 | 64",
        "286<296, 286-250=36, 36-9=27 | 4",
        "274<296, 274-250=24, 24-9=15",
    ]
    assert modular.long(5862, 8)[1:-1] == ["5<8, 58=8*7+2 | 62", "26=8*3+2 | 2", "22=8*2+6"]
    assert modular.power(23, 13, 7)[1:-1] == [
        "23=7*3+2, so find 2^13 mod 7.",
        "Halve: 13=2*6+1, 6=2*3+0, 3=2*1+1",
        "Binary 1101: 1,3,6,13",
        "2^1: 2 | 3,6,13",
        "2^3: 2*2=4, 4=7*0+4, 4*2=8, 8=7*1+1 | 6,13",
        "2^6: 1*1=1, 1=7*0+1 | 13",
        "2^13: 1*1=1, 1=7*0+1, 1*2=2, 2=7*0+2",
    ]
    assert modular.product(98, 27, 6)[1:-1] == ["9=6*1+3, 38=6*6+2", "27=6*4+3", "2*3=6, 6=6*1+0"]
    assert modular.product(34, 27, 37)[2:-1] == [
        "2: 34*2=68, 68<74, 68-30=38, 38-7=31 | 7",
        "7: 31*10=310, 310<333, 310-290=20, 20-6=14, 34*7=238, 238<259, 238-220=18, 18-2=16, 14+16=30, 30<37",
    ]


@given(a=st.integers(0, 999), b=st.integers(-999, 999))
def test_sums_go_by_tens_and_then_ones(a: int, b: int) -> None:
    text = written.stepped(a, b)
    assert all(true for _, true in claims(text))
    assert text.count("=") == len(list(claims(text)))
    assert text.endswith(f"={a + b}")


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
