"""Integrals and limits, decided by sympy in a process of its own that can be killed."""

from threading import Thread
from time import monotonic

import pytest

from mull import grade
from mull.check.grade import symbolic, warm

pytestmark = pytest.mark.skipif(not symbolic.available(), reason="sympy is not installed")


@pytest.fixture(autouse=True)
def _started() -> None:
    assert warm(120)


@pytest.mark.parametrize(
    ("gold", "text", "equal"),
    [
        ("1/2", r"\int_0^1 x dx", True),
        (r"\int_0^1 x dx", r"The answer is $\frac{1}{2}$.", True),
        ("1", r"\int_0^1 x dx", False),
        ("1", r"\lim_{x \to 0} \frac{\sin x}{x}", True),
    ],
)
def test_verdicts(gold: str, text: str, equal: bool) -> None:
    verdict = grade(gold, text)
    assert (verdict.equal, verdict.stage) == (equal, "symbolic")


def test_a_question_that_takes_too_long_ends_the_process_and_the_next_starts_it_again() -> None:
    hard = r"\int_0^{\infty} \frac{x^{x^{2}}}{e^{x^{2}}+x} dx"
    started = monotonic()
    assert grade("7", hard).equal is not True
    assert monotonic() - started < 3
    assert warm(120)
    assert grade("1/2", r"\int_0^1 x dx").equal


def test_works_in_threads() -> None:
    found: list[bool | None] = []
    threads = [Thread(target=lambda: found.append(grade("1/2", r"\int_0^1 x dx").equal)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True, True, True]


@pytest.mark.parametrize(
    "text",
    [
        r"\int_0^1 \input{file} dx",
        r"\int_0^1 __import__ dx",
        r"\int_0^1 9^{9^{9}} dx",
        r"\int_0^1 1234567890123456 dx",
        r"\int_0^1 " + "{" * 20 + "x" + "}" * 20,
        r"\int_0^1 " + "x+" * 300 + "1",
    ],
)
def test_what_is_not_plain_small_mathematics_never_reaches_it(text: str) -> None:
    assert symbolic.equal("1", text) is None
