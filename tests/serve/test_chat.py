"""/v1/chat/completions as clients meet it: fields, order of a stream, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from mull.engine.scripted import asked, scripted
from mull.model.formats import Tagless
from tests.serve.house import House, house

THOUGHTS, ANSWER = "Two and two are four.", "The answer is \\boxed{4}."


def joined(events: list[Any], field: str, index: int = 0) -> str:
    chunks = [c for e in events if e != "[DONE]" for c in e["choices"] if c["index"] == index]
    return "".join(chunk["delta"].get(field, "") for chunk in chunks)


def test_thoughts_come_in_both_fields_and_the_answer_as_content(served: House) -> None:
    body = served.chat(seed=1).json
    (choice,) = body["choices"]
    assert body["object"] == "chat.completion"
    assert body["id"].startswith("chatcmpl-")
    assert choice["message"]["content"] == ANSWER
    assert choice["message"]["reasoning"] == choice["message"]["reasoning_content"] == THOUGHTS
    assert choice["finish_reason"] == "stop"
    assert choice["ext"]["final"] == "4"
    assert choice["ext"]["seed"] == 1


def test_usage_counts_all_that_was_drawn_and_what_of_it_were_thoughts(served: House) -> None:
    usage = served.chat().json["usage"]
    drawn = len("Two and two are four.") + 2 + len(ANSWER) + 1  # tokens are bytes, tags and the end
    assert usage["completion_tokens"] == drawn
    assert usage["completion_tokens_details"]["reasoning_tokens"] == drawn - len(ANSWER)
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_a_stream_has_its_order(served: House) -> None:
    events = served.chat(stream=True, stream_options={"include_usage": True}).events
    assert events[-1] == "[DONE]"
    assert events[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert events[-2]["choices"] == []
    assert events[-2]["usage"]["completion_tokens"] > 0
    kinds = ["content" if "content" in e["choices"][0]["delta"] else "reasoning" for e in events[1:-3]]
    assert kinds == sorted(kinds, reverse=True)  # thoughts before the answer, never both in a chunk
    assert all(not ({"content", "reasoning"} <= set(e["choices"][0]["delta"])) for e in events[1:-3])
    assert events[-3]["choices"][0]["finish_reason"] == "stop"
    assert events[-3]["ext"]["guard"]["answer"] == "given"
    assert len({e["id"] for e in events[:-1]}) == 1


@pytest.mark.parametrize("more", [{}, {"n": 3}, {"strategy": {"name": "vote", "n": 3}}, {"stop": "is"}])
def test_a_stream_says_what_the_whole_says(served: House, more: dict[str, Any]) -> None:
    whole = served.chat(seed=5, **more).json
    events = served.chat(seed=5, stream=True, **more).events
    for choice in whole["choices"]:
        assert joined(events, "content", choice["index"]) == choice["message"]["content"]
        assert joined(events, "reasoning", choice["index"]) == choice["message"]["reasoning"]


def test_three_choices_are_three_seeds() -> None:
    words = {f"<think>{n}</think>\\boxed{{{n}}}": 1.0 for n in range(8)}
    with house(scripted({asked("any"): words})) as served:
        choices = served.chat("any", n=3, seed=2).json["choices"]
        again = [served.chat("any", seed=c["ext"]["seed"]).json["choices"][0] for c in choices]
        assert [c["message"] for c in choices] == [c["message"] for c in again]
        assert len({c["ext"]["seed"] for c in choices}) == 3


@pytest.mark.parametrize(
    ("field", "content", "reasoning", "reasoning_content"),
    [
        ("both", ANSWER, THOUGHTS, THOUGHTS),
        ("reasoning", ANSWER, THOUGHTS, None),
        ("reasoning_content", ANSWER, None, THOUGHTS),
        ("none", ANSWER, None, None),
        ("inline", f"<think>\n{THOUGHTS}\n</think>\n\n{ANSWER}", None, None),
    ],
)
def test_the_reasoning_field(
    served: House, field: str, content: str, reasoning: str | None, reasoning_content: str | None
) -> None:
    message = served.chat(reasoning_field=field).json["choices"][0]["message"]
    assert message["content"] == content
    assert message.get("reasoning") == reasoning
    assert message.get("reasoning_content") == reasoning_content
    events = served.chat(reasoning_field=field, stream=True).events
    assert joined(events, "content") == content
    assert joined(events, "reasoning") == (reasoning or "")


def test_a_stop_string_ends_the_answer_and_not_the_thoughts(served: House) -> None:
    message = served.chat(stop=[" is", "four"]).json["choices"][0]["message"]
    assert message["content"] == "The answer"
    assert message["reasoning"] == THOUGHTS


def test_thinking_ends_where_its_budget_does_and_the_answer_is_still_there(served: House) -> None:
    (choice,) = served.chat("count", thinking_budget=20).json["choices"]
    assert choice["message"]["content"] == "So far: \\boxed{7}."
    assert choice["finish_reason"] == "stop"
    assert choice["ext"]["guard"]["forced_answer"] is True
    assert choice["message"]["reasoning"].startswith("1 2 3")


@pytest.mark.parametrize(
    "off", [{"enable_thinking": False}, {"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}},
            {"chat_template_kwargs": {"enable_thinking": False}}, {"reasoning": {"effort": "none"}},
            {"thinking_token_budget": 0}],
)  # fmt: skip
def test_thinking_can_be_switched_off_by_every_name(served: House, off: dict[str, Any]) -> None:
    (choice,) = served.chat("count", **off).json["choices"]
    assert choice["message"]["content"] == "So far: \\boxed{7}."
    assert "reasoning" not in choice["message"]


@pytest.mark.parametrize("tokens", [1, 5, 17])
def test_a_few_tokens_are_spent_on_the_answer(served: House, tokens: int) -> None:
    body = served.chat("count", max_tokens=tokens).json
    (choice,) = body["choices"]
    assert choice["finish_reason"] == "length"
    assert "So far: \\boxed{7}.".startswith(choice["message"]["content"])
    assert body["usage"]["completion_tokens"] <= max(tokens, 5)  # what closes the thoughts has 4


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"thinking_budget": 5, "thinking_token_budget": 6}, "thinking_token_budget"),
        ({"enable_thinking": False, "reasoning_effort": "high"}, "enable_thinking"),
        ({"enable_thinking": False, "thinking": {"type": "enabled"}}, "thinking.type"),
        ({"max_tokens": 3, "max_completion_tokens": 4}, "max_tokens"),
        ({"reasoning_effort": "none", "thinking_budget": 9}, "reasoning_effort"),
        ({"n": 9}, "n"),
        ({"n": 10**9}, "n"),
        ({"top_logprobs": 10**9}, "top_logprobs"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"temperature": -1}, "temperature"),
        ({"logit_bias": {"x": 1}}, "logit_bias"),
        ({"logit_bias": {"100000": 1}}, "logit_bias"),
        ({"logit_bias": {"-1": 1}}, "logit_bias"),
        ({"tools": [{}]}, "tools"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"chat_template": "{{ 1 }}"}, "chat_template"),
        ({"chat_template_kwargs": {"tokenize": True}}, "chat_template_kwargs.tokenize"),
        ({"ext": {"tracing": True}}, "ext.tracing"),
        ({"ext": {"trace": True}}, "ext.trace"),
        ({"strategy": {"name": "think", "n": 2}}, "strategy.n"),
        ({"strategy": "guess"}, "strategy"),
        ({"verify": ["claims"]}, "verify"),
        ({"verify": ["program"], "strategy": "best"}, "verify"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": " "}]}, "messages.0.content"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
         "messages.0.content.0"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_by_name(served: House, fields: dict[str, Any], param: str) -> None:
    reply = served.post("/v1/chat/completions", {"messages": [{"role": "user", "content": "2+2?"}], **fields})
    assert reply.status == 400
    assert reply.error["type"] == "invalid_request_error"
    assert (reply.error["param"] or "").lower() == param
    assert len(reply.error["message"]) < 500


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"messages": NaN}', b'{"temperature": NaN}', b"\xff"]
)
def test_what_is_no_request_is_refused(served: House, body: bytes) -> None:
    assert served.post("/v1/chat/completions", body).status == 400


def test_fields_that_nobody_knows_are_named(served: House) -> None:
    reply = served.chat(frobnicate=1, reasoning={"effort": "low", "colour": "red"})
    assert reply.headers["x-ignored-params"] == "frobnicate, reasoning.colour"
    assert any("frobnicate" in warning for warning in reply.json["choices"][0]["ext"]["warnings"])


def test_fields_of_messages_and_fields_that_change_nothing_are_named(served: House) -> None:
    part = {"type": "text", "text": "2+2?", "cache_control": {"type": "ephemeral"}}
    messages = [
        {"role": "system", "content": "Be brief.", "cache_control": {"type": "ephemeral"}},
        {"role": "user", "name": "anna", "content": [part]},
    ]
    reply = served.post("/v1/chat/completions", {"messages": messages, "reasoning": {"summary": "auto"}})
    assert reply.headers["x-ignored-params"].split(", ") == [
        "messages.0.cache_control", "messages.1.content.0.cache_control", "messages.1.name",
        "reasoning.summary",
    ]  # fmt: skip
    items = [{"role": "user", "content": [{**part, "type": "input_text"}]}]
    reply = served.post("/v1/responses", {"input": items, "store": True})
    assert reply.headers["x-ignored-params"] == "input.0.content.0.cache_control, store"
    assert "x-ignored-params" not in served.post("/v1/responses", {"input": "2+2?", "store": False}).headers


def test_greedy_decoding_is_warned_of(served: House) -> None:
    warnings = served.chat(temperature=0).json["choices"][0]["ext"]["warnings"]
    assert any("loop" in warning for warning in warnings)


def test_old_thoughts_and_odd_parts_of_the_history_are_accepted(served: House) -> None:
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
        {
            "role": "assistant",
            "content": "<think>old</think>Hi",
            "reasoning": "old",
            "reasoning_content": "old",
        },
        {"role": "user", "content": "2+2?"},
    ]
    with_thoughts = served.post("/v1/chat/completions", {"messages": messages}).json
    messages[2] = {"role": "assistant", "content": "Hi"}
    without = served.post("/v1/chat/completions", {"messages": messages}).json
    assert with_thoughts["choices"][0]["message"]["content"] == ANSWER
    assert with_thoughts["usage"]["prompt_tokens"] == without["usage"]["prompt_tokens"]


def test_a_model_of_another_name_is_not_found(served: House) -> None:
    reply = served.chat(model="gpt-9")
    assert (reply.status, reply.error["code"]) == (404, "model_not_found")
    assert served.chat(model="script").json["model"] == "script"


def test_a_prompt_too_long_is_refused_before_anything_is_computed(served: House) -> None:
    reply = served.chat("x" * 70_000)
    assert (reply.status, reply.error["code"]) == (400, "context_length_exceeded")


def test_the_trace_comes_with_the_stream_if_wanted(served: House) -> None:
    events = served.chat(stream=True, strategy={"name": "vote", "n": 2}, ext={"trace": True}).events
    records = [record for e in events[:-1] for record in e.get("ext", {}).get("trace", ())]
    ops = [record["op"] for record in records]
    assert ops[0] == "trace"
    assert ops[-1] == "answer"
    assert {"open", "fork", "think", "tokens", "event", "note", "stop"} <= set(ops)
    assert [r["kind"] for r in records if r["op"] == "note"].count("vote") == 2
    last = events[-2]["ext"]
    assert last["strategy"] == {
        "name": "vote", "samples": 2, "votes": [{"answer": "4", "count": 2, "weight": 2.0}]
    }  # fmt: skip


def test_what_is_recorded_has_been_said(served: House) -> None:
    said = recorded = ""
    for event in served.chat("count", stream=True, thinking_budget=400, ext={"trace": True}).events[:-1]:
        delta = event["choices"][0]["delta"]
        said += delta.get("reasoning", "") + delta.get("content", "")
        for record in event["ext"]["trace"] if "trace" in event.get("ext", {}) else ():
            recorded += "".join(record.get("pieces", ()))
            reader = served.engine.format.reader()
            shown = "".join(piece.text for piece in reader.feed(recorded))
            assert said.startswith(shown.rstrip())
    assert len(said) > 400


def test_a_stream_sends_nothing_while_text_is_held() -> None:
    with house(slow=0.004) as served:
        reply = served.chat(stream=True, stop="x" * 200)
    assert joined(reply.events, "content") == ANSWER
    assert b": ping" not in reply.body


def test_thinking_goes_on_behind_given_thoughts(served: House) -> None:
    thoughts = "1 2 3 Two and two"
    body = served.chat("count", ext={"continue_from": {"thoughts": thoughts}}, thinking_budget=0).json
    assert body["choices"][0]["message"]["reasoning"] == thoughts
    assert body["choices"][0]["message"]["content"] == "So far: \\boxed{7}."
    assert served.chat(strategy="plan", ext={"continue_from": {"thoughts": "x"}}).status == 400


def test_a_model_without_tags_gives_its_last_paragraph_as_the_answer() -> None:
    said = "Two and two are four.\n\nSo it is \\boxed{4}."
    with house(scripted({asked("2+2?"): said}, format=Tagless(system=""))) as served:
        message = served.chat().json["choices"][0]["message"]
        assert message["content"] == "So it is \\boxed{4}."
        events = served.chat(stream=True).events
        assert joined(events, "content") == "So it is \\boxed{4}."
        assert joined(events, "reasoning") == said  # nothing tells earlier which paragraph is the last


def test_chances_are_those_of_the_answers_tokens(served: House) -> None:
    more: dict[str, Any] = {"logprobs": True, "top_logprobs": 2, "seed": 1}
    (choice,) = served.chat(**more).json["choices"]
    told = choice["logprobs"]["content"]
    assert "".join(token["token"] for token in told) == choice["message"]["content"]
    assert all(token["bytes"] == list(token["token"].encode()) for token in told)
    assert all(token["top_logprobs"][0]["token"] == token["token"] for token in told)
    assert all(len(token["top_logprobs"]) == 2 for token in told)
    assert all(-0.1 < token["logprob"] <= 0 for token in told)  # the script leaves no choice
    chunks = [event["choices"][0] for event in served.chat(stream=True, **more).events[:-1]]
    streamed = [token for chunk in chunks for token in (chunk["logprobs"] or {"content": []})["content"]]
    assert streamed == told
    assert all(chunk["logprobs"] is None for chunk in chunks if "reasoning" in chunk["delta"])
    assert served.chat(logprobs=True, strategy="vote").status == 400
    (cut,) = served.chat(logprobs=True, stop=" is").json["choices"]
    assert "".join(token["token"] for token in cut["logprobs"]["content"]) == "The answer"


def test_an_answer_is_never_empty_with_stop() -> None:
    with house(scripted({asked("nothing"): "<think>x</think>"})) as served:
        (choice,) = served.chat("nothing").json["choices"]
        assert choice["finish_reason"] == "length" or choice["message"]["content"]
        assert choice["ext"]["guard"]["answer"] == "missing"
