"""The stream: what is learned, what is masked, and that it continues where it was."""

from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from mull import tasks
from mull.model.chat import Message, render
from mull.model.formats import Tagged
from mull.model.tokenizer import Tokenizer as OurTokenizer
from mull.tasks import Segment
from mull.train.data import Mix, Sample, Stream, by_length, encode, forced

MIX = Mix(families=(("addition", 1.0), ("equations", 1.0)), levels=((1, 1.0),))


def text(tokenizer: Tokenizer, ids: list[int]) -> str:
    return tokenizer.decode(ids, skip_special_tokens=False)


def learned(tokenizer: Tokenizer, sample: Sample) -> str:
    return text(tokenizer, [token for token, learn in zip(sample.ids, sample.learn, strict=True) if learn])


@pytest.mark.parametrize("family", tasks.names())
def test_the_prompt_is_the_one_that_chat_renders(tokenizer: Tokenizer, family: str) -> None:
    import json

    ours = OurTokenizer(json.loads(tokenizer.to_str()))
    for index in range(20):
        problem = tasks.get(family).problem("train", 1, index)
        sample = encode(tokenizer, problem, [Segment("thoughts")])
        prompt = render([Message("user", problem.question)], ours, format=Tagged())
        assert sample.ids[: len(prompt)] == prompt
        assert learned(tokenizer, sample) == f"thoughts\n</think>\n\n{tasks.final(problem)}<|im_end|>"


def test_no_loss_on_planted_mistakes(tokenizer: Tokenizer) -> None:
    family = tasks.get("equations")
    planted = 0
    for index in range(60):
        problem = family.problem("train", 1, index)
        thoughts = family.trace(problem, Random(index), slips=1.0)
        sample = encode(tokenizer, problem, thoughts)
        planted += any(not part.learn for part in thoughts)
        wanted = "".join(part.text for part in thoughts if part.learn)
        assert learned(tokenizer, sample) == f"{wanted}\n</think>\n\n{tasks.final(problem)}<|im_end|>"
    assert planted > 20


@pytest.mark.parametrize("keep", [0, 1, 7])
def test_cut_thoughts_teach_only_the_answer(tokenizer: Tokenizer, keep: int) -> None:
    problem = tasks.get("addition").problem("train", 1, 3)
    thoughts = tasks.get("addition").trace(problem, Random(0))
    whole = encode(tokenizer, problem, thoughts)
    think, close = tokenizer.token_to_id("<think>"), tokenizer.token_to_id("</think>")
    sample = forced(whole, think, close, keep)
    kept = text(tokenizer, whole.ids[whole.ids.index(think) + 2 :][:keep])
    end = f"<think>\n{kept}\n</think>\n\n{tasks.final(problem)}<|im_end|>"
    assert text(tokenizer, sample.ids).endswith(end)
    assert learned(tokenizer, sample) == f"{tasks.final(problem)}<|im_end|>"


def test_batches_fill_the_budget_and_are_padded_behind(tokenizer: Tokenizer) -> None:
    stream = Stream(tokenizer, MIX, seed=3)
    for _ in range(5):
        batch = stream.next(longest=128, tokens=1024)
        assert batch.ids.numel() <= 1024
        assert batch.ids.shape[1] <= 128
        assert batch.tokens == int((batch.ids != 0).sum())
        assert not batch.learn[batch.ids == 0].any()


@given(st.lists(st.integers(1, 90)), st.integers(1, 200))
def test_batches_by_length_hold_everything_once(lengths: list[int], tokens: int) -> None:
    found = by_length(lengths, lambda length: length, tokens)
    assert sorted(length for batch in found for length in batch) == sorted(lengths)
    assert all(len(batch) * max(batch) <= tokens or len(batch) == 1 for batch in found)


def test_a_batch_is_never_empty(tokenizer: Tokenizer) -> None:
    with pytest.raises(ValueError, match="at most 3 tokens"):
        Stream(tokenizer, MIX, seed=0).next(longest=3, tokens=1024)


def test_a_restored_stream_continues(tokenizer: Tokenizer) -> None:
    whole = Stream(tokenizer, MIX, seed=1)
    shapes = [(96, 8192), (200, 16384)]
    batches = [whole.next(*shapes[step >= 10]) for step in range(30)]
    first = Stream(tokenizer, MIX, seed=1)
    for step in range(17):
        first.next(*shapes[step >= 10])
    second = Stream(tokenizer, MIX, seed=99)
    second._seed = 1
    second.restore(first.state)
    for step in range(17, 30):
        assert torch.equal(second.next(*shapes[1]).ids, batches[step].ids)


def test_seeds_and_pools_differ(tokenizer: Tokenizer) -> None:
    questions = set()
    for seed in (0, 1):
        stream = Stream(tokenizer, MIX, seed)
        batch = stream.next(128, 1024)
        questions |= {text(tokenizer, row.tolist()) for row in batch.ids}
    assert len(questions) > 10
