"""Number theory: true for any numbers, and the lines say what they are meant to say."""

from math import gcd, lcm
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from mull.tasks import numbertheory
from mull.tasks.base import Segment
from tests.tasks.test_modular import all_true

NUMBERS = st.integers(2, 9999)


def text(segments: tuple[Segment, ...]) -> str:
    return "".join(segment.text for segment in segments if segment.learn)


@given(a=NUMBERS, b=NUMBERS, slip=st.booleans())
def test_greatest_common_divisor(a: int, b: int, slip: bool) -> None:
    thoughts = text(numbertheory.divisor(a, b, Random(a) if slip else None))
    assert all_true(thoughts)
    assert thoughts.endswith(f"So gcd {a},{b} is {gcd(a, b)}.")


@given(a=NUMBERS, b=NUMBERS)
def test_least_common_multiple(a: int, b: int) -> None:
    lines = numbertheory.multiple(a, b)
    assert lines[-1] == f"So lcm {a},{b} is {lcm(a, b)}."


@given(n=NUMBERS, slip=st.booleans())
def test_number_of_divisors(n: int, slip: bool) -> None:
    thoughts = text(numbertheory.divisors(n, Random(n) if slip else None))
    assert all_true(thoughts)
    assert thoughts.endswith(f"divisors of {n} is {sum(n % d == 0 for d in range(1, n + 1))}.")


@given(a=NUMBERS, n=st.integers(1, 999))
def test_last_digit_of_a_power(a: int, n: int) -> None:
    lines = numbertheory.last_digit(a, n)
    assert all_true("\n".join(lines))
    assert lines[-1] == f"So the last digit of {a}^{n} is {str(a**n)[-1]}."


@given(n=st.integers(1, 10**18))
def test_digit_sums(n: int) -> None:
    once, again = numbertheory.digit_sum(n, again=False), numbertheory.digit_sum(n, again=True)
    assert all_true("\n".join(again))
    assert once[-1] == f"So the digit sum of {n} is {sum(map(int, str(n)))}."
    assert again[-1] == f"So the repeated digit sum of {n} is {n % 9 or 9}."


@given(n=st.integers(20, 999), a=st.integers(2, 19), b=st.none() | st.integers(2, 19))
def test_counting_multiples(n: int, a: int, b: int | None) -> None:
    lines = numbertheory.multiples(n, a, b)
    total = sum(x % a == 0 or (b is not None and x % b == 0) for x in range(1, n + 1))
    assert all_true("\n".join(lines))
    assert lines[-1].startswith(f"So {total} of 1 to {n} are multiples of {a}")


def test_what_a_line_says() -> None:
    assert numbertheory.multiple(36, 84)[1:-1] == [
        "36*2=72, 36*3=108>84, 84-72=12 | 36,12",
        "36=12*3+0, gcd 12",
        "36,84 with gcd 12: 36/12=3, 84*3: 80*3=240, 4*3=12, 240+12=252",
    ]
    assert text(numbertheory.divisors(140, None)).split("\n")[1:-1] == [
        "2*2=4, 140 by 2: 14=2*7+0, 0=2*0+0: 2^1 | 70",
        "70 by 2: 7=2*3+1, 10=2*5+0: 2^2 | 35",
        "35 by 2: 3=2*1+1, 15=2*7+1: 2^2 | 35",
        "3*3=9, 35 by 3: 3=3*1+0, 5=3*1+2: 2^2 | 35",
        "5*5=25, 35 by 5: 35=5*7+0: 2^2*5^1 | 7",
        "7 by 5: 7=5*1+2: 2^2*5^1 | 7",
        "7*7=49, 7<49: 2^2*5^1*7^1",
        "140 is 2^2*5^1*7^1",
        "Check: 2^2=4, 5^1=5, 7^1=7, 4*5=20, 20*7=140 ok",
        "2+1=3, 1+1=2, 1+1=2",
        "3*2=6, 6*2=12",
    ]
    assert numbertheory.last_digit(48, 575)[-2] == ("4 in turns: 575=500+75, 7=4*1+3, 35=4*8+3, so as 8^3: 2")
    assert numbertheory.multiples(150, 4, 6)[1:-1] == [
        "Of 4: 15=4*3+3, 30=4*7+2: 37",
        "Of 6: 15=6*2+3, 30=6*5+0: 25",
        "Of both: 6=4*1+2 no",
        "6+6=12, 12=4*3+0 yes",
        "Of 12: 15=12*1+3, 30=12*2+6: 12",
        "37+25=62, 62-12=50",
    ]


def test_a_divisor_taken_too_early_is_tried() -> None:
    early = numbertheory.divisor(100, 36, Random(0))
    assert len(early) == 1  # of large numbers the check would cost as much as the search
    goal, slip, repair = numbertheory.divisor(60, 21, Random(0))
    assert (goal.text, slip.text, slip.learn) == (
        "Find gcd 60,21.\n",
        "21*2=42, 21*3=63>60, 60-42: 60-40=20, 20-2=18, gcd 18\n",
        False,
    )
    assert repair.text == (
        "Check: 60: 18*2=36, 18*3=54, 18*4=72>60, 60-54: 60-50=10, 10-4=6 wrong, need 0\nWait, again:\n"
        "21*2=42, 21*3=63>60, 60-42: 60-40=20, 20-2=18 | 21,18\n"
        "21-18: 21-10=11, 11-8=3 | 18,3\n18=3*6+0, gcd 3\n"
        "Check: 60: 6=3*2+0, 0=3*0+0, 21: 21=3*7+0 ok\nSo gcd 60,21 is 3."
    )


def test_few_primes_have_to_be_tried() -> None:
    assert numbertheory.few_primes(2**3 * 13 * 283)
    assert not numbertheory.few_primes(2 * 17 * 17)
