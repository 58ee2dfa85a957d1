"""OpenAI's own client against a real server: what it shows, what it raises, how often it tries."""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest

from mull.engine.scripted import asked, scripted
from tests.serve.house import SCRIPT, House, house

THOUGHTS, ANSWER = "Two and two are four.", "The answer is \\boxed{4}."


@pytest.fixture(scope="module")
def client(served: House) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key="none-needed", max_retries=0) as made:
        yield made


def test_chat(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model="script", messages=[{"role": "user", "content": "2+2?"}])
    message = reply.choices[0].message
    assert message.content == ANSWER
    assert message.reasoning_content == message.reasoning == THOUGHTS  # type: ignore[attr-defined]
    assert reply.usage is not None
    assert reply.usage.completion_tokens_details is not None
    assert reply.usage.completion_tokens_details.reasoning_tokens == 24


def test_chat_streamed(client: openai.OpenAI) -> None:
    said = {"reasoning": "", "content": ""}
    with client.chat.completions.stream(
        model="script", messages=[{"role": "user", "content": "2+2?"}], stream_options={"include_usage": True}
    ) as stream:
        for event in stream:
            if event.type == "chunk":
                for choice in event.chunk.choices:
                    said["reasoning"] += getattr(choice.delta, "reasoning", None) or ""
                    said["content"] += choice.delta.content or ""
        final = stream.get_final_completion()
    assert said == {"reasoning": THOUGHTS, "content": ANSWER}
    assert final.choices[0].message.content == ANSWER
    assert final.usage is not None


def test_responses(client: openai.OpenAI) -> None:
    reply = client.responses.create(model="script", input="2+2?")
    assert reply.output_text == ANSWER
    assert reply.status == "completed"
    reasoning, message = reply.output
    assert reasoning.type == "reasoning"
    assert reasoning.content is not None
    assert reasoning.content[0].text == THOUGHTS
    assert message.type == "message"
    assert reply.usage is not None
    assert reply.usage.output_tokens_details.reasoning_tokens == 24


def test_responses_streamed(client: openai.OpenAI) -> None:
    said, types, numbers = {"reasoning": "", "answer": ""}, [], []
    with client.responses.stream(model="script", input="2+2?") as stream:
        for event in stream:
            types.append(event.type)
            numbers.append(event.sequence_number)
            if event.type == "response.reasoning_text.delta":
                said["reasoning"] += event.delta
            elif event.type == "response.output_text.delta":
                said["answer"] += event.delta
        final = stream.get_final_response()
    assert said == {"reasoning": THOUGHTS, "answer": ANSWER}
    assert final.output_text == ANSWER
    assert numbers == sorted(numbers)
    order = [t for i, t in enumerate(types) if i == 0 or types[i - 1] != t]
    assert order == [
        "response.created", "response.in_progress",
        "response.output_item.added", "response.reasoning_text.delta", "response.reasoning_text.done",
        "response.output_item.done",
        "response.output_item.added", "response.content_part.added", "response.output_text.delta",
        "response.output_text.done", "response.content_part.done", "response.output_item.done",
        "response.completed",
    ]  # fmt: skip


def test_responses_that_are_cut_say_so(client: openai.OpenAI) -> None:
    reply = client.responses.create(model="script", input="count", max_output_tokens=8)
    assert reply.status == "incomplete"
    assert reply.incomplete_details is not None
    assert reply.incomplete_details.reason == "max_output_tokens"


def test_a_conversation_of_responses(client: openai.OpenAI) -> None:
    first = client.responses.create(model="script", input="2+2?")
    history = [{"role": "user", "content": "2+2?"}, *(item.model_dump() for item in first.output)]
    reply = client.responses.create(
        model="script", instructions="Be brief.", input=[*history, {"role": "user", "content": "2+2?"}]  # type: ignore[list-item]
    )  # fmt: skip
    assert reply.output_text == ANSWER


@pytest.mark.parametrize(
    "more",
    [{"previous_response_id": "resp_1"}, {"background": True}, {"conversation": "conv_1"},
     {"tools": [{"type": "web_search"}]}, {"text": {"format": {"type": "json_object"}}},
     {"input": [{"type": "function_call_output", "output": "x"}]}, {"input": []},
     {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "http://x/y.png"}]}]}],
)  # fmt: skip
def test_responses_refuse_what_cannot_be_done(served: House, more: dict[str, object]) -> None:
    reply = served.post("/v1/responses", {"input": "2+2?", **more})
    assert reply.status == 400
    assert reply.error["param"]


def test_completions(client: openai.OpenAI) -> None:
    reply = client.completions.create(model="script", prompt=asked("2+2?"), max_tokens=99, logprobs=1)
    assert reply.choices[0].finish_reason == "stop"
    reply = client.completions.create(model="script", prompt=list(b"2+2?"), max_tokens=3)
    assert reply.usage is not None
    assert reply.usage.prompt_tokens == 4


def test_models(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["script", "mull"]
    assert client.models.retrieve("script").id == "script"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("other")


def test_errors_have_their_classes(client: openai.OpenAI) -> None:
    ask = client.chat.completions.create
    with pytest.raises(openai.NotFoundError, match="no model"):
        ask(model="other", messages=[{"role": "user", "content": "2+2?"}])
    with pytest.raises(openai.BadRequestError) as caught:
        ask(model="script", messages=[{"role": "user", "content": "2+2?"}], n=99)
    assert caught.value.param == "n"


def test_a_failed_generation_is_not_tried_again() -> None:
    engine = scripted(SCRIPT)
    calls = 0

    def broken(_: object) -> object:
        nonlocal calls
        calls += 1
        raise RuntimeError("the runner is broken")

    engine.runner.step = broken  # type: ignore[method-assign,assignment]
    with house(engine) as served, openai.OpenAI(base_url=f"{served.url}/v1", api_key="x") as client:
        with pytest.raises(openai.InternalServerError) as caught:
            client.chat.completions.create(model="script", messages=[{"role": "user", "content": "2+2?"}])
        assert caught.value.code == "internal_error"
        assert "broken" not in str(caught.value)  # details are for the log
        assert calls == 1
        stream = client.chat.completions.create(
            model="script", messages=[{"role": "user", "content": "2+2?"}], stream=True
        )
        with pytest.raises(openai.APIError) as told:
            list(stream)
        assert told.value.code == "internal_error"
        with pytest.raises(openai.APIError), client.responses.stream(model="script", input="2+2?") as events:
            list(events)
        assert served.idle()
