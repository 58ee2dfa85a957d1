"""/v1/completions: prompts in, what the model writes behind them out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mull
from mull import embedded as embedded_model
from mull.engine import LocalEngine, Sampling
from mull.engine.scripted import END, scripted
from tests.serve.house import House, house

PATH = "/v1/completions"


@pytest.fixture(scope="module")
def words() -> Iterator[House]:
    with house(scripted({"one": " two three", "中": "文字😀 ends it"})) as made:
        yield made


@pytest.fixture(scope="module")
def engine() -> LocalEngine:
    return mull.load(threads=1)


@pytest.fixture(scope="module")
def embedded(engine: LocalEngine) -> Iterator[House]:
    with house(engine) as made:
        yield made


def streamed(served: House, body: dict[str, Any]) -> dict[str, Any]:
    """A stream put together again as if it had come in one piece."""
    whole: dict[int, dict[str, Any]] = {}
    for event in served.post(PATH, {**body, "stream": True}).events[:-1]:
        for choice in event["choices"]:
            one = whole.setdefault(
                choice["index"], {"text": "", "token_ids": [], "tokens": [], "offsets": []}
            )
            one["text"] += choice["text"]
            one["token_ids"] += choice.get("token_ids", [])
            one["tokens"] += (choice["logprobs"] or {}).get("tokens", [])
            one["offsets"] += (choice["logprobs"] or {}).get("text_offset", [])
            one |= {"finish_reason": choice["finish_reason"], "stop_reason": choice["stop_reason"]}
    return whole[0]


def test_text_and_ids_go_on_alike(words: House) -> None:
    text = words.post(PATH, {"prompt": "one", "max_tokens": 99}).json
    ids = words.post(PATH, {"prompt": list(b"one"), "max_tokens": 99}).json
    assert text["object"] == "text_completion"
    assert text["choices"] == ids["choices"]
    assert text["choices"][0]["text"] == " two three"
    assert text["choices"][0]["finish_reason"] == "stop"
    assert text["usage"]["prompt_tokens"] == 3
    assert text["usage"]["completion_tokens"] == len(" two three") + 1  # and the end


def test_sixteen_tokens_are_usual_and_none_are_possible(words: House) -> None:
    assert words.post(PATH, {"prompt": "one", "max_tokens": 4}).json["choices"][0]["text"] == " two"
    cut = words.post(PATH, {"prompt": "one", "max_tokens": 0, "echo": True}).json["choices"][0]
    assert (cut["text"], cut["finish_reason"]) == ("one", "length")
    assert words.post(PATH, {"prompt": "中"}).json["usage"]["completion_tokens"] == 16


def test_prompts_and_samples_are_numbered_in_order(words: House) -> None:
    body = {"prompt": ["one", list("中".encode())], "n": 2, "max_tokens": 99}
    choices = words.post(PATH, body).json["choices"]
    assert [c["index"] for c in choices] == [0, 1, 2, 3]
    assert [c["text"] for c in choices] == [" two three"] * 2 + ["文字😀 ends it"] * 2


@pytest.mark.parametrize("stop", [None, "thr", ["w", "zzz"], ["x" * 40], ["文字😀 e"]])
@pytest.mark.parametrize("prompt", ["one", "中"])
def test_a_stream_says_what_the_whole_says(words: House, stop: Any, prompt: str) -> None:
    body = {"prompt": prompt, "max_tokens": 99, "stop": stop, "return_token_ids": True, "logprobs": 1}
    (choice,) = words.post(PATH, body).json["choices"]
    parts = streamed(words, body)
    assert parts["text"] == choice["text"]
    assert parts["token_ids"] == choice["token_ids"]
    assert parts["tokens"] == choice["logprobs"]["tokens"]
    assert parts["offsets"] == choice["logprobs"]["text_offset"]
    assert (parts["finish_reason"], parts["stop_reason"]) == (choice["finish_reason"], choice["stop_reason"])


def test_a_stop_string_is_named_and_left_out(words: House) -> None:
    (choice,) = words.post(PATH, {"prompt": "one", "max_tokens": 99, "stop": "thr"}).json["choices"]
    assert (choice["text"], choice["finish_reason"], choice["stop_reason"]) == (" two ", "stop", "thr")


def test_stop_ids_end_it_and_the_end_can_be_ignored(words: House) -> None:
    body = {"prompt": "one", "max_tokens": 13, "return_token_ids": True}
    (choice,) = words.post(PATH, {**body, "stop_token_ids": [ord("h")]}).json["choices"]
    assert choice["token_ids"] == list(b" two th")
    assert choice["text"] == " two t"
    assert choice["stop_reason"] == ord("h")
    (choice,) = words.post(PATH, {**body, "ignore_eos": True}).json["choices"]
    assert choice["token_ids"] == [*b" two three", END, END, END]


def test_tokens_without_a_text_of_their_own_are_named_by_their_bytes(words: House) -> None:
    (choice,) = words.post(PATH, {"prompt": "中", "max_tokens": 3, "logprobs": 0}).json["choices"]
    assert choice["logprobs"]["tokens"] == ["bytes:\\xe6", "bytes:\\x96", "bytes:\\x87"]
    body = {"prompt": "中", "max_tokens": 2, "logprobs": 0, "return_tokens_as_token_ids": True}
    assert words.post(PATH, body).json["choices"][0]["logprobs"]["tokens"] == ["token_id:230", "token_id:150"]


def test_control_tokens_come_from_text_only_where_that_is_asked_for(words: House) -> None:
    body = {"prompt": "<|im_end|>", "max_tokens": 0, "return_token_ids": True}
    assert words.post(PATH, body).json["choices"][0]["prompt_token_ids"] == list(b"<|im_end|>")
    body["parse_special"] = True
    assert words.post(PATH, body).json["choices"][0]["prompt_token_ids"] == [END]


def test_chances_of_a_prompt_are_those_its_tokens_would_have_had(
    embedded: House, engine: LocalEngine
) -> None:
    prompt = engine.tokenizer.scaffold(
        "<|im_start|>user\nWhat is 24 + 13?<|im_end|>\n<|im_start|>assistant\n"
    )
    drawn = embedded.post(PATH, {"prompt": prompt, "max_tokens": 12, "temperature": 0, "logprobs": 3,
                                 "return_token_ids": True}).json["choices"][0]  # fmt: skip
    scored = embedded.post(PATH, {"prompt": [*prompt, *drawn["token_ids"]], "echo": True, "logprobs": 3,
                                  "max_tokens": 0}).json["choices"][0]  # fmt: skip
    logprobs = scored["logprobs"]
    assert logprobs["token_logprobs"][0] is None
    assert logprobs["token_logprobs"][len(prompt) :] == pytest.approx(
        drawn["logprobs"]["token_logprobs"], abs=0.02
    )  # bf16, one row at a time against several
    for name, chance, tops in zip(*(logprobs[k][len(prompt):] for k in
                                    ("tokens", "token_logprobs", "top_logprobs")), strict=True):  # fmt: skip
        assert len(tops) == 3
        assert tops[name] == pytest.approx(chance, abs=1e-4)  # greedy: the drawn one is the likeliest
        assert max(tops.values()) == tops[name]


def test_the_same_seed_draws_the_same(embedded: House) -> None:
    body = {"prompt": "What", "temperature": 1, "max_tokens": 12, "seed": 4}
    one, again = (embedded.post(PATH, body).json["choices"][0]["text"] for _ in range(2))
    other = embedded.post(PATH, {**body, "seed": 5}).json["choices"][0]["text"]
    assert one == again != other


@pytest.mark.parametrize(
    ("fields", "param"),
    [({"prompt": []}, "prompt"), ({"prompt": [[]]}, "prompt.0"), ({"prompt": ""}, "prompt"),
     ({"prompt": [10**9]}, "prompt"), ({"prompt": [-1]}, "prompt.0"), ({"prompt": ["a"] * 129}, "prompt"),
     ({"logprobs": 21}, "logprobs"), ({"n": 129}, "n"), ({"prompt": ["a"] * 64, "n": 3}, "n"),
     ({"best_of": 4}, "best_of"), ({"suffix": "x"}, "suffix"), ({"presence_penalty": 1}, "presence_penalty"),
     ({"repeat_penalty": 1.1, "repetition_penalty": 1.2}, "repeat_penalty"),
     ({"logit_bias": {"99999": 1}}, "logit_bias"), ({"max_tokens": -1}, "max_tokens"),
     ({"prompt": "x" * 70_000}, "prompt")],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_by_name(words: House, fields: dict[str, Any], param: str) -> None:
    reply = words.post(PATH, {"prompt": "one", **fields})
    assert (reply.status, reply.error["param"]) == (400, param)


@pytest.mark.parametrize("strategy", ["think", "vote"])
def test_our_remote_engine_answers_on_it_as_the_local_one_does(embedded: House, strategy: str) -> None:
    remote = mull.connect(
        f"{embedded.url}/v1", model="embedded", tokenizer=Path(embedded_model.__file__).parent
    )
    options: dict[str, Any] = {"n": 3} if strategy == "vote" else {}
    greedy = Sampling(temperature=0)
    there = mull.ask("What is 24 + 13?", engine=remote, strategy=strategy, sampling=greedy, **options)
    local = mull.load(threads=1)
    here = mull.ask("What is 24 + 13?", engine=local, strategy=strategy, sampling=greedy, **options)
    assert (there.text, there.thoughts, there.final) == (here.text, here.thoughts, here.final)
    assert embedded.idle()
