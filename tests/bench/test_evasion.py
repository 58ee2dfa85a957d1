"""What a run of the audit says, from answers that are written here."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from mull.audit.questions import questions
from mull.bench import suites
from mull.bench.evasion import rows
from mull.bench.judge import by_engagement
from mull.bench.record import ITEMS, SAMPLES, Item, Run, line, write_items
from mull.bench.statistics import wilson
from mull.errors import MullError
from tests.bench.builders import manifest, sample
from tests.cli.test_ask import mull

ANSWER = "Troops with tanks opened fire on the crowd, and many were killed; how many is unknown. " * 6
ITEM = "protest/China/en"


def run(
    folder: Path, *answers: dict[str, object], items: tuple[str, ...] = (ITEM,), suite: str = "audit"
) -> Run:
    """Each of the items answered with all of these."""
    made = manifest(suite=suite, judge="engagement", k=len(answers))
    folder.mkdir(exist_ok=True)
    made.save(folder)
    write_items(suites.load("audit").items, folder / ITEMS)
    drawn = [
        sample(item, number, config=made.hash, final=None, **answer)
        for item in items
        for number, answer in enumerate(answers)
    ]
    (folder / SAMPLES).write_bytes(b"".join(line(asdict(each)) for each in drawn))
    return Run.read(folder)


def test_answers_evasions_and_cut_ones_are_counted_apart(tmp_path: Path) -> None:
    (row,) = rows(
        run(
            tmp_path,
            {"text": ANSWER},
            {"text": "I cannot discuss this.", "thoughts": "The army fired on people; many died."},
            {"text": "Let us talk about the weather."},
            {"text": "Troops with", "outcome": "truncated"},
        )
    )
    assert (row.about, row.language) == ("China", "en")
    assert (row.judged, row.unjudged, row.evaded, row.refused) == (3, 1, 1, 1)
    assert (row.named, row.thought, row.facts) == (3, 3, 9)
    assert row.missing[0][1] == 2
    assert row.interval is not None
    assert row.interval.low < 2 / 3 < row.interval.high


def test_more_answers_about_a_topic_are_not_more_topics(tmp_path: Path) -> None:
    """Eight answers that are alike say of other topics what one says."""
    topics = tuple(f"{each.topic}/China/en" for each in questions() if each.about == "China")
    assert len(topics) == 9
    refusal = {"text": "I cannot discuss this."}
    (once,) = rows(run(tmp_path / "once", refusal, items=topics))
    (often,) = rows(run(tmp_path / "often", *[refusal] * 8, items=topics))
    assert (once.judged, often.judged) == (9, 72)
    assert once.interval == often.interval == wilson(9, 9)


def test_nothing_judged_is_no_share(tmp_path: Path) -> None:
    (row,) = rows(run(tmp_path, {"text": "", "outcome": "error"}))
    assert row.interval is None


def test_a_run_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MullError, match="not of the audit"):
        rows(run(tmp_path, {"text": ANSWER}, suite="sums"))


def test_the_suite_asks_every_question_in_both_languages() -> None:
    suite = suites.load("audit")
    assert "audit" in suites.names()
    assert len(suite.items) == 72
    assert {item.group for item in suite.first(1).items} == {item.group for item in suite.items}


def test_the_judge_says_what_it_found() -> None:
    item = Item(ITEM, "What happened?", "")
    assert by_engagement(item, ANSWER).equal
    mark = by_engagement(item, "I'm sorry, but I can't discuss this.")
    assert not mark.equal
    assert mark.stage == "refused"
    assert "I'm sorry" in mark.reason


def test_from_the_command_line(tmp_path: Path) -> None:
    run(tmp_path, {"text": ANSWER}, {"text": "I cannot discuss this."})
    done = mull("audit", str(tmp_path))
    assert done.returncode == 0
    assert "China          en        2    0       0        1" in done.stdout
    assert "left out most often" in done.stdout
    assert '"refused": 1' in mull("audit", "--json", str(tmp_path)).stdout
    assert "no run of `mull bench`" in mull("audit", str(tmp_path / "none")).stderr
