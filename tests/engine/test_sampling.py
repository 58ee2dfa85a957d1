"""Sampling against transformers' own logits processors, and against the distribution it promises."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.generation.logits_process import (
    LogitsProcessorList,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from mull.engine import Sampling
from mull.engine.chain import Chain
from mull.engine.choose import Choice, library
from mull.engine.sampling import LIKELIEST, chances, choose, confidence, logprobs, mix, uniform
from mull.errors import MullError
from mull.runner.base import Floats
from tests.engine.conftest import GREEDY, HashRunner, make, run


def logits_of(seed: int, rows: int = 1, vocabulary: int = 200, scale: float = 2.0) -> Floats:
    return np.random.default_rng(seed).normal(scale=scale, size=(rows, vocabulary)).astype(np.float32)


def allowed_by_transformers(logits: Floats, sampling: Sampling) -> torch.Tensor:
    """Probabilities `[rows, vocabulary]` after transformers' filters, in its order."""
    steps = LogitsProcessorList([TemperatureLogitsWarper(sampling.temperature)])
    if sampling.top_k:
        steps.append(TopKLogitsWarper(sampling.top_k))
    if sampling.top_p < 1:
        steps.append(TopPLogitsWarper(sampling.top_p))
    if sampling.min_p:
        steps.append(MinPLogitsWarper(sampling.min_p))
    return steps(torch.zeros(len(logits), 1, dtype=torch.long), torch.tensor(logits)).softmax(-1)


settings_to_try = st.builds(
    Sampling,
    temperature=st.sampled_from([0.3, 0.7, 1.0, 1.7]),
    top_k=st.sampled_from([0, 1, 5, 20, 500]),
    top_p=st.sampled_from([1.0, 0.95, 0.8, 0.3]),
    min_p=st.sampled_from([0.0, 0.05, 0.3]),
)


@settings(max_examples=100)
@given(settings_to_try, st.integers(0, 10**6), st.sampled_from([3, 60, 200, 700]))
def test_draws_follow_the_distribution_transformers_would_draw_from(
    sampling: Sampling, seed: int, vocabulary: int
) -> None:
    logits = logits_of(seed, vocabulary=vocabulary)
    expected = allowed_by_transformers(logits, sampling)[0].numpy()
    draws = 400
    uniforms = (np.arange(draws) + 0.5) / draws  # a grid: frequencies are exact up to its spacing
    ids = choose(np.repeat(logits, draws, 0), sampling.distribution, uniforms)
    frequencies = np.bincount(ids, minlength=vocabulary) / draws
    assert np.abs(frequencies - expected).max() < 1.5 / draws + 1e-3


@settings(max_examples=50)
@given(settings_to_try, st.integers(0, 10**6), st.integers(2, 40))
def test_a_rows_choice_depends_on_that_row_alone(sampling: Sampling, seed: int, rows: int) -> None:
    logits = logits_of(seed, rows, 300)
    uniforms = np.random.default_rng(seed + 1).random(rows)
    together = choose(logits, sampling.distribution, uniforms)
    single = [choose(logits[i : i + 1], sampling.distribution, uniforms[i : i + 1])[0] for i in range(rows)]
    assert together.tolist() == single


@pytest.mark.skipif(library() is None, reason="the CPU runner was not compiled here")
@settings(max_examples=150)
@given(
    st.lists(st.tuples(settings_to_try | st.just(GREEDY), st.booleans()), min_size=1, max_size=6),
    st.integers(0, 2**63),
    st.sampled_from([1, 3, 60, 646, 3000]),
    st.sampled_from(["apart", "tied", "equal", "forbidden", "nothing"]),
    st.booleans(),
)
def test_c_makes_the_choices_of_numpy(
    wishes: list[tuple[Sampling, bool]], seed: int, vocabulary: int, kind: str, adjust: bool
) -> None:
    engine, draw = make(), np.random.default_rng(seed)
    chains = [
        Chain(engine, [1] * (1 + seed % 50), mix(seed, row), sampling, track_confidence=track)
        for row, (sampling, track) in enumerate(wishes)
    ]
    own = logits_of(seed, len(chains), vocabulary, scale=float(draw.choice([0.1, 2.0, 20.0])))
    adjusted = own.copy() if adjust else own
    if kind == "tied":
        adjusted[:] = np.round(adjusted)
    elif kind == "equal":
        adjusted[:] = 3.0
    elif kind == "forbidden":
        adjusted[draw.random(adjusted.shape) < 0.5] = -np.inf
    elif kind == "nothing" and adjust:
        adjusted[:] = -np.inf
    in_c, in_numpy = Choice(chains, vocabulary, library()), Choice(chains, vocabulary, None)
    with np.errstate(invalid="ignore"):  # a row of nothing but -inf
        for choice in (in_c, in_numpy):
            choice.make(own, adjusted)
    assert in_c.ids.tolist() == in_numpy.ids.tolist()
    np.testing.assert_allclose(in_c.logprobs, in_numpy.logprobs, atol=3e-5)
    np.testing.assert_allclose(in_c.confidences, in_numpy.confidences, atol=1e-4, rtol=1e-5)


@given(st.integers(0, 10**6), st.sampled_from([0.01, 0.5, 1.0, 3.0]))
def test_chances_are_those_of_the_exponential(seed: int, temperature: float) -> None:
    logits = logits_of(seed, 2, 300)
    exact = np.exp((logits.astype(np.float64) - logits.max(1, keepdims=True)) / temperature) * LIKELIEST
    np.testing.assert_allclose(chances(logits, temperature), exact, rtol=1e-5, atol=0.6)


def test_greedy_is_the_argmax() -> None:
    logits = logits_of(3, 5)
    assert choose(logits, GREEDY.distribution, np.zeros(5)).tolist() == logits.argmax(1).tolist()


def test_a_flat_distribution_is_cut_at_its_mass_in_the_order_of_ids() -> None:
    logits = np.zeros((1, 1000), np.float32)
    picked = choose(np.repeat(logits, 500, 0), (1.0, 0, 0.5, 0.0), (np.arange(500) + 0.5) / 500)
    assert sorted(set(picked.tolist())) == list(range(500))


def test_logprobs_and_confidence_match_torch() -> None:
    logits = logits_of(5, 7)
    ids = np.arange(7) * 3
    wanted = torch.tensor(logits).log_softmax(-1)
    assert logprobs(logits, ids) == pytest.approx(wanted[range(7), ids.tolist()].numpy(), abs=1e-5)
    top = -wanted.topk(20).values.mean(-1)
    assert confidence(logits) == pytest.approx(top.numpy(), abs=1e-5)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**20))
def test_random_numbers_are_numbers_of_stream_and_position(stream: int, position: int) -> None:
    number = uniform(stream, position)
    assert 0 <= number < 1
    assert number == uniform(stream, position)


def test_random_numbers_are_uniform_and_uncorrelated() -> None:
    grid = np.array([[uniform(stream, position) for position in range(200)] for stream in range(200)])
    assert abs(grid.mean() - 0.5) < 0.01
    assert np.histogram(grid, 20, (0, 1))[0].max() < 40_000 / 20 * 1.1
    assert abs(np.corrcoef(grid[:-1].ravel(), grid[1:].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(grid[:, :-1].ravel(), grid[:, 1:].ravel())[0, 1]) < 0.02


def test_repetition_penalty_is_that_of_transformers() -> None:
    prompt = [5, 9, 9, 200, 31]
    sampling = Sampling(temperature=0, repetition_penalty=1.7)

    async def program() -> list[int]:
        async with make().open(prompt, sampling=sampling) as chain:
            await chain.think(30)
            return chain.new_ids

    ids = list(prompt)
    penalty = RepetitionPenaltyLogitsProcessor(1.7)
    for _ in range(30):
        scores = torch.tensor(HashRunner().logits(ids))[None]
        ids.append(int(penalty(torch.tensor([ids]), scores).argmax()))
    assert run(program()) == ids[len(prompt) :]


def test_bias_forbids_and_favours() -> None:
    async def program(bias: dict[int, float]) -> list[int]:
        async with make().open([1], sampling=Sampling(temperature=0, bias=bias)) as chain:
            await chain.think(20)
            return chain.new_ids

    free = run(program({}))
    banned = run(program(dict.fromkeys(free, -math.inf)))
    assert not set(free) & set(banned)
    assert run(program({77: 100.0})) == [77] * 20


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": -0.1},
        {"temperature": math.nan},
        {"top_p": 0.0},
        {"top_p": 1.1},
        {"top_k": -1},
        {"min_p": 2.0},
        {"repetition_penalty": 0.0},
        {"top_k": 1 << 70},
        {"stop": ("",)},
        {"stop": "END"},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(MullError, match=next(iter(wrong))):
        Sampling(**wrong)  # type: ignore[arg-type]
    with pytest.raises(MullError, match=next(iter(wrong))):
        Sampling.of_json(wrong)


@given(
    st.builds(
        Sampling,
        temperature=st.floats(0, 100),
        top_k=st.integers(0, 50),
        top_p=st.floats(0.01, 1),
        min_p=st.floats(0, 1),
        repetition_penalty=st.floats(0.1, 10),
        stop=st.lists(st.text(min_size=1), max_size=2).map(tuple),
        stop_ids=st.none() | st.frozensets(st.integers(0, 99), max_size=3),
        bias=st.dictionaries(st.integers(0, 99), st.floats(max_value=50, allow_nan=False), max_size=3),
    )
)
def test_settings_go_through_json_and_back(sampling: Sampling) -> None:
    text = json.dumps(sampling.json(), allow_nan=False)
    assert Sampling.of_json(json.loads(text)) == sampling


@pytest.mark.parametrize("plain", [{"heat": 1}, {"bias": 3}, {"bias": {"x": 1}}, {"top_k": "many"}])
def test_what_are_no_settings_is_refused(plain: dict[str, Any]) -> None:
    with pytest.raises(MullError, match="no settings"):
        Sampling.of_json(plain)
