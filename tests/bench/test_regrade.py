"""Judging stored answers again: the same judge changes nothing, another one what it must, and errors stay."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mull.bench.asking import Asking
from mull.bench.judge import Mark
from mull.bench.record import SAMPLES, Item, Run
from mull.bench.regrade import changes, regrade, write
from mull.bench.run import Plan, run
from mull.bench.suites import About, Suite
from mull.engine.scripted import asked, scripted
from mull.errors import MullError

SAID = {
    "half": "<think>\nhm\n</think>\n\nIt is \\boxed{0.5}.",
    "more": "<think>\nhm\n</think>\n\nIt is \\boxed{0.6}.",
    "none": "<think>\nhm\n</think>\n\nI do not know.",
    "cut": "<think>\n" + " ".join(map(str, range(200))),
    "round": "<think>\n" + "and again and again " * 99,
}


@pytest.fixture
def drawn(tmp_path: Path) -> Run:
    items = [*(Item(name, name, "1/2") for name in SAID), Item("long", "x" * 500, "1/2")]
    suite = Suite.of(About("halves", "halves", "made up", "none"), "1", items)
    engine = scripted({asked(name): text for name, text in SAID.items()}, context=400)
    return asyncio.run(run(Plan(suite, Asking(loops="observe")), engine, tmp_path / "run"))


def strict(item: Item, text: str) -> Mark:
    return Mark(item.gold in text, True, "string", "letter by letter", text)


def test_the_same_judge_changes_nothing(drawn: Run) -> None:
    assert {each.item: each.outcome for each in drawn.samples} == {
        "half": "right",
        "more": "wrong",
        "none": "no answer",
        "cut": "truncated",
        "round": "looped",
        "long": "error",
    }
    assert regrade(drawn) == [*drawn.samples]
    assert list(changes(drawn, regrade(drawn))) == []


def test_another_judge_changes_what_it_sees_otherwise(drawn: Run) -> None:
    judged = regrade(drawn, by=strict)
    found = {each.item.id: (each.before.outcome, each.after.outcome) for each in changes(drawn, judged)}
    assert found == {
        "half": ("right", "wrong"),
        "more": ("wrong", "wrong"),  # another span is taken for the answer
        "none": ("no answer", "wrong"),
    }


def test_what_was_judged_again_is_a_run_of_its_own(drawn: Run, tmp_path: Path) -> None:
    before = (drawn.folder / SAMPLES).read_bytes()
    judged = regrade(drawn, by=strict)
    other = write(drawn, judged, tmp_path / "other")
    assert [*other.samples] == judged
    assert other.items == drawn.items
    assert (drawn.folder / SAMPLES).read_bytes() == before
    with pytest.raises(MullError, match="holds a run already"):
        write(drawn, judged, tmp_path / "other")
