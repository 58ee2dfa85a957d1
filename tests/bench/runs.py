"""Whole runs in folders, made of letters: "rrw" are two right samples and a wrong one (see WORDS)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mull.bench.record import ITEMS, SAMPLES, Item, Run, Sample, line, write_items
from tests.bench.builders import manifest

WORDS = {
    "r": "right",
    "w": "wrong",
    "t": "truncated",
    "l": "looped",
    "n": "no answer",
    "u": "undecided",
    "e": "error",
}
FINALS = {"r": "4", "w": "5", "u": "x^y"}


def made(
    folder: Path, letters: Mapping[str, str], *, groups: Mapping[str, str] | None = None, **changes: Any
) -> Run:
    """A run with these samples of each question: {"a": "rrw", "b": "wtn"}. Its gold answers are 4."""
    samples = [
        one(item, number, letter, group=(groups or {}).get(item))
        for item, each in letters.items()
        for number, letter in enumerate(each)
    ]
    items = [Item(item, f"What is {item}?", "4", (groups or {}).get(item)) for item in letters]
    return write(folder, items, samples, **changes)


def one(item: str, number: int, letter: str, **changes: Any) -> dict[str, Any]:
    """A sample as plain values."""
    final = FINALS.get(letter)
    text = f"So it is \\boxed{{{final}}}." if final else "Hm."
    start = text.find("\\boxed") if final else 0
    return dict(
        item=item,
        sample=number,
        seed=number,
        outcome=WORDS[letter],
        equal={"r": True, "u": None}.get(letter, False),
        final=final,
        span=(start, len(text) - 1) if final else None,
        text=text,
        thoughts="Let me see. ",
        generated=10 * (number + 1),
        seconds=0.5 * (number + 1),
        ledger={"prefill": 7, "sampled": 10 * (number + 1)},
        chains=1,
    ) | changes  # fmt: skip


def write(folder: Path, items: Sequence[Item], samples: Sequence[dict[str, Any]], **changes: Any) -> Run:
    folder.mkdir(parents=True, exist_ok=True)
    most = max([1, *(1 + each["sample"] for each in samples)])
    told = manifest(**{"k": most, "items": len(items), **changes})
    told.save(folder)
    write_items(items, folder / ITEMS)
    plain = [asdict(Sample(config=told.hash, **each)) for each in samples]
    (folder / SAMPLES).write_bytes(b"".join(map(line, plain)))
    return Run.read(folder)


def printed(text: str) -> dict[str, Any]:
    """What a command with --json printed."""
    found: dict[str, Any] = json.loads(text)
    return found
