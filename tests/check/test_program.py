"""A program's result beside an answer."""

from __future__ import annotations

import pytest

from mull.check.program import block, check


@pytest.mark.parametrize(
    ("answer", "program", "verdict"),
    [
        ("42", "print(6 * 7)", "confirmed"),
        ("42", "6 * 7", "confirmed"),
        ("43", "print(6 * 7)", "contradicted"),
        ("42", "print('trying')\nprint(42)\n", "confirmed"),
        ("42", "print('The answer is 42')", "confirmed"),
        ("\\frac{1}{3}", "print(1 / 3)", "confirmed"),
        ("\\frac{3}{10}", "print(0.1 + 0.2)", "confirmed"),
        ("\\sqrt{2}", "print(2 ** 0.5)", "confirmed"),
        ("\\sqrt{3}", "print(2 ** 0.5)", "contradicted"),
        ("1/3", "print(0.34)", "contradicted"),
        ("1, 2", "print([1, 2])", "confirmed"),
        ("(1, 2)", "(1, 2)", "confirmed"),
        ("Paris", "'Paris'", "confirmed"),
        ("1.5", "from decimal import Decimal\nDecimal('1.5')", "confirmed"),
        ("42", "x = 42", "undecided"),
        ("42", "1 / 0", "undecided"),
        ("42", "import socket\nprint(42)", "undecided"),
    ],
)
def test_the_verdict(answer: str, program: str, verdict: str) -> None:
    assert check(answer, program).verdict == verdict


def test_without_a_result_it_says_why() -> None:
    assert "ZeroDivisionError" in check("1", "1 / 0").found
    assert check("1", "x = 1").found == "it printed nothing"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("```python\nprint(1)\n```", "print(1)\n"),
        ("First\n```python\n1\n```\nBetter:\n```py\n2\n```", "2\n"),
        ("```\n3\n```", "3\n"),
        ("```python\n\n```", None),
        ("```python\nprint(1)", None),
        ("print(1)", None),
    ],
)
def test_the_last_whole_block_is_the_program(text: str, code: str | None) -> None:
    assert block(text) == code
