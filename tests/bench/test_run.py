"""The runner on a script: what becomes of each question, how a run goes on, what ends it."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mull.bench.asking import Asking
from mull.bench.log import Log
from mull.bench.record import SAMPLES, Item, Run, Sample
from mull.bench.run import Plan, run, seed_of
from mull.bench.suites import About, Suite
from mull.engine import LocalEngine, Sampling
from mull.engine.events import Event
from mull.engine.scripted import asked, scripted
from mull.errors import MullError, Unreachable
from mull.think.budget import Budget
from mull.think.line import Line

SCRIPT = {
    "Q1": "<think>\none and one\n</think>\n\nThe answer is \\boxed{2}.",
    "Q2": "<think>\nhm\n</think>\n\nIt is \\boxed{5}.",
    "Q3": "<think>\nhm\n</think>\n\nI do not know.",
    "Q4": "<think>\nhm\n</think>\n\n\\boxed{\\frac{1}{}}",
    "Q5": "<think>\n" + "and again and again " * 99,
    "Q6": "<think>\n" + " ".join(map(str, range(200))),
    "Q7": {"<think>\nhm\n</think>\n\n\\boxed{7}": 1, "<think>\nhm\n</think>\n\n\\boxed{8}": 1},
}
GOLDS = {"Q1": "2", "Q2": "4", "Q3": "4", "Q4": "4", "Q5": "4", "Q6": "4", "Q7": "7"}


def suite(*names: str, **about: Any) -> Suite:
    items = [Item(name, name, GOLDS[name]) for name in names or GOLDS]
    return Suite.of(About("sums", "sums", "made up", "none", **about), "1", items)


def engine(**options: Any) -> LocalEngine:
    script = {asked(name): said for name, said in SCRIPT.items()}
    return scripted(script, context=400, **options)


def drawn(folder: Path, plan: Plan, on: LocalEngine | None = None, **options: Any) -> Run:
    return asyncio.run(run(plan, on or engine(), folder, **options))


def test_every_kind_of_outcome_is_told_apart(tmp_path: Path) -> None:
    samples = {
        each.item: each
        for each in drawn(tmp_path, Plan(suite("Q1", "Q2", "Q3", "Q4", "Q6"), Asking())).samples
    }
    assert {name: each.outcome for name, each in samples.items()} == {
        "Q1": "right",
        "Q2": "wrong",
        "Q3": "no answer",
        "Q4": "parse failure",
        "Q6": "truncated",
    }
    right = samples["Q1"]
    assert right.span is not None
    assert right.text[slice(*right.span)] == "\\boxed{2}"
    assert (right.thoughts, right.status, right.chains) == ("one and one", "finished", 1)
    assert right.generated == sum((right.ledger or {}).get(kind, 0) for kind in ("sampled", "forced"))


def test_a_chain_that_goes_in_circles_to_its_end_has_looped(tmp_path: Path) -> None:
    (sample,) = drawn(tmp_path, Plan(suite("Q5"), Asking(loops="observe"))).samples
    assert (sample.outcome, sample.status) == ("looped", "closed")


def test_pieces_cut_an_answer_where_its_tokens_end(tmp_path: Path) -> None:
    (sample,) = drawn(tmp_path, Plan(suite("Q1"), Asking())).samples
    assert sample.pieces is not None
    assert sample.generated - len(sample.pieces) == 0
    assert sample.cut(len("x\none")) == ("one", "")  # a byte is a token, a tag one, too
    assert sample.cut(10**6) == (sample.thoughts, sample.text)


def test_several_chains_have_no_pieces(tmp_path: Path) -> None:
    asking = Asking("vote", options={"n": 3})
    (sample,) = drawn(tmp_path, Plan(suite("Q7"), asking), engine(sampling=Sampling())).samples
    assert sample.chains > 1
    assert sample.pieces is None


def test_each_sample_has_a_seed_of_its_own_and_a_run_in_pieces_is_the_whole_run(tmp_path: Path) -> None:
    plan = Plan(suite("Q1", "Q7"), Asking(), seed=3, k=12)
    whole = drawn(tmp_path / "whole", plan)
    finals = Counter(each.final for each in whole.samples if each.item == "Q7")
    assert set(finals) == {"\\boxed{7}", "\\boxed{8}"}
    assert len({each.seed for each in whole.samples}) == 24
    assert all(each.seed == seed_of(3, each.item, each.sample) for each in whole.samples)

    drawn(tmp_path / "parts", Plan(suite("Q7"), Asking(), seed=3, k=2), parallel=1)
    with pytest.raises(MullError, match="data"):
        drawn(tmp_path / "parts", plan)  # other questions are another suite

    class Stop(Exception):
        pass

    def stop_at(count: int) -> Any:
        seen: list[Sample] = []

        def hear(sample: Sample) -> None:
            seen.append(sample)
            if len(seen) == count:
                raise Stop

        return hear

    for count in (1, 5, 9):
        with pytest.raises(Stop):
            drawn(tmp_path / "stopped", plan, parallel=3, seen=stop_at(count))
    kept, paid = len(Run.read(tmp_path / "stopped").samples), list[Sample]()
    assert kept >= 1 + 5 + 9
    parts = drawn(tmp_path / "stopped", plan, seen=paid.append)
    assert parts.table() == whole.table()
    assert len((tmp_path / "stopped" / SAMPLES).read_bytes().splitlines()) == 24
    assert len(paid) == 24 - kept


def test_more_samples_and_more_questions_go_on_in_the_same_folder(tmp_path: Path) -> None:
    groups = [Item(f"Q{i}", f"Q{i}", "2", group="g") for i in (1, 2, 3)]
    whole = Suite.of(About("sums", "sums", "made up", "none"), "1", groups)
    paid: list[Sample] = []
    drawn(tmp_path, Plan(whole.first(1), Asking(), k=1), seen=paid.append)
    drawn(tmp_path, Plan(whole.first(2), Asking(), k=3), seen=paid.append)
    last = drawn(tmp_path, Plan(whole.first(1), Asking(), k=1), seen=paid.append)
    assert [each.key for each in last.samples] == [(f"Q{i}", n) for i in (1, 2) for n in range(3)]
    assert (len(paid), last.left, last.manifest.k) == (6, 0, 3)


def test_another_configuration_in_the_folder_is_refused_with_what_differs(tmp_path: Path) -> None:
    drawn(tmp_path, Plan(suite("Q1"), Asking()))
    before = (tmp_path / SAMPLES).read_bytes()
    for other, told in (
        (Plan(suite("Q1"), Asking(), seed=1), "seed: 0, not 1"),
        (Plan(suite("Q1"), Asking(budget=Budget(tokens=99))), "cap: None, not 99"),
        (Plan(suite("Q1"), Asking(line=Line(thinking=40))), "line.thinking"),
        (Plan(suite("Q1"), Asking(claims="rescue")), "claims"),
        (Plan(suite("Q1", prompt="{question}!"), Asking()), "prompt"),
    ):
        with pytest.raises(MullError, match=told):
            drawn(tmp_path, other)
    with pytest.raises(MullError, match="model"):
        drawn(tmp_path, Plan(suite("Q1"), Asking()), scripted({"Q1": "no"}, context=400))
    assert (tmp_path / SAMPLES).read_bytes() == before


def test_two_runs_do_not_write_into_one_folder(tmp_path: Path) -> None:
    def second(log: Log) -> None:
        with pytest.raises(MullError, match="is writing here"):
            Log(tmp_path, log.manifest, [])

    drawn(tmp_path, Plan(suite("Q1"), Asking()), begun=second)


def test_a_torn_line_is_taken_off_and_drawn_again(tmp_path: Path) -> None:
    plan = Plan(suite("Q1", "Q2"), Asking())
    whole = drawn(tmp_path, plan)
    path = tmp_path / SAMPLES
    path.write_bytes(path.read_bytes()[:-40])
    paid: list[Sample] = []
    assert drawn(tmp_path, plan, seen=paid.append).table() == whole.table()
    assert len(paid) == 1


def test_what_cannot_be_asked_is_an_error_and_tried_again(tmp_path: Path) -> None:
    long = Suite.of(
        About("s", "s", "made up", "none"), "1", [Item("long", "x" * 500, "4"), Item("Q1", "Q1", "2")]
    )
    for _ in range(2):
        done = drawn(tmp_path, Plan(long, Asking()))
        failed, right = done.samples
        assert (failed.outcome, right.outcome, done.left) == ("error", "right", 1)
        assert "context" in (failed.error or "")


def test_questions_that_must_not_be_copied_are_not_in_the_folder(tmp_path: Path) -> None:
    done = drawn(tmp_path, Plan(suite("Q1", "Q2", shown=False), Asking()))
    assert [item.question for item in done.items.values()] == ["", ""]


def test_samples_that_would_all_be_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MullError, match="temperature"):
        drawn(tmp_path, Plan(suite("Q1"), Asking(), k=2), engine(sampling=Sampling(temperature=0)))


def test_when_no_server_answers_any_more_the_run_stops_and_goes_on_later(tmp_path: Path) -> None:
    plan = Plan(suite("Q1", "Q2", "Q3"), Asking(), k=4)
    gone = engine()
    think, asked = gone.think, itertools.count()

    async def fails(*given: Any) -> Event:
        if next(asked) >= 5:
            raise Unreachable("no server answers.")
        return await think(*given)

    gone.think = fails  # type: ignore[method-assign]
    with pytest.raises(Unreachable, match="no server answers"):
        drawn(tmp_path, plan, gone, parallel=2)
    kept = Run.read(tmp_path)
    assert 0 < len(kept.samples) < 12
    assert {each.outcome for each in kept.samples} <= {"right", "wrong", "no answer"}
    assert drawn(tmp_path, plan).left == 0


def test_a_defect_that_one_answer_meets_is_an_error_of_that_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("mull.bench.run.judge", lambda _: fails)
    (sample,) = drawn(tmp_path, Plan(suite("Q1"), Asking())).samples
    assert (sample.outcome, sample.error) == ("error", "ZeroDivisionError: by zero")
