"""Places: how many at once, who is next, who is told to come back."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mull.engine.scripted import asked
from mull.serve.errors import ApiError
from mull.serve.limits import Places
from tests.serve.house import House, house

CHAT = "/v1/chat/completions"


def order(places: Places, callers: list[str]) -> list[int]:
    """In which order requests of these callers get a place, if each holds it until the next is in."""
    came: list[int] = []

    async def one(number: int) -> None:
        async with places.place(callers[number]):
            came.append(number)
            await asyncio.sleep(0)

    async def all_of_them() -> None:
        await asyncio.gather(*(one(number) for number in range(len(callers))))

    asyncio.run(all_of_them())
    return came


def test_callers_take_turns() -> None:
    callers = ["a"] * 6 + ["b", "c", "b"]
    came = [callers[number] for number in order(Places(1, 99), callers)]
    assert came[:6] == ["a", "a", "b", "c", "a", "b"]
    assert came[6:] == ["a"] * 3


@given(st.lists(st.sampled_from("abc"), max_size=30), st.integers(1, 4), st.integers(1, 4))
def test_everybody_is_let_in_once_and_each_callers_requests_in_order(
    callers: list[str], running: int, per_caller: int
) -> None:
    places = Places(running, 99, per_caller=per_caller)
    came = order(places, callers)
    assert sorted(came) == list(range(len(callers)))
    for caller in set(callers):
        own = [number for number in came if callers[number] == caller]
        assert own == sorted(own)
    assert not places.running
    assert places.waiting == 0


@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), max_size=20))
def test_who_gives_up_waiting_keeps_no_place(asks: list[tuple[str, bool]]) -> None:
    places = Places(2, 99)

    async def one(caller: str) -> None:
        async with places.place(caller):
            assert places.running.total() <= 2
            await asyncio.sleep(0)

    async def some_give_up() -> None:
        tasks = [asyncio.create_task(one(caller)) for caller, _ in asks]
        await asyncio.sleep(0)
        for task, (_, gives_up) in zip(tasks, asks, strict=True):
            if gives_up:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(some_give_up())
    assert not places.running
    assert places.waiting == 0


def test_a_minute_has_so_many_requests() -> None:
    now = 0.0
    places = Places(9, 9, per_minute=2, clock=lambda: now)
    places.admit("a")
    now = 30.0
    places.admit("a")
    places.admit("b")
    with pytest.raises(ApiError) as refused:
        places.admit("a")
    assert (refused.value.status, refused.value.code, refused.value.retry) == (429, "rate_limit_exceeded", 31)
    now = 60.5
    places.admit("a")


def question(text: str = "count", **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}], "stream": True, **more}


def test_a_full_queue_says_when_to_come_back() -> None:
    with house(slow=0.002, running=1, waiting=1) as served:
        with served.begun(CHAT, question()), served.begun(CHAT, question()):
            served.until_running(2)
            reply = served.chat()
            assert (reply.status, reply.error["code"]) == (429, "queue_full")
            assert int(reply.headers["retry-after"]) > 0
            assert served.call("GET", "/ready").json["waiting"] == 1
        assert served.idle()
        assert served.chat().status == 200


def test_one_keys_crowd_does_not_keep_another_out() -> None:
    keys = ("key-of-anna", "key-of-bert")
    with house(slow=0.001, running=2, running_per_key=1, keys=keys) as served:
        with served.begun(CHAT, question(), keys[0]), served.begun(CHAT, question(), keys[0]):
            served.until_running(2)
            started = time.perf_counter()
            assert served.chat(key=keys[1]).status == 200
            assert time.perf_counter() - started < 2
            assert len(served.server.runs) == 2
        assert served.idle()


def test_shutting_down_lets_running_requests_answer() -> None:
    with ExitStack() as stack:
        with house(slow=0.002) as served:
            connection = stack.enter_context(served.begun(CHAT, question()))
            served.until_running()
            (run,) = served.server.runs.values()
            while not run.choices[0].thoughts:  # type: ignore[attr-defined]
                time.sleep(0.002)
        # The house is left, so the server was told to stop: what was running has ended with an answer.
        data = b""
        while more := connection.recv(65536):
            data += more
    assert b"[DONE]" in data
    assert b'"forced_answer":true' in data


def test_shutting_down_lets_completions_come_to_their_end() -> None:
    body = {"prompt": asked("count"), "max_tokens": 300, "stream": True}
    with ExitStack() as stack:
        with house(slow=0.001) as served:
            connection = stack.enter_context(served.begun("/v1/completions", body))
            served.until_running()
        data = b""
        while more := connection.recv(65536):
            data += more
    assert b'"finish_reason":"length"' in data
    assert b"[DONE]" in data


def test_nobody_is_let_in_any_more(served: House) -> None:
    served.server.places.closed = True
    try:
        reply = served.chat()
        assert (reply.status, reply.error["code"]) == (503, "shutting_down")
        assert served.call("GET", "/ready").status == 503
        assert served.call("GET", "/health").status == 200
    finally:
        served.server.places.closed = False
