"""What can be said to a running request, and by whom."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.serve.house import COUNT, House, Reply, house

CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def slow() -> Iterator[House]:
    with house(slow=0.001, keys=("key-of-anna", "key-of-bert"), key="key-of-anna") as made:
        yield made


def during(
    served: House, said: dict[str, Any], *, path: str | None = None, **more: Any
) -> tuple[Reply, Reply]:
    """What a long request gives, and what saying something to it gives, once it thinks."""
    replies: list[Reply] = []
    thread = threading.Thread(target=lambda: replies.append(served.chat("count", stream=True, **more)))
    thread.start()
    served.until_running()
    (run,) = served.server.runs.values()
    while not any(choice.thoughts for choice in run.choices) and more.get("strategy") is None:
        threading.Event().wait(0.002)
    threading.Event().wait(0.03)
    told = served.post(path or f"{CHAT}/{run.id}/control", {"id": run.id, **said})
    thread.join(30)
    assert served.idle()
    return replies[0], told


def content(reply: Reply) -> str:
    return "".join(e["choices"][0]["delta"].get("content", "") for e in reply.events[:-1] if e["choices"])


def reasoning(reply: Reply) -> str:
    return "".join(e["choices"][0]["delta"].get("reasoning", "") for e in reply.events[:-1] if e["choices"])


def last(reply: Reply) -> dict[str, Any]:
    found: dict[str, Any] = reply.events[-2]
    return found


@pytest.mark.parametrize(
    ("action", "path"),
    [("answer_now", None), ("reasoning_end", f"{CHAT}/control")],
    ids=["ours", "llama.cpp"],
)
def test_answer_now(slow: House, action: str, path: str | None) -> None:
    reply, told = during(slow, {"action": action}, path=path)
    assert told.json["success"] is True
    assert content(reply) == "So far: \\boxed{7}."
    assert "1999" not in reasoning(reply)
    assert last(reply)["ext"]["guard"]["forced_answer"] is True


def test_answer_now_holds_for_every_chain_of_a_vote(slow: House) -> None:
    reply, _ = during(slow, {"action": "answer_now"}, strategy={"name": "vote", "n": 8, "seats": 3})
    assert content(reply) == "So far: \\boxed{7}"
    assert last(reply)["ext"]["strategy"]["samples"] <= 3  # those at the table: no new ones


def test_stop_ends_it_with_what_there_is(slow: House) -> None:
    reply, _ = during(slow, {"action": "stop"})
    assert reply.events[-1] == "[DONE]"
    assert last(reply)["choices"][0]["finish_reason"] == "length"
    assert last(reply)["ext"]["guard"]["answer"] == "missing"
    assert reasoning(reply)
    assert COUNT.startswith(reasoning(reply))


def test_a_hint_is_put_into_the_thoughts(slow: House) -> None:
    replies = []
    thread = threading.Thread(
        target=lambda: replies.append(slow.chat("count", stream=True, thinking_budget=400))
    )
    thread.start()
    slow.until_running()
    (run,) = slow.server.runs.values()
    while not run.choices[0].thoughts:
        threading.Event().wait(0.002)
    slow.post(f"{CHAT}/{run.id}/control", {"action": "hint", "text": "Skip to 1998."})
    thread.join(30)
    assert "\nSkip to 1998." in reasoning(replies[0])


def test_more_thinking_takes_the_end_of_the_thoughts_back() -> None:
    from mull.engine.scripted import asked, scripted

    counted = " ".join(map(str, range(1, 100)))
    script = {asked("count"): f"<think>{counted}</think>\\boxed{{1}}", "\nWait": ", again.</think>\\boxed{2}"}
    with house(scripted(script), slow=0.001) as served:
        reply, _ = during(served, {"action": "think_more"})
        assert content(reply) == "\\boxed{2}"
        assert reasoning(reply) == f"{counted}\nWait, again."


@pytest.mark.parametrize(
    ("said", "status"),
    [({"action": "hint"}, 400), ({"action": "stop", "text": "x"}, 400), ({"action": "dance"}, 400),
     ({"action": "hint", "text": "x" * 5000}, 400), ({"action": "answer_now"}, 200)],
)  # fmt: skip
def test_what_may_be_said(slow: House, said: dict[str, Any], status: int) -> None:
    with slow.begun(CHAT, {"messages": [{"role": "user", "content": "count"}], "stream": True}):
        slow.until_running()
        (id,) = slow.server.runs
        assert slow.post(f"{CHAT}/{id}/control", said).status == status
    assert slow.idle()


def test_only_whoever_asked_may_say_something(slow: House) -> None:
    body = {"messages": [{"role": "user", "content": "count"}], "stream": True}
    with slow.begun(CHAT, body) as connection:
        slow.until_running()
        (id,) = slow.server.runs
        other = slow.post(f"{CHAT}/{id}/control", {"action": "stop"}, key="key-of-bert")
        assert (other.status, other.error["code"]) == (404, "not_running")
        assert slow.post(f"{CHAT}/{id}/control", {"action": "stop"}).status == 200
        data = b""
        while b"[DONE]" not in data:
            data += connection.recv(65536)
        assert json.dumps("x") not in data.decode()
    assert slow.idle()


def test_what_is_not_running_cannot_be_told_anything(slow: House) -> None:
    assert slow.post(f"{CHAT}/chatcmpl-none/control", {"action": "stop"}).status == 404
