"""What a step promises, whatever the runner: chunking, page order, shared and copied pages, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mull.runner.base import Rows, Runner
from mull.runner.check import InvalidRows
from tests.runner.oracle import Piece, checkpoint, expected, logits_of, rows_of, tokens_for
from tests.runner.runners import FLOAT32, Make

SHAPE = "qwen2-mqa-odd"
CLOSE = {"rtol": 0, "atol": 1e-4}

every_runner = pytest.mark.parametrize("make", FLOAT32, ids=str)


@st.composite
def schedules(draw: st.DrawFn) -> tuple[list[list[int]], list[list[int]], list[list[tuple[int, int]]]]:
    """Chains, their page tables, and steps of (chain, rows) that feed them in chunks of any size."""
    lengths = draw(st.lists(st.integers(1, 50), min_size=1, max_size=4))
    chains = [tokens_for(SHAPE, length, seed=index) for index, length in enumerate(lengths)]
    pages = draw(st.permutations(range(4 * len(lengths))))
    tables = [list(pages[4 * index : 4 * index + 4]) for index in range(len(lengths))]
    left, steps = list(lengths), []
    while any(left):
        alive = [index for index, count in enumerate(left) if count]
        order = draw(st.permutations(alive))
        step = [(index, draw(st.integers(1, left[index]))) for index in order if draw(st.booleans())]
        step = step or [(order[0], left[order[0]])]
        for index, count in step:
            left[index] -= count
        steps.append(step)
    return chains, tables, steps


@every_runner
@given(schedule=schedules())
@settings(max_examples=25, deadline=None)
def test_any_chunking_of_any_chains_gives_the_same_logits(make: Make, schedule: tuple) -> None:
    chains, tables, steps = schedule
    runner = make(checkpoint(SHAPE), pages=16)
    done = [0] * len(chains)
    for step in steps:
        pieces, want = [], []
        for index, count in step:
            tokens = chains[index][done[index] : done[index] + count]
            pieces.append(Piece(tables[index], done[index], tokens, range(count)))
            want.append(expected(SHAPE, chains[index])[done[index] : done[index] + count])
            done[index] += count
        np.testing.assert_allclose(runner.step(rows_of(pieces)), np.concatenate(want), **CLOSE)
    runner.close()


@every_runner
def test_chains_that_share_a_prompt_see_its_pages_and_their_own(make: Make) -> None:
    runner = make(checkpoint(SHAPE), pages=16)
    prompt, tails = tokens_for(SHAPE, 32), [tokens_for(SHAPE, 20, seed=seed) for seed in range(1, 5)]
    runner.step(rows_of([Piece([5, 2], 0, prompt)]))
    tables = [[5, 2, 6 + 2 * index, 7 + 2 * index] for index in range(4)]
    steps = [(0, 3), (3, 17), (17, 18), (18, 20)]
    for lo, hi in steps:
        pieces = [
            Piece(table, 32 + lo, tail[lo:hi], [hi - lo - 1])
            for table, tail in zip(tables, tails, strict=True)
        ]
        logits = runner.step(rows_of(pieces))
        for row, tail in zip(logits, tails, strict=True):
            np.testing.assert_allclose(row, expected(SHAPE, prompt + tail[:hi])[-1], **CLOSE)
    runner.close()


@every_runner
def test_copied_page_is_a_fork(make: Make) -> None:
    """Copy the partial last page, let both sides go on: neither sees the other's tokens."""
    runner = make(checkpoint(SHAPE), pages=4)
    prompt, left, right = (tokens_for(SHAPE, count, seed) for count, seed in ((20, 0), (9, 1), (9, 2)))
    runner.step(rows_of([Piece([0, 1], 0, prompt)]))
    runner.copy_page(1, 3)
    for table, tail in (([0, 1], left), ([0, 3], right)):
        logits = runner.step(rows_of([Piece(table, 20, tail, range(9))]))
        np.testing.assert_allclose(logits, expected(SHAPE, prompt + tail)[20:], **CLOSE)
    runner.close()


@every_runner
def test_pages_are_reused_without_a_trace(make: Make) -> None:
    runner = make(checkpoint(SHAPE), pages=3)
    logits_of(runner, [2, 1, 0], tokens_for(SHAPE, 48, seed=1))
    tokens = tokens_for(SHAPE, 21)
    np.testing.assert_allclose(logits_of(runner, [1, 2], tokens), expected(SHAPE, tokens), **CLOSE)
    runner.close()


@every_runner
def test_only_wanted_rows_and_only_used_pages_count(make: Make) -> None:
    runner = make(checkpoint(SHAPE), pages=3)
    tokens = tokens_for(SHAPE, 18)
    logits = runner.step(rows_of([Piece([0, 2, -9, 1 << 30], 0, tokens, [2, 17])]))
    np.testing.assert_allclose(logits, expected(SHAPE, tokens)[[2, 17]], **CLOSE)
    assert runner.step(rows_of([Piece([1], 0, [3])])).shape == (0, 131)
    assert runner.step(rows_of([])).shape == (0, 131)
    runner.close()


@pytest.fixture(scope="module", params=FLOAT32, ids=str)
def runner(request: pytest.FixtureRequest) -> Runner:
    return request.param(checkpoint(SHAPE), pages=4)


WRONG = {
    r"tokens\[1\] is 131": Piece([0], 0, [5, 131]),
    r"tokens\[0\] is -1": Piece([0], 0, [-1]),
    r"positions\[0\] is 256": Piece([0] * 20, 256, [1]),
    r"positions\[0\] is -2": Piece([0], -2, [1]),
    r"wants\[0\] is 1,": Piece([0], 0, [1], [1]),
    r"wants must be ascending": Piece([0], 0, [1, 2], [1, 0]),
    r"needs page 1 of a table of 1": Piece([0], 15, [1, 2]),
    r"tables\[0, 1\] is page 4": Piece([0, 4], 17, [1]),
    r"tables\[0, 0\] is page -1": Piece([-1, 3], 17, [1]),
}


@pytest.mark.parametrize("message", WRONG)
def test_wrong_values_are_named(runner: Runner, message: str) -> None:
    with pytest.raises(InvalidRows, match=message):
        runner.step(rows_of([WRONG[message]]))


def test_wrong_order_and_chain_are_named(runner: Runner) -> None:
    good = rows_of([Piece([0], 0, [1, 2])])
    falling = Rows(good.tokens, good.positions[::-1].copy(), good.chains, good.tables, good.wants)
    with pytest.raises(InvalidRows, match="ascending position"):
        runner.step(falling)
    stray = Rows(good.tokens, good.positions, np.array([0, 1], np.int32), good.tables, good.wants)
    with pytest.raises(InvalidRows, match=r"chains\[1\] is 1"):
        runner.step(stray)


def test_wrong_layout_is_named(runner: Runner) -> None:
    good = rows_of([Piece([0], 0, [1, 2])])
    with pytest.raises(InvalidRows, match="tokens must be"):
        runner.step(Rows(good.tokens.astype(np.int64), good.positions, good.chains, good.tables, good.wants))
    with pytest.raises(InvalidRows, match="positions must be"):
        runner.step(Rows(good.tokens, np.zeros(4, np.int32)[::2], good.chains, good.tables, good.wants))
    with pytest.raises(InvalidRows, match="differ in length"):
        runner.step(Rows(good.tokens, good.positions[:1], good.chains, good.tables, good.wants))


def test_wrong_pages_are_named(runner: Runner) -> None:
    for src, dst in ((0, 4), (-1, 0)):
        with pytest.raises(InvalidRows, match="there are 4 pages"):
            runner.copy_page(src, dst)
