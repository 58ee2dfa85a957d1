"""How a stream is cut into chunks: at a pace, but never so that its beginning or its end waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest

from mull.engine.scripted import scripted
from mull.serve import wire
from mull.serve.errors import ApiError
from mull.serve.limits import Places
from mull.serve.run import House, Run
from mull.serve.wire import Event, EventStream
from tests.serve.house import house

CHAT = "/v1/chat/completions"
COUNT = {"messages": [{"role": "user", "content": "count"}]}


class Saying(Run[str]):
    """A run that says what it is told to."""

    def __init__(self, say: Callable[[Callable[[str], None]], Awaitable[None]]) -> None:
        self._say = say
        super().__init__(House(scripted({}), Places(1, 1), "local", b"", lambda _: None), "x-")

    @property
    def tokens(self) -> tuple[int, int, int, int]:
        return 0, 0, 0, 0

    async def _work(self) -> None:
        await self._say(self._tell)


class Plain:
    """Each batch of items is one event."""

    def whole(self) -> dict[str, Any]:
        return {}

    def first(self) -> Iterable[Event]:
        return [(None, "first")]

    def events(self, items: list[str]) -> Iterable[Event]:
        return [(None, "".join(items))] if items else []

    def last(self) -> Iterable[Event]:
        return [(None, "last")]

    def failed(self, problem: ApiError) -> Event:
        return None, "failed"


def sent(say: Callable[[Callable[[str], None]], Awaitable[None]]) -> list[str]:
    """The chunks in which this is sent. Hangs no longer than five seconds."""
    chunks: list[str] = []

    async def send(message: Any) -> None:
        chunks.append(message.get("body", b"").decode().replace("data: ", "").replace("\n\n", " ").strip())

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def stream() -> None:
        run, streams = Saying(say), set[Run[Any]]()
        response = EventStream(run, Plain(), streams=streams, seconds=5, headers={})
        async with asyncio.timeout(5):
            await response({"type": "http"}, receive, send)
        assert not streams

    asyncio.run(stream())
    return [chunk for chunk in chunks if chunk not in ("", ": ping")]


def test_neither_the_first_text_nor_the_end_waits_for_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "PACE", 60.0)

    async def say(tell: Callable[[str], None]) -> None:
        tell("a")
        await asyncio.sleep(0.05)
        tell("b")
        await asyncio.sleep(0.05)
        tell("c")

    assert sent(say) == ["first", "a", "bc", "last"]


def test_what_comes_in_a_pause_is_one_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "PACE", 0.2)

    async def say(tell: Callable[[str], None]) -> None:
        tell("a")
        await asyncio.sleep(0.05)
        for letter in "bcd":
            tell(letter)
        await asyncio.sleep(0.5)
        tell("e")

    assert sent(say) == ["first", "a", "bcd", "e", "last"]


def test_only_streams_under_way_slow_each_other_down() -> None:
    with house(slow=0.002, running=2) as served:
        with (
            served.begun(CHAT, {**COUNT, "stream": True}) as connection,
            served.begun(CHAT, COUNT),
            served.begun(CHAT, {**COUNT, "stream": True}),
        ):
            served.until_running(3)
            data = b""
            while b'"reasoning":' not in data:
                data += connection.recv(65536)
            for _ in range(20):  # the pause comes behind the chunk
                connection.recv(65536)
            assert len(served.server.streams) == 1  # one is not streamed, and one waits
        assert served.idle()
        assert not served.server.streams
