"""Programs as answers: what passes, what fails and why; tests in the hub's packing; nothing is unpickled."""

from __future__ import annotations

import base64
import json
import os
import pickle
import zlib
from pathlib import Path
from typing import Any

import pytest

from mull.bench import suites
from mull.bench.programs import by_tests, cases, same
from mull.bench.record import Item
from mull.check.code import run
from mull.errors import MullError

pytestmark = pytest.mark.skipif(
    run("1", tiers=["jail"]).outcome == "not available", reason="this system has no jail"
)


def packed(value: Any) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(value))).decode()


def text_test(given: str, expected: str) -> dict[str, str]:
    return {"input": given, "output": expected, "testtype": "stdin"}


def item(public: Any, private: str = "", function: str = "") -> Item:
    return Item("p", "?", "", None, {"public": json.dumps(public), "private": private, "function": function})


SUM = item([text_test("1 2\n", "3\n")], packed(json.dumps([text_test("10 -4\n", "6\n")])))
TWICE = item([{"input": "[1, 2]\n3", "output": "[3, 6]", "testtype": "functional"}], function="times")


def answer(program: str) -> str:
    return f"I think:\n```\nnot this\n```\nso\n```python\n{program}\n```\nDone."


@pytest.mark.parametrize(
    "program",
    [
        "print(sum(map(int, input().split())))",
        "import sys\nprint(sum(map(int, sys.stdin.read().split())))",
        "import sys\na, b = sys.stdin.buffer.readline().split()\nprint(int(a) + int(b), '')",
        "def main():\n    print(sum(map(float, input().split())))\nif __name__ == '__main__':\n    main()",
        "print(sum(map(int, input().split())))\nexit()",
        "from __future__ import annotations\nimport heapq\nprint(sum(map(int, input().split())))",
    ],
)
def test_programs_that_do_it(program: str) -> None:
    mark = by_tests(SUM, answer(program))
    assert (mark.equal, mark.reason) == (True, "all 2 tests pass")
    assert mark.final == f"{program}\n"
    assert mark.span is not None
    assert answer(program)[slice(*mark.span)] == mark.final


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("print(3)", "test 2 of 2: it prints '3'"),
        ("print(1/0)", "test 1 of 2: ZeroDivisionError"),
        ("print(", "SyntaxError"),
        ("print(open('/etc/passwd').read())", "test 1 of 2"),
        ("import socket", "test 1 of 2"),
        ("import os\nos._exit(0)", "test 1 of 2"),
        ("exit()", "it prints ''"),
    ],
)
def test_programs_that_do_not(program: str, why: str) -> None:
    mark = by_tests(SUM, answer(program))
    assert mark.equal is False
    assert why in mark.reason
    assert mark.found


def test_functions_are_called_with_their_arguments() -> None:
    method = "def times(self, xs: List[int], k: int) -> List[int]:\n        return [x * k for x in xs]"
    assert by_tests(TWICE, answer(f"class Solution:\n    {method}")).equal
    assert by_tests(
        TWICE, answer("def times(xs, k):\n    print('noise')\n    return tuple(x * k for x in xs)")
    ).equal
    wrong = by_tests(TWICE, answer("def times(xs, k):\n    return xs"))
    assert (wrong.equal, wrong.reason) == (False, "test 1 of 1: its value is '[1, 2]'")
    assert by_tests(TWICE, answer("def other(): pass")).equal is False


def test_only_a_newline_ends_an_argument() -> None:
    test = {"input": '"a\u2028b"\n2', "output": "5", "testtype": "functional"}
    assert by_tests(item([test], function="f"), answer("def f(s, k): return len(s) + k")).equal


def test_a_large_input_gets_through() -> None:
    numbers = " ".join(map(str, range(100_000)))
    big = item([text_test(numbers, str(sum(range(100_000))))])
    assert by_tests(big, answer("print(sum(map(int, input().split())))")).equal


def test_a_text_without_a_program() -> None:
    mark = by_tests(SUM, "I would add them.")
    assert (mark.equal, mark.found) == (False, False)


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("exit 1",)


@pytest.mark.parametrize("private", [packed(Evil()), packed([1]), packed("{"), packed("[1]"), "?", "AAAA"])
def test_tests_that_are_no_tests_are_refused_and_nothing_is_called(
    private: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "system", lambda _: pytest.fail("it was called"))
    with pytest.raises(MullError, match="the tests of p cannot be read"):
        cases(item([], private))


def test_tests_that_are_not_there_are_told() -> None:
    with pytest.raises(MullError, match="give --data"):
        cases(Item("p", "?", ""))
    with pytest.raises(MullError, match="has no tests"):
        cases(item([]))


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("1 2\n3\n", "1  2 \n3", True),
        ("1 2 \n3\n\n", "1 2\n3", True),
        ("0.50 1", "0.5 1.0", True),
        ("yes", "Yes", False),
        ("1\n2", "1 2", False),
        ("", "\n", True),
    ],
)
def test_outputs_are_compared_line_by_line(one: str, other: str, equal: bool) -> None:
    assert same(one, other) == same(other, one) == equal


def row(id: str, date: str, **more: Any) -> dict[str, Any]:
    return {
        "question_id": id,
        "question_content": f"Add. ({id})",
        "contest_date": f"{date}T00:00:00",
        "difficulty": "easy",
        "starter_code": "",
        "public_test_cases": json.dumps([text_test("1 2", "3")]),
        "private_test_cases": packed("[]"),
        "metadata": "{}",
        **more,
    }


def test_a_window_of_dates_is_a_suite_of_its_own(tmp_path: Path) -> None:
    starter = {"starter_code": "class Solution:\n    def add(self): ...", "metadata": '{"func_name": "add"}'}
    rows = [
        row("a", "2024-07-31"),
        row("b", "2024-08-01", **starter),
        row("c", "2024-11-30"),
        row("d", "2024-12-01"),
    ]
    path = tmp_path / "test.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    whole = suites.load("livecodebench", data=path)
    part = suites.load("livecodebench:2024-08:2024-11", data=path)
    assert [each.id for each in part.items] == ["b", "c"]
    assert part.about.name == "livecodebench:2024-08:2024-11"
    assert part.data != whole.data
    assert len(suites.load("livecodebench:2024-08-02:", data=path).items) == 2
    assert "class Solution" in part.items[0].question
    assert "standard input" in part.items[1].question
    assert part.items[0].facts is not None
    assert part.items[0].facts["function"] == "add"
    assert part.kept(part.items[0]).question == ""
    assert by_tests(part.items[1], answer("print(sum(map(int, input().split())))")).equal
    for name, told in (("livecodebench:2024", "write two months"), ("gsm8k:2024-08:", "has no dates")):
        with pytest.raises(MullError, match=told):
            suites.load(name, data=path)
