"""Every runner computes transformers' network: logits within 1e-4 at float32, equal greedy tokens."""

from __future__ import annotations

import numpy as np
import pytest

from tests.runner.oracle import (
    SHAPES,
    Piece,
    checkpoint,
    expected,
    expected_greedy,
    logits_of,
    rows_of,
    tokens_for,
)
from tests.runner.runners import FLOAT32, Make

TABLE = [7, 3, 12, 0, 9, 4, 10, 1, 15]  # 144 positions, pages in no order


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("make", FLOAT32, ids=str)
def test_logits(make: Make, shape: str) -> None:
    tokens = tokens_for(shape, 140)
    runner = make(checkpoint(shape), pages=16)
    logits = logits_of(runner, TABLE, tokens)
    assert logits.dtype == np.float32
    assert np.abs(logits - expected(shape, tokens)).max() <= 1e-4
    runner.close()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("make", FLOAT32, ids=str)
def test_greedy_tokens(make: Make, shape: str) -> None:
    prompt = tokens_for(shape, 12, seed=1)
    runner = make(checkpoint(shape), pages=16)
    logits = runner.step(rows_of([Piece(TABLE, 0, prompt, [len(prompt) - 1])]))
    out = [int(logits[0].argmax())]
    while len(out) < 128:
        logits = runner.step(rows_of([Piece(TABLE, len(prompt) + len(out) - 1, out[-1:], [0])]))
        out.append(int(logits[0].argmax()))
    assert out == expected_greedy(shape, tuple(prompt), 128)
    runner.close()
