"""Programs as answers: judged by tests that run in the jail of `mull.check.code`, nowhere else.

A test is an input with the output that it must give: as text through standard input and output, or as the
arguments and the value of a function. The expected output never enters the jail.
"""

from __future__ import annotations

import base64
import binascii
import json
import pickletools
import re
import zlib
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from mull.bench.judge import Mark
from mull.bench.record import Item
from mull.check.code import Limits, Result, run
from mull.errors import MullError

LIMITS = Limits(seconds=6.0, memory=1 << 30, output=8 << 20, program=64 << 20)  # LiveCodeBench's own: 6 s
_BLOCK = re.compile(r"```(\w*)[^\S\n]*\n(.*?)```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Case:
    """`function`: its name, where the input is its arguments, one JSON value a line; "" where it is text."""

    given: str
    expected: str
    function: str = ""


def by_tests(item: Item, text: str) -> Mark:
    """Whether the last program in the text passes all tests of the item; the first that fails decides."""
    found = _program(text)
    if found is None:
        return Mark(False, False, "none", "no program in the text")
    start, end = found
    program = text[start:end]
    given = cases(item)
    for number, case in enumerate(given, 1):
        result = run(_around(program, case), LIMITS, tiers=["jail"])
        if result.outcome == "not available":
            return Mark(None, True, "tests", f"programs cannot be run here: {result.reason}", program, found)
        if why := _failed(result, case):
            return Mark(False, True, "tests", f"test {number} of {len(given)}: {why}", program, found)
    return Mark(True, True, "tests", f"all {len(given)} tests pass", program, found)


def cases(item: Item) -> list[Case]:
    """Of an item made by `suites.programming`. Raises MullError for tests that are missing or unreadable."""
    if not item.facts:
        raise MullError(
            f"the tests of {item.id} are not here: a run's folder does not hold them; give --data."
        )
    function = str(item.facts.get("function", ""))
    records = _decoded(item.facts["public"], item) + _decoded(item.facts["private"], item)
    if not records:
        raise MullError(f"{item.id} has no tests.")
    return [
        Case(
            str(each["input"]), str(each["output"]), function if each.get("testtype") == "functional" else ""
        )
        for each in records
    ]


def _decoded(tests: str, item: Item) -> list[dict[str, Any]]:
    """Tests are JSON; the private ones on the hub are that, pickled as a text, compressed, and in base64."""
    try:
        if tests and not tests.lstrip().startswith("["):
            tests = _text(zlib.decompress(base64.b64decode(tests, validate=True)))
        found = json.loads(tests or "[]")
        if all(isinstance(each, dict) and {"input", "output"} <= each.keys() for each in found):
            return list(found)
    except (ValueError, TypeError, binascii.Error, zlib.error):
        pass
    raise MullError(f"the tests of {item.id} cannot be read.")


def _text(pickled: bytes) -> str:
    """The text in a pickle of nothing but a text; its instructions are read, none is carried out.

    Raises ValueError for a pickle of anything else.
    """
    said = [(each.name, value) for each, value, _ in pickletools.genops(pickled)]
    texts = [value for name, value in said if "UNICODE" in name]
    others = {name for name, _ in said if "UNICODE" not in name} - {"PROTO", "FRAME", "MEMOIZE", "STOP"}
    if len(texts) != 1 or others - {"BINPUT", "LONG_BINPUT", "PUT"}:
        raise ValueError("no pickled text")
    return str(texts[0])


def _program(text: str) -> tuple[int, int] | None:
    """Where the last program stands: a fenced block of Python, else the last block of any kind."""
    blocks = list(_BLOCK.finditer(text))
    chosen = [block for block in blocks if block[1].lower() in ("python", "python3", "py")] or blocks
    return chosen[-1].span(2) if chosen else None


def _around(program: str, case: Case) -> str:
    """What is run: the program with its input, and for a function the call of it, whose value is printed."""
    head = f"import io, sys\nsource = {program!r}\n"
    if not case.function:
        return (
            f"{head}given = {case.given!r}\n"
            "sys.stdin = io.TextIOWrapper(io.BytesIO(given.encode()))\n"
            'names = {"__name__": "__main__", "exit": sys.exit, "quit": sys.exit}\n'
            'exec(compile(source, "program", "exec"), names)\n'
        )
    return (
        f"{head}import json\nimport collections, functools, heapq, itertools, math, typing\n"
        "names = {**vars(typing), **vars(collections), **vars(math), **vars(itertools), **vars(functools), "
        '**vars(heapq), "__name__": "solution"}\n'
        'exec(compile(source, "program", "exec"), names)\n'
        f"given = [json.loads(line) for line in {case.given!r}.split('\\n') if line.strip()]\n"
        f'owner = names["Solution"]() if "Solution" in names else None\n'
        f"call = getattr(owner, {case.function!r}) if owner else names[{case.function!r}]\n"
        "value = call(*given)\n"
        'print("\\n" + json.dumps(value))\n'
    )


def _failed(result: Result, case: Case) -> str:
    """Why it fails; "" if it passes."""
    if result.outcome != "value":
        return result.reason or result.outcome
    if not case.function:
        return "" if same(result.output, case.expected) else f"it prints {_short(result.output)}"
    last = result.output.rstrip("\n").rpartition("\n")[2]
    try:
        return "" if json.loads(last) == json.loads(case.expected) else f"its value is {_short(last)}"
    except (ValueError, RecursionError):
        return f"its value is {_short(last)}"


def same(one: str, other: str) -> bool:
    """Whether two outputs are the same line by line, but for space at ends, and numbers written otherwise."""
    ones, others = (text.strip().splitlines() for text in (one, other))
    return len(ones) == len(others) and all(map(_same_line, ones, others))


def _same_line(one: str, other: str) -> bool:
    if one.strip() == other.strip():
        return True
    ones, others = one.split(), other.split()
    try:
        return [Decimal(word) for word in ones] == [Decimal(word) for word in others]
    except InvalidOperation:
        return False


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return repr(flat if len(flat) <= 60 else f"{flat[:60]}…")
