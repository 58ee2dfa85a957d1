"""What is said of a run: the numbers, and the table that a person reads."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from mull.bench.piles import piles, same
from mull.bench.record import Sample
from mull.bench.statistics import like_these, these
from mull.bench.summary import Summary
from mull.cli.main import cli
from mull.errors import MullError
from tests.bench.builders import sample
from tests.bench.runs import made, printed


def test_every_question_counts_the_same(tmp_path: Path) -> None:
    run = made(tmp_path, {"a": "rrrr", "b": "w", "c": "rw"})
    whole = Summary.of(run).whole
    assert whole.accuracy == pytest.approx((1 + 0 + 0.5) / 3)
    assert whole.like_these == like_these([1, 0, 0.5], samples=7 / 3)
    assert whole.these is None  # one question has one sample
    assert whole.ks == [1]


def test_intervals_outcomes_and_cost(tmp_path: Path) -> None:
    run = made(tmp_path, {"a": "rrwt", "b": "wlnu", "c": "rrrr"})
    summary = Summary.of(run)
    whole = summary.whole
    assert whole.accuracy == pytest.approx(0.5)
    assert whole.these == these([(2, 4), (0, 4), (4, 4)])
    assert {name: count for name, count in whole.outcomes.items() if count} == {
        "right": 6, "wrong": 2, "no answer": 1, "truncated": 1, "looped": 1, "undecided": 1
    }  # fmt: skip
    assert whole.completed == pytest.approx(6 / 10)
    assert summary.undecided == pytest.approx(1 / 12)
    assert whole.tokens == 25
    assert whole.passed[2].value == pytest.approx((5 / 6 + 0 + 1) / 3)
    assert whole.steady[4].value == pytest.approx(1 / 3)
    assert summary.voted[4].value == pytest.approx(2 / 3)  # a: 4 twice, 5 once; b: no 4; c: all
    assert summary.voted[2].tied > 0


def test_errors_are_no_answers(tmp_path: Path) -> None:
    run = made(tmp_path, {"a": "re", "b": "ww"})
    summary = Summary.of(run)
    assert summary.errors == 1
    assert summary.whole.accuracy == pytest.approx(0.5)
    assert run.left == 1
    with pytest.raises(MullError, match="no answers yet"):
        Summary.of(made(tmp_path / "other", {"a": "e"}))


def test_a_part_for_each_group(tmp_path: Path) -> None:
    run = made(tmp_path, {"a": "rr", "b": "ww", "c": "rw"}, groups={"a": "easy", "b": "hard", "c": "hard"})
    parts = Summary.of(run).parts
    assert [(part.name, part.accuracy) for part in parts] == [("easy", 1.0), ("hard", 0.25)]
    assert Summary.of(made(tmp_path / "other", {"a": "r"}, groups={"a": "all of it"})).parts == ()
    levels = made(tmp_path / "levels", {"a": "r", "b": "w"}, groups={"a": "level 10", "b": "level 2"})
    assert [part.name for part in Summary.of(levels).parts] == ["level 2", "level 10"]


def test_piles_hold_what_says_the_same() -> None:
    samples = [
        sample(number=0, outcome="right", final="1/2"),
        sample(number=1, outcome="right", final="0.5"),
        sample(number=2, outcome="wrong", final="5"),
        sample(number=3, outcome="wrong", final="5.0"),
        sample(number=4, outcome="wrong", final="\\frac{10}{2}"),
        sample(number=5, outcome="truncated", final=None),
        sample(number=6, outcome="wrong", final=" "),
    ]
    assert piles(samples) == ([(2, 1.0), (3, 0.0)], 2)


def test_a_pile_may_be_right_in_part_where_a_scorer_decides() -> None:
    samples = [
        sample(number=0, outcome="right", final="3*8"),
        sample(number=1, outcome="wrong", final="20+4"),
        sample(number=2, outcome="wrong", final="7"),
    ]
    assert piles(samples, merge=False) == ([(2, 0.5), (1, 0.0)], 0)


@given(st.lists(st.sampled_from("rwnt"), min_size=1, max_size=12))
def test_no_sample_is_lost_in_piles(letters: list[str]) -> None:
    known = {"r": ("right", "4"), "w": ("wrong", "5"), "n": ("no answer", None), "t": ("truncated", None)}
    samples: list[Sample] = [
        sample(number=number, outcome=known[letter][0], final=known[letter][1])
        for number, letter in enumerate(letters)
    ]
    found, silent = piles(samples)
    assert sum(votes for votes, _ in found) + silent == len(letters)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("5", "5.0", True),
        ("-1/2", "-0.5", True),
        ("1/0", "1/0", True),
        ("5", "6", False),
        ("x+1", "1+x", True),
    ],
)
def test_same(one: str, other: str, expected: bool) -> None:
    assert same(one, other) is expected


def test_programs_have_no_majority_and_single_samples_no_k(tmp_path: Path) -> None:
    assert Summary.of(made(tmp_path / "a", {"a": "rr"}, judge="code")).voted == {}
    assert Summary.of(made(tmp_path / "b", {"a": "r"})).voted == {}


def test_what_it_takes_to_see_three_points(tmp_path: Path) -> None:
    """Coins have variance 1/4, estimated from two samples; nothing is known where samples never differ."""
    coins = Summary.of(made(tmp_path / "a", {str(number): "rw" for number in range(20)}))
    needed = coins.needed(0.03)
    assert needed is not None
    questions, samples = needed
    assert questions == pytest.approx(2 * 0.5 / 2 * (2.8016 / 0.03) ** 2, rel=1e-3)
    assert samples == pytest.approx(questions * 2 / 20, abs=1)
    assert Summary.of(made(tmp_path / "b", {"a": "rr", "b": "ww"})).needed(0.03) is None


def test_show(tmp_path: Path) -> None:
    made(tmp_path, {"a": "rrwt", "b": "wlnu", "c": "rrre"}, groups={"a": "easy", "b": "hard", "c": "easy"})
    said = CliRunner().invoke(cli, ["bench", "show", str(tmp_path)])
    assert said.exit_code == 0, said.output
    for words in (
        "not complete: samples still to be drawn: 1",
        "left out of all numbers: 1",
        "50.0%",
        "questions like these",
        "maj@k",
        "easy",
        "hard",
    ):
        assert words in said.output
    plain = printed(CliRunner().invoke(cli, ["bench", "show", str(tmp_path), "--json"]).output)
    assert plain["accuracy"] == 0.5
    assert [group["name"] for group in plain["groups"]] == ["easy", "hard"]
    assert plain["outcomes"]["right"] == 5
    assert set(plain["maj@k"]) == {"1", "2", "3"}


def test_nine_of_ten_are_nine(tmp_path: Path) -> None:
    """Samples of 10, 20, ... 100 tokens."""
    made(tmp_path, {"a": "r" * 10})
    said = CliRunner().invoke(cli, ["bench", "show", str(tmp_path)]).output
    assert "nine of ten within 90," in said


def test_published_figures_stand_below(tmp_path: Path) -> None:
    made(tmp_path, {"a": "rw"}, suite="aime24")
    said = CliRunner().invoke(cli, ["bench", "show", str(tmp_path)]).output
    assert "QwQ-32B-Preview          50.0%   33.2–66.8  samples ?" in said
    assert "QwQ-32B                  79.5%              64 samples" in said
