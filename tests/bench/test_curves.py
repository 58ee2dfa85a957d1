"""Curves: fewer samples, shorter chains, what they cost."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from click.testing import CliRunner

import mull
from mull.bench.curves import Cost, Curve, Cut, Point, by_budget, by_samples, cuttable, usual_budgets
from mull.bench.cuts import forced, so_far
from mull.bench.judge import judge
from mull.bench.record import Item, Run
from mull.bench.statistics import Interval
from mull.bench.summary import Summary
from mull.cli.main import cli
from mull.engine.scripted import scripted
from tests.bench.runs import made, one, printed, write

THOUGHTS = "The answer is 5. No: the answer is 4."


def chain(item: str, number: int, letter: str = "r") -> dict[str, Any]:
    """Ten tokens of thought and four of answer, of three characters or so each."""
    text = "\\boxed{4}"
    whole = THOUGHTS + text
    sizes = [len(whole) // 14] * 13
    return one(
        item, number, letter, thoughts=THOUGHTS, text=text, span=(0, 9), generated=14, seconds=1.4,
        pieces=(*sizes, len(whole) - sum(sizes)),
    )  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return write(tmp_path / "run", [Item("a", "2 + 2?", "4")], [chain("a", 0), chain("a", 1)])


def test_samples_side_by_side(tmp_path: Path) -> None:
    """k samples cost all their tokens, and the seconds of the slowest."""
    summary = Summary.of(made(tmp_path, {"a": "rwrw", "b": "wwww"}))
    curves = {curve.name: curve for curve in by_samples(summary, price=(1e6, 2e6))}
    assert set(curves) == {"maj@k", "pass@k"}
    point = curves["pass@k"].points[1]
    assert point.at == 2
    assert point.value == pytest.approx((1 - 1 / 6) / 2)
    slowest = fmean(max(pair) for pair in combinations([0.5, 1.0, 1.5, 2.0], 2))
    assert point.cost == (pytest.approx(50), pytest.approx(slowest), pytest.approx(2 * (7 + 2 * 25)))


def test_one_sample_is_one_point(tmp_path: Path) -> None:
    [curve] = by_samples(Summary.of(made(tmp_path, {"a": "r", "b": "w"})))
    assert [(point.at, point.value, point.cost.money) for point in curve.points] == [(1, 0.5, None)]
    assert curve.area() is None


def test_chains_cut_short(run: Run) -> None:
    """The longer a chain is read, the later its last answer: none, 5, 4, and the box."""
    curve = by_budget(run, [1, 6, 12, 14, 99], so_far(run, judge("grader")))
    assert [point.value for point in curve.points] == [0, 0, 1, 1, 1]
    assert [point.cost.tokens for point in curve.points] == pytest.approx([1, 6, 12, 14, 14])
    assert curve.points[1].cost.seconds == pytest.approx(0.6)
    assert cuttable(run)
    assert usual_budgets(run) == [14]


def test_what_is_drawn_at_a_cut_is_paid(run: Run) -> None:
    curve = by_budget(run, [7], lambda sample, _: Cut(sample.sample == 0, tokens=3), price=(0, 1e6))
    assert curve.points[0].value == 0.5
    assert curve.points[0].cost.money == pytest.approx(10)


def test_the_area_is_a_mean() -> None:
    def points(costs: Sequence[float], values: Sequence[float]) -> tuple[Point, ...]:
        pairs = zip(costs, values, strict=True)
        return tuple(Point(1, Cost(cost, cost, None), value, Interval(0, 1)) for cost, value in pairs)

    assert Curve("", "", points([1, 10, 100], [0.3, 0.3, 0.3])).area() == pytest.approx(0.3)
    assert Curve("", "", points([1, 10, 1000], [0, 0, 1])).area("seconds") == pytest.approx(1 / 3)


def test_the_model_answers_at_each_cut(tmp_path: Path) -> None:
    """The embedded model, made to answer after no thought at all and after nearly all of it."""
    engine = mull.load()
    question = "What is 17 + 26?"
    answer = mull.ask(question, engine=engine)
    size = len(answer.thoughts) + len(answer.text)
    pieces = (*[1] * (size - 1), 1)
    sample = one("a", 0, "r", thoughts=answer.thoughts, text=answer.text, pieces=pieces, generated=size)
    run = write(tmp_path, [Item("a", question, "43")], [sample], model=dict(engine.model))
    found = forced(run, judge("grader"), engine, {"a": question}, [1, size - 1])
    cut = found(run.samples[0], size - 1)
    assert cut.right
    assert cut.tokens > 0
    with pytest.raises(mull.MullError, match="not in the data"):
        forced(run, judge("grader"), engine, {}, [1])
    other = write(tmp_path / "other", [Item("a", question, "43")], [sample], model={"name": "other"})
    with pytest.raises(mull.MullError, match="name the run's with -m"):
        forced(other, judge("grader"), engine, {"a": question}, [1])
    engine.close()


def test_a_forced_answer_costs_its_closing_words_and_what_is_drawn(tmp_path: Path) -> None:
    """Thoughts and words that the chain had written by the cut are paid already."""
    engine = scripted({"Hm, 4.\n</think>\n\n": "It is 4"})
    thoughts, text = "Hm, 4.", "It is 4"
    sample = one("a", 0, "r", thoughts=thoughts, text=text, pieces=[1] * 13, generated=17)
    run = write(tmp_path, [Item("a", "2 + 2?", "4")], [sample], model=dict(engine.model))
    found = forced(run, judge("grader"), engine, {"a": "2 + 2?"}, [6, 10])
    closing, end = len(engine.tokenizer.scaffold(engine.format.closing)), 1
    assert found(run.samples[0], 6) == Cut(True, closing + len(text) + end)
    assert found(run.samples[0], 10) == Cut(True, len("s 4") + end)
    engine.close()


def test_the_command(run: Run) -> None:
    said = CliRunner().invoke(cli, ["curve", str(run.folder), "--budgets", "6,14"])
    assert said.exit_code == 0, said.output
    assert "pass@k" in said.output
    assert "answered after" in said.output
    lines = CliRunner().invoke(cli, ["curve", str(run.folder), "--json"]).output.splitlines()
    assert [printed(each)["name"] for each in lines] == ["maj@k", "pass@k", "one chain"]
    for bad in (
        ["--by", "money"],
        ["--price", "x"],
        ["--budgets", "a"],
        ["--budgets", "0"],
        ["-o", "curve.gif"],
    ):
        failed = CliRunner().invoke(cli, ["curve", str(run.folder), *bad])
        assert isinstance(failed.exception, mull.MullError), bad


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_pictures(run: Run, tmp_path: Path, ending: str) -> None:
    pytest.importorskip("matplotlib")
    for name in ("one", "two"):
        out = tmp_path / f"{name}.{ending}"
        assert CliRunner().invoke(cli, ["curve", str(run.folder), "-o", str(out)]).exit_code == 0
    assert (tmp_path / f"one.{ending}").read_bytes() == (tmp_path / f"two.{ending}").read_bytes()


def test_several_chains_cannot_be_cut(tmp_path: Path) -> None:
    run = made(tmp_path, {"a": "rr"})
    assert not cuttable(run)
    failed = CliRunner().invoke(cli, ["curve", str(run.folder), "--budgets", "6"])
    assert "several chains" in str(failed.exception)
