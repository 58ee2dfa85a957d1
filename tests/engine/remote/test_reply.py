"""A reply as a stream of bytes: what it says, however it comes, and what makes no sense."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2
import pytest

from mull.engine.remote.reply import Reply
from mull.engine.remote.servers import Lost, Servers
from mull.engine.remote.wire import Drawn

SEPARATORS = "a\u2028b\u2029c\u0085d\x0ce"


class Bytes(httpx2.AsyncByteStream):
    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece


def letters(choice: Mapping[str, Any]) -> list[Drawn]:
    return [Drawn(ord(letter)) for letter in choice["text"]]


def read(*pieces: bytes) -> str:
    """The text of the reply that comes in these pieces."""

    async def program() -> str:
        servers = Servers(["http://here/v1"], key=None, patience=1, timeout=1)
        reply = Reply(servers, servers.all[0], httpx2.Response(200, stream=Bytes(list(pieces))), letters)
        text = ""
        while (token := await reply.next()) is not None:
            text += chr(token.token)
        return text

    return asyncio.run(program())


@pytest.mark.parametrize("end", ["\n\n", "\r\n\r\n"])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_separators_of_unicode_stand_in_a_text_and_end_no_line(end: str, size: int) -> None:
    choice = {"text": SEPARATORS, "finish_reason": "stop"}
    whole = f"data: {json.dumps({'choices': [choice]}, ensure_ascii=False)}{end}data: [DONE]{end}".encode()
    assert read(*(whole[i : i + size] for i in range(0, len(whole), size))) == SEPARATORS


@pytest.mark.parametrize(
    "said", ['{"choices": 5}', '{"choices": {"a": 1}}', '{"choices": [{}]}', "{", "\xff"]
)
def test_what_makes_no_sense_is_the_servers_fault(said: str) -> None:
    with pytest.raises(Lost, match=r"no (sense|JSON)"):
        read(f"data: {said}\n\n".encode("latin-1"))


def test_a_server_may_fail_for_ever() -> None:
    servers = Servers(["http://here/v1"], key=None, patience=1, timeout=1)
    (server,) = servers.all
    for _ in range(1100):
        server.rests_until = 0.0
        servers.failed(server, Lost("away"))
    assert server.failures == 1100
