"""Pairs of answers with known verdicts, in both orders; pairs/ holds them by kind."""

import json
from collections import defaultdict
from pathlib import Path

import pytest

from mull import grade

PAIRS: dict[str, list[tuple[str, str, bool]]] = defaultdict(list)
for file in sorted((Path(__file__).parent / "pairs").glob("*.jsonl")):
    for line in file.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        PAIRS[record["kind"]].append((record["gold"], record["text"], record["equal"]))


@pytest.mark.parametrize("kind", PAIRS)
def test_verdicts(kind: str) -> None:
    wrong = [
        (gold, text, verdict)
        for gold, text, equal in PAIRS[kind]
        if ((verdict := grade(gold, text)).equal is True) != equal
    ]
    assert not wrong


@pytest.mark.parametrize("kind", PAIRS)
def test_the_order_does_not_matter(kind: str) -> None:
    wrong = [(a, b) for a, b, _ in PAIRS[kind] if b.strip() and grade(a, b).equal is not grade(b, a).equal]
    assert not wrong
