"""What one piece of a reply says, in every dialect."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mull.engine.remote.wire import Drawn, Ids, drawn
from mull.engine.scripted import tokenizer

TOKENIZER = tokenizer()
A, B = 97, 98


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=8))
def test_a_text_stays_itself_however_it_comes(parts: list[str]) -> None:
    ids = [one.token for part in parts for one in drawn({"text": part}, "text", TOKENIZER)]
    assert TOKENIZER.decode(ids) == "".join(parts)


def test_a_control_token_in_a_text_is_the_token() -> None:
    ids = [one.token for one in drawn({"text": "a</think>"}, "text", TOKENIZER)]
    assert ids == [A, TOKENIZER.control["</think>"]]


NAMED = {
    "tokens": ["token_id:97", "token_id:98"],
    "token_logprobs": [-0.5, None],
    "top_logprobs": [{"token_id:97": -0.5}, None],
}
CONTENT = {"content": [{"id": 97, "token": "a", "logprob": -0.5}, {"id": 98, "token": "b", "logprob": None}]}
TEXTS = {"tokens": ["a", "b"], "token_logprobs": [-0.5, None], "top_logprobs": None}


@pytest.mark.parametrize(
    ("ids", "choice"),
    [
        ("names", {"text": "ab", "logprobs": NAMED}),
        ("token_ids", {"text": "ab", "token_ids": [97, 98], "logprobs": TEXTS}),
        ("logprobs", {"text": "ab", "logprobs": CONTENT}),
        ("text", {"text": "ab", "logprobs": TEXTS}),
    ],
)
def test_ids_and_chances_in_each_dialect(ids: Ids, choice: dict[str, Any]) -> None:
    one, other = drawn(choice, ids, TOKENIZER)
    assert (one.token, other.token) == (A, B)
    assert one.logprob == -0.5
    assert math.isnan(other.logprob)
    assert math.isnan(one.confidence)


def test_chances_that_fit_no_tokens_are_left_out() -> None:
    found = drawn({"text": "abc", "logprobs": TEXTS}, "text", TOKENIZER)
    assert [one.token for one in found] == [97, 98, 99]
    assert all(math.isnan(one.logprob) for one in found)


def test_the_confidence_is_made_of_twenty() -> None:
    likeliest = {f"t{n}": -float(n) for n in range(21)}
    told = {"tokens": ["token_id:97"], "token_logprobs": [0.0], "top_logprobs": [likeliest]}
    (one,) = drawn({"logprobs": told}, "names", TOKENIZER)
    assert one.confidence == pytest.approx(sum(range(20)) / 20)


@pytest.mark.parametrize(
    ("ids", "choice"),
    [
        ("token_ids", {"token_ids": ["97"]}),
        ("token_ids", {"token_ids": [-1]}),
        ("names", {"logprobs": {"tokens": ["a"], "token_logprobs": [0.0]}}),
        ("logprobs", {"logprobs": {"content": [{"token": "a"}]}}),
    ],
)
def test_what_makes_no_sense(ids: Ids, choice: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no token ids"):
        drawn(choice, ids, TOKENIZER)


def test_nothing_is_nothing() -> None:
    for ids in ("names", "token_ids", "logprobs", "text"):
        assert drawn({"text": "", "finish_reason": "stop"}, ids, TOKENIZER) == []
    assert Drawn(1).token == 1
