"""Two runs side by side, and when they may not be."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from mull.bench.compare import compare
from mull.bench.record import Run
from mull.bench.statistics import difference
from mull.cli.main import cli
from mull.errors import MullError
from tests.bench.runs import made, printed


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Run, Run]:
    ours = made(tmp_path / "ours", {"a": "rr", "b": "rw", "c": "ww"}, model={"name": "big"})
    return ours, made(tmp_path / "theirs", {"a": "rr", "b": "ww", "c": "wr"}, model={"name": "small"}, cap=9)


def test_the_difference_is_paired(pair: tuple[Run, Run]) -> None:
    found = compare(*pair)
    expected = difference([[1, 1], [1, 0], [0, 0]], [[1, 1], [0, 0], [0, 1]])
    assert found.difference == expected
    assert (found.ours, found.theirs, found.questions) == (0.5, 0.5, 3)
    assert [(flip.item, flip.gap) for flip in found.flips] == [("b", 0.5), ("c", -0.5)]
    assert found.flips[0].answers == ("4", "5")
    assert found.subject == ("model.name: big and small",)
    assert found.settings == ("cap: None and 9",)


def test_samples_are_paired_by_their_numbers(tmp_path: Path) -> None:
    """An error on each side leaves as many samples, but not the same ones."""
    ours = made(tmp_path / "ours", {"a": "erwrw", "b": "rrww"})
    found = compare(ours, made(tmp_path / "theirs", {"a": "rwrwe", "b": "rrww"})).difference
    coins = [[1, 0, 1, 0], [1, 1, 0, 0]]
    assert found == difference(coins, coins, [False, True])
    assert found.spread != difference(coins, coins).spread


def test_turning_it_around_turns_the_sign(pair: tuple[Run, Run], tmp_path: Path) -> None:
    better = made(tmp_path / "better", {"a": "rr", "b": "rr", "c": "rw"})
    one, other = compare(better, pair[1]), compare(pair[1], better)
    assert one.difference.value == pytest.approx(-other.difference.value)
    low, high = other.difference.like_these
    assert one.difference.like_these == pytest.approx((-high, -low))
    assert one.difference.chance == other.difference.chance


@pytest.mark.parametrize(
    "changes", [{"data": "e" * 64}, {"grader": 2}, {"judge": "tasks"}], ids=["data", "grader", "judge"]
)
def test_what_says_nothing_is_refused(
    pair: tuple[Run, Run], tmp_path: Path, changes: dict[str, object]
) -> None:
    other = made(tmp_path / "other", {"a": "rr"}, **changes)
    with pytest.raises(MullError, match="cannot be compared"):
        compare(pair[0], other)
    found = compare(pair[0], other, anyway=True)
    assert found.settings
    assert (found.questions, found.only) == (1, (2, 0))


def test_nothing_in_common(pair: tuple[Run, Run], tmp_path: Path) -> None:
    with pytest.raises(MullError, match="in common"):
        compare(pair[0], made(tmp_path / "other", {"x": "r"}))


def test_the_command(pair: tuple[Run, Run]) -> None:
    folders = [str(run.folder) for run in pair]
    said = CliRunner().invoke(cli, ["bench", "compare", *folders, "--points", "5"])
    assert said.exit_code == 0, said.output
    for words in (
        "compared   model.name",
        "warning    cap: None and 9",
        "1 better, 1 worse, 1 the same",
        "5 points",
    ):
        assert words in said.output
    plain = printed(CliRunner().invoke(cli, ["bench", "compare", *folders, "--json"]).output)
    assert plain["difference"] == 0
    assert [flip["item"] for flip in plain["flips"]] == ["b", "c"]


def test_hostile_answers_do_not_reach_the_terminal(tmp_path: Path) -> None:
    from tests.bench.runs import one, write

    run = made(tmp_path / "plain", {"a": "w"})
    items = list(run.items.values())
    write(tmp_path / "bad", items, [one("a", 0, "r", final="\x1b[2J" + "9" * 50)])
    said = CliRunner().invoke(cli, ["bench", "compare", str(tmp_path / "bad"), str(tmp_path / "plain")])
    assert said.exit_code == 0, said.output
    assert "\x1b" not in said.output
