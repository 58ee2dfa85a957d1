"""LiveCodeBench's rows as items: what is asked of a program, and the tests that it must pass."""

from __future__ import annotations

import json
from typing import Any

from mull.bench.record import Item
from mull.bench.suites.rows import Row
from mull.errors import MullError

_STARTER = (
    "\n\nWrite the solution in Python. Begin with this code and keep its names; nothing is read or printed:\n"
    "```python\n{code}\n```\nPut the whole program into one such block."
)
_STANDARD = (
    "\n\nWrite a Python program that reads the input from standard input and prints the answer to standard "
    "output. Put the whole program into one block:\n```python\n# your program\n```"
)
_COLUMNS = ("question_id", "question_content", "public_test_cases", "private_test_cases")


def item(row: Row, where: str) -> Item:
    """Raises MullError for a row that lacks a column. The gold answer is "": tests decide."""
    if missing := [name for name in _COLUMNS if not isinstance(row.get(name), str)]:
        raise MullError(f"{where}: no column {missing[0]} with a text in it.")
    starter = str(row.get("starter_code") or "")
    asked = _STARTER.format(code=starter.rstrip()) if starter.strip() else _STANDARD
    return Item(
        row["question_id"],
        row["question_content"] + asked,
        "",
        row.get("difficulty") or None,
        {
            "public": row["public_test_cases"],
            "private": row["private_test_cases"],
            "function": _function(row.get("metadata")),
        },
    )


def _function(metadata: Any) -> str:
    try:
        return str(json.loads(metadata).get("func_name") or "")
    except (ValueError, TypeError, AttributeError):
        return ""
