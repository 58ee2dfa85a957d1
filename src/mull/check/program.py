"""Does a program's result say the same as an answer?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from mull.check.code import Limits, Result, run
from mull.check.grade import grade

_BLOCK = re.compile(r"```(?:python|py|python3)?[ \t]*\n(.*?)```", re.DOTALL | re.IGNORECASE)
_FRACTION = re.compile(r"Fraction\((-?\d+), (\d+)\)")
_DECIMAL = re.compile(r"Decimal\('([^']*)'\)")
_LONG = re.compile(r"-?\d*\.\d{10,}(?:e-?\d+)?")  # a float with nothing rounded off
SHOWN = 200  # characters of a result that are told


@dataclass(frozen=True, slots=True)
class Check:
    """What a program says of an answer.

    verdict  confirmed or contradicted; undecided where the program came to no result or the grader cannot
             tell; not run where programs cannot be run here
    found    the result, or why there is none
    """

    verdict: Literal["confirmed", "contradicted", "undecided", "not run"]
    found: str
    result: Result


def block(text: str) -> str | None:
    """The last block of code in a text; None without one."""
    blocks = _BLOCK.findall(text)
    return blocks[-1] if blocks and blocks[-1].strip() else None


def check(answer: str, program: str, limits: Limits | None = None) -> Check:
    """Run the program and compare what it says with the answer, by the grader.

    Raises MullError where pydantic-monty is not installed.
    """
    result = run(program, limits)
    if result.outcome == "not available":
        return Check("not run", result.reason, result)
    if result.outcome != "value":
        return Check("undecided", f"{result.outcome}: {result.reason}"[:SHOWN], result)
    found = said(result)
    if not found:
        return Check("undecided", "it printed nothing", result)
    verdict = _equal(answer, found)
    if verdict is False and any(_equal(answer, other) for other in _otherwise(found)):
        verdict = True
    told: Literal["confirmed", "contradicted", "undecided"] = "undecided"
    if verdict is not None:
        told = "confirmed" if verdict else "contradicted"
    return Check(told, found[:SHOWN], result)


def said(result: Result) -> str:
    """The result in the way answers are written: the last printed line, or else the last value."""
    lines = [line.strip() for line in result.output.splitlines() if line.strip()]
    found = lines[-1] if lines else result.value or ""
    found = _DECIMAL.sub(r"\1", _FRACTION.sub(r"\1/\2", found))
    if not lines and re.fullmatch(r"'[^'\\]*'", found):
        found = found[1:-1]
    return found


def _otherwise(found: str) -> list[str]:
    """Other ways to write what a program prints: a float without its last digits, a list without brackets."""
    if _LONG.fullmatch(found):
        return [f"{float(found):.{digits}g}" for digits in range(15, 11, -1)]
    return [found[1:-1]] if found.startswith("[") and found.endswith("]") else []


def _equal(answer: str, found: str) -> bool | None:
    return grade(f"\\boxed{{{answer}}}", f"\\boxed{{{found}}}").equal
