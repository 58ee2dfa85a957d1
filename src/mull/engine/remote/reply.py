"""One request while it is answered: its tokens one after another, and what it said about itself."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import httpx2

from mull.engine.remote.servers import Lost, Server, Servers
from mull.engine.remote.wire import Drawn

END = 2.0  # seconds a server has to end a reply after its last token
Read = Callable[[Mapping[str, Any]], list[Drawn]]  # the tokens in one choice


class Reply:
    """What a server says to one request.

    ready     tokens that have come and were not taken yet
    finished  why it ended ("stop", "length" ...), None while it goes on
    cached    prompt tokens that the server had in its cache; None where it does not tell
    """

    def __init__(self, servers: Servers, server: Server, response: httpx2.Response, read: Read) -> None:
        self.server = server
        self.ready: deque[Drawn] = deque()
        self.finished: str | None = None
        self.cached: int | None = None
        self._servers = servers
        self._response = response
        self._events = _events(response)
        self._read = read
        self._open = True

    async def next(self) -> Drawn | None:
        """The next token; None when there are no more. Raises Lost where the server fails meanwhile."""
        while not self.ready:
            if self.finished is not None or not await self._more():
                break
        if self.ready:
            return self.ready.popleft()
        if self.finished is None:
            raise Lost("the reply broke off")
        return None

    async def drain(self) -> None:
        """Hear the end, where the usage stands; the connection can be used again then."""
        try:
            async with asyncio.timeout(END):
                while await self._more():
                    pass
        except (Lost, TimeoutError):
            return
        finally:
            await self.close()

    async def close(self) -> None:
        """Hang up: the server stops drawing."""
        self.leave()
        await self._response.aclose()

    def leave(self) -> None:
        """It is over for the count of what runs."""
        if self._open:
            self._open = False
            self._servers.done(self.server)

    def fail(self, lost: Lost) -> None:
        """It is over, and it is the server's fault."""
        if self._open:
            self._open = False
            self._servers.failed(self.server, lost)

    async def _more(self) -> bool:
        """Take in one more piece; False at the end."""
        try:
            told = await anext(self._events, None)
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise Lost(f"{type(error).__name__} {error}".strip()) from None
        if told is None:
            return False
        if failure := told.get("error"):
            said = failure.get("message", failure) if isinstance(failure, Mapping) else failure
            raise Lost(str(said)[:200])
        if isinstance(usage := told.get("usage"), Mapping):
            details = usage.get("prompt_tokens_details")
            if isinstance(details, Mapping) and isinstance(details.get("cached_tokens"), int):
                self.cached = details["cached_tokens"]
        try:
            for choice in (told.get("choices") or ())[:1]:
                self.ready.extend(self._read(choice))
                self.finished = choice.get("finish_reason") or self.finished
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            raise Lost(f"the reply makes no sense: {error!s:.150}") from None
        if self.finished in ("abort", "error"):
            finished, self.finished = self.finished, None
            raise Lost(f"it ended by {finished}")
        return True


async def _events(response: httpx2.Response) -> AsyncIterator[dict[str, Any]]:
    """The objects in a stream of server-sent events, up to `[DONE]`."""
    async for line in _lines(response):
        if not line.startswith(b"data:"):
            continue
        data = line[5:].strip()
        if data == b"[DONE]":
            return
        try:
            told = json.loads(data)
        except ValueError:
            raise Lost(f"the reply is no JSON: {data[:80].decode(errors='replace')}") from None
        if isinstance(told, dict):
            yield told


async def _lines(response: httpx2.Response) -> AsyncIterator[bytes]:
    """Lines as these events have them. The client's own would end at every separator of Unicode, too, and
    those may stand in a text.
    """
    rest = b""
    async for piece in response.aiter_bytes():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line
    yield rest
