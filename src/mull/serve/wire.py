"""How answers leave: as JSON in one piece, or as server-sent events while they come.

A client that goes, or that does not read, ends its run. An error behind the first byte is told as OpenAI's
clients expect it: an event with `error`, and then the end, without `[DONE]`.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mull.serve.errors import ApiError, of_exception
from mull.serve.run import Run

PACE = 0.01  # seconds between two chunks of one stream at least ...
MOST = 500  # ... and chunks a second of all streams together at most, about
SSE_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
}

Event = tuple[str | None, Any]  # its name, if it has one, and what stands in it

log = logging.getLogger("mull.serve")


_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))

DONE: Event = (None, "[DONE]")  # how a stream of chat completions or completions ends


class Form(Protocol):
    """Gives what happens in a run the form of one API: all of it in one piece, or as events."""

    def whole(self) -> dict[str, Any]: ...

    def first(self) -> Iterable[Event]: ...

    def events(self, items: list[Any]) -> Iterable[Event]: ...

    def last(self) -> Iterable[Event]: ...

    def failed(self, problem: ApiError) -> Event: ...


class Gone(Exception):
    """The client has closed its connection."""


class Json(Response):
    """A body of JSON. NaN is no JSON; whoever made one learns it here."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return dumps(content)


def dumps(content: Any) -> bytes:
    """JSON in UTF-8. Half a surrogate pair, which UTF-8 cannot say, is escaped."""
    return _JSON.encode(content).encode("utf-8", "backslashreplace")


async def whole(request: Request, run: Run[Any]) -> None:
    """Wait for the end of a run, or end it when the client goes. Raises what it failed with."""
    gone = asyncio.create_task(_until_gone(request.receive))
    try:
        await asyncio.wait({run.task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not run.task.done():
            run.task.cancel()
            raise Gone
        await run.wait()
    finally:
        gone.cancel()
        if not run.task.done():
            run.task.cancel()


class EventStream(Response):
    """Events of a run, until it is over or the client goes."""

    def __init__(
        self,
        run: Run[Any],
        form: Form,
        *,
        streams: set[Run[Any]],
        seconds: float,
        headers: Mapping[str, str],
    ) -> None:
        """`streams` are all that are under way, this one too once it is; `seconds` are what a client has to
        take a chunk."""
        super().__init__(headers={**headers, **SSE_HEADERS})
        del self.headers["content-length"]
        self._run, self._form, self._streams, self._seconds = run, form, streams, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_until_gone(receive))
        gone.add_done_callback(lambda done: done.cancelled() or self._run.task.cancel())
        try:
            await self._send(send, gone)
        except (TimeoutError, OSError):
            log.info("a client does not read", extra={"facts": {"id": self._run.id}})
        finally:
            gone.cancel()
            self._streams.discard(self._run)
            if not self._run.task.done():
                self._run.task.cancel()

    async def _send(self, send: Send, gone: asyncio.Task[None]) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})

        async def put(data: bytes, *, more: bool = True) -> None:
            async with asyncio.timeout(self._seconds):
                await send({"type": "http.response.body", "body": data, "more_body": more})

        try:
            async for batch in self._events():
                await put(b"".join(map(_framed, batch)) or b": ping\n\n")
        except asyncio.CancelledError:
            if not gone.done():
                raise
        except Exception as error:
            if gone.done():
                return
            problem = of_exception(error)
            if problem.status == 500:
                log.exception("a stream failed", extra={"facts": {"id": self._run.id}})
            await put(_framed(self._form.failed(problem)))
        await put(b"", more=False)

    async def _events(self) -> AsyncIterator[list[Event]]:
        yield [*self._form.first()]
        async for items in self._run.items():
            yield [*self._form.events(items)]
            await self._pause()
        yield [*self._form.last()]

    async def _pause(self) -> None:
        """Let some text gather for the next chunk; but the end of the run is told at once."""
        if self._run.times.begun is not None:
            self._streams.add(self._run)
        await asyncio.wait({self._run.task}, timeout=max(PACE, len(self._streams) / MOST))


def _framed(event: Event) -> bytes:
    name, content = event
    data = content.encode() if isinstance(content, str) else dumps(content)
    return (f"event: {name}\n".encode() if name else b"") + b"data: " + data + b"\n\n"


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
