"""Listening: the web server around the application, its limits and its end.

uvicorn with h11, whose headers are bounded. Whoever opens a connection and does not send a request on it in
time is cut off. On a signal to stop, nothing new is let in, running requests are told to answer now, and what
is not done after a while is cut off.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import Callable
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from mull.engine import Engine
from mull.serve.app import Server
from mull.serve.config import Settings
from mull.serve.door import LARGEST_HEAD, JsonLines

HURRY = 10.0  # seconds that running requests have to come to an end


def listen(engine: Engine, settings: Settings, *, say: Callable[[str], None]) -> None:
    """Serve until a signal comes. Raises MullError where the address cannot be had."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name, level in (("mull.serve", logging.INFO), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(level)
        logger.propagate = False
    server = Server(engine, settings)
    with bound(settings) as listener:
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        keys = f"{len(settings.keys)} keys" if settings.keys else "no key needed"
        say(f"mull: {server.names[0]} on http://{shown}:{port} ({keys}; API under /v1)")
        asyncio.run(web(server).serve(sockets=[listener]))


def bound(settings: Settings) -> socket.socket:
    """A socket that listens where it should. Raises MullError where it cannot."""
    from mull.errors import MullError

    try:
        host = settings.host.strip("[]")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, settings.port), family=family, backlog=512)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise MullError(f"cannot listen on {where} ({error.strerror}); choose another --port.") from None


def web(server: Server) -> uvicorn.Server:
    """The web server for it. Its own logs are off: the door writes one line a request."""

    class Protocol(Timely):
        seconds = server.settings.read_seconds

    config = uvicorn.Config(
        server.app(),
        http=Protocol,
        ws="none",
        h11_max_incomplete_event_size=2 * LARGEST_HEAD,
        timeout_graceful_shutdown=int(HURRY) + 5,
        timeout_keep_alive=30,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
    )
    return Web(config, server)


class Timely(H11Protocol):
    """A connection on which each request has to come in time, all of it (slow loris): the first one from the
    moment there is a connection, further ones from their first bytes. Between them it may be kept alive."""

    seconds = 20.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._late: asyncio.TimerHandle | None = self.loop.call_later(self.seconds, self._cut)

    def handle_events(self) -> None:
        super().handle_events()
        if not self._coming:
            self._disarm()
        elif self._late is None:
            self._late = self.loop.call_later(self.seconds, self._cut)

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    @property
    def _coming(self) -> bool:
        """Whether a part of a request is here, and not all of it."""
        state = self.conn.their_state
        return state is h11.SEND_BODY or (state is h11.IDLE and bool(self.conn.trailing_data[0]))

    def _disarm(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _cut(self) -> None:
        """Whoever still reads the body has a limit for it, and a word to say about it."""
        if not self.transport.is_closing() and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()


class Web(uvicorn.Server):
    """Tells the application when the end has come."""

    def __init__(self, config: uvicorn.Config, server: Server) -> None:
        super().__init__(config)
        self._app = server

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        self._app.close()
        await super().shutdown(sockets)
