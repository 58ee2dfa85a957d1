"""The comparison of two manifests: its intervals keep what they promise, and it says what differed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mull.bench.statistics import wilson
from mull.train.evaluate import Score
from mull.train.manifest import Manifest, ManifestError, Stage
from mull.train.verdict import compare, mean

STAGE = Stage("supervised", {"seed": 0, "tokens": 1000}, 10, 1000, 60.0, "abcd", "loss", [(1000, 0.5)])
BASE = Manifest(
    created="2026-01-01 00:00",
    commit="abc",
    packages={"python": "3.11.7", "torch": "2.13.0"},
    machine={"processor": "one", "cores": 2},
    seeds={"tasks": 1, "supervised": 0},
    hashes=dict.fromkeys(("weights", "tokenizer", "scorer", "tasks", "problems"), "0" * 64),
    stages=[STAGE],
    evaluation={"limit": 640},
    scores=[],
)


def score(family: str, level: int, right: int, count: int = 100) -> Score:
    return Score(family, level, count, right, (0, 0), 50.0, 0, 0)


def manifest(*scores: Score, **changes: object) -> Manifest:
    return replace(BASE, scores=list(scores), **changes)  # type: ignore[arg-type]


def test_one_level_is_newcombes_interval() -> None:
    """Newcombe 1998, method 10, table II, row (a): 56/70 - 48/80 has 0.0524 to 0.3339."""
    (row,) = compare(manifest(score("a", 1, 56, 70)), manifest(score("a", 1, 48, 80))).rows
    assert row.difference == pytest.approx((0.0524, 0.3339), abs=2e-4)
    assert row.outcome == "higher"


def test_the_mean_of_one_is_wilsons_interval() -> None:
    assert mean([score("a", 1, 90)]) == (0.9, pytest.approx(wilson(90, 100)))


@given(rights=st.lists(st.integers(0, 50), min_size=1, max_size=5))
def test_a_mean_lies_within_its_interval(rights: list[int]) -> None:
    centre, (low, high) = mean([score("a", level, right, 50) for level, right in enumerate(rights)])
    assert 0 <= low <= centre <= high <= 1
    assert high - low <= max(b - a for a, b in (wilson(right, 50) for right in rights)) + 1e-12


def test_equal_models_are_called_the_same_in_95_percent() -> None:
    """Six families, three levels, accuracies as ours: how often is an equal model called different?"""
    draw = np.random.default_rng(0)
    shares = draw.uniform(0.2, 1.0, (6, 3))

    def measured() -> Manifest:
        rights = draw.binomial(100, shares)
        return manifest(*(score(f"f{i}", j, int(rights[i, j])) for i in range(6) for j in range(3)))

    same = sum(compare(measured(), measured()).same for _ in range(300))
    assert 0.93 <= same / 300 <= 1.0


def test_a_worse_family_is_named_and_everything_that_differed() -> None:
    published = manifest(score("a", 1, 95), score("a", 2, 90), score("b", 1, 50))
    later = replace(STAGE, tokens=500, seconds=30.0, data="efgh")
    mine = manifest(
        *(score("a", 1, 60), score("a", 2, 50), score("b", 1, 45)),
        stages=[later],
        machine={"processor": "two", "cores": 2},
        seeds={"tasks": 1, "supervised": 7},
    )
    found = compare(mine, published)
    assert [row.outcome for row in found.rows] == ["lower", "same"]
    assert not found.same
    assert found.sentence == "Not the same as the published model: a lower."
    table = str(found)
    for fact in (
        "92.5 (88–95)",
        "1,2",
        "minutes: 0.5 here, 1.0 published",
        "tokens: 500 here, 1,000 published",
        "data of supervised: efgh… here, abcd… published",
        "seed of supervised: 7 here, 0 published",
        "processor: two here, one published",
    ):
        assert fact in table
    assert "cores" not in table


def test_only_levels_both_measured_count() -> None:
    found = compare(manifest(score("a", 1, 90), score("a", 2, 0)), manifest(score("a", 1, 90)))
    assert found.rows[0].levels == [1]
    assert found.same
    assert "bit for bit" in str(found)


def test_a_family_on_one_side_only_is_not_the_same() -> None:
    found = compare(manifest(score("a", 1, 90), score("b", 1, 90)), manifest(score("a", 1, 90)))
    assert not found.same
    assert "b on one side only" in found.sentence
    with pytest.raises(ManifestError, match="nothing to compare"):
        compare(manifest(score("a", 1, 90)), manifest(score("b", 1, 90)))
