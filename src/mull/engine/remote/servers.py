"""The servers behind an engine: which one is asked next, and what happens when one fails.

A chain stays where it was, since its prefix is cached there, unless another server has clearly less to do. A
server that fails rests, longer each time, and is asked for its health before it is used again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from time import monotonic
from typing import Any

import httpx2

from mull.errors import MullError, Unreachable

KEY = "MULL_API_KEY"  # an environment variable
SLACK = 2  # so many more requests may run at a chain's own server than at the idlest one
REST, LONGEST_REST = 0.5, 30.0  # seconds a server rests after its first failure, doubled each time; at most
DOUBLINGS = 16  # more make no difference, and in the end no number
CONNECT, HEALTH = 10.0, 5.0  # seconds for a connection, and for a server to say that it is well
TEXT = 200  # characters of a server's error that are passed on


class Lost(Exception):
    """A server failed, or is too busy; another one, or it itself after `wait` seconds, may do better."""

    def __init__(self, why: str, wait: float = 0.0) -> None:
        super().__init__(why)
        self.wait = wait


class Refused(MullError):
    """A server understood, and will not: asking again would not help."""


class Server:
    """One server. `url` ends in /v1; `running` counts requests that are being answered."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.running = 0
        self.failures = 0
        self.rests_until = 0.0
        self.why = ""

    @property
    def health(self) -> str:
        return self.url.removesuffix("/v1") + "/health"


def address(url: str) -> str:
    """A URL as `Server` has it. Raises MullError for what is none."""
    url = url if "://" in url else f"http://{url}"
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        parsed = None
    if parsed is None or parsed.scheme not in ("http", "https") or not parsed.host:
        raise MullError(f"{url:.100}: not the address of a server. Use one like http://127.0.0.1:8000/v1.")
    url = url.rstrip("/")
    return url if url.endswith("/v1") else f"{url}/v1"


def headers(key: str | None) -> dict[str, str]:
    """What says who asks. Raises MullError, which does not tell the key, where no header can carry it."""
    key = (key or "").strip()
    if not (key.isascii() and key.isprintable()):
        raise MullError(f"the key has characters that cannot be sent: set {KEY}, or give key=, without them.")
    return {"Authorization": f"Bearer {key}"} if key else {}


def secure(urls: Sequence[str]) -> bool:
    """Whether certificates matter: loading those that are trusted takes a tenth of a second."""
    return any(url.startswith("https:") for url in urls)


class Servers:
    """Several servers of one model. Connections belong to an event loop and are closed with it."""

    def __init__(self, urls: Sequence[str], *, key: str | None, patience: float, timeout: float) -> None:
        """`patience`: seconds without any server that answers; `timeout`: seconds of silence in a reply."""
        self.all = [Server(url) for url in urls]
        self.patience = patience
        self._timeout = httpx2.Timeout(timeout, connect=min(CONNECT, timeout), pool=None)
        self._headers = headers(key)
        self._secure = secure(urls)
        self._client: httpx2.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._keeper: AsyncGenerator[httpx2.AsyncClient] | None = None

    async def begin(
        self, path: str, body: Mapping[str, Any], home: Server | None, since: float
    ) -> tuple[Server, httpx2.Response]:
        """Have somebody answer: who it is, and the reply, of which only the head has come.

        home   the server that the chain was at
        since  when (monotonic seconds) something last went well for it

        Raises Refused, and Unreachable where no server answers for longer than patience has.
        """
        while True:
            server = self.pick(home)
            if server is None:
                first = min(each.rests_until for each in self.all)
                now = monotonic()
                if max(first, now) - since > self.patience:
                    raise Unreachable(
                        f"no server answers: {'; '.join(f'{s.url} ({s.why})' for s in self.all)}."
                    )
                await asyncio.sleep(max(0.0, first - now))
                continue
            server.running += 1
            try:
                if server.failures:
                    await self._well(server)
                return server, await self._post(server, path, body)
            except Lost as lost:
                self.failed(server, lost)
            except BaseException:
                server.running -= 1
                raise

    def pick(self, home: Server | None = None) -> Server | None:
        """Who is asked next; None while all rest."""
        now = monotonic()
        awake = [server for server in self.all if server.rests_until <= now]
        if not awake:
            return None
        idlest = min(awake, key=lambda server: server.running)
        if home in awake and home is not None and not home.failures:
            return home if home.running <= idlest.running + SLACK else idlest
        return idlest

    def failed(self, server: Server, lost: Lost) -> None:
        """One request less, and a rest; requests that break off together are one failure."""
        server.running -= 1
        server.why = str(lost)
        now = monotonic()
        if server.rests_until <= now:
            server.failures += 1
            server.rests_until = now + min(LONGEST_REST, REST * 2 ** min(server.failures - 1, DOUBLINGS))
        server.rests_until = max(server.rests_until, now + lost.wait)

    def done(self, server: Server) -> None:
        """One request less."""
        server.running -= 1
        server.failures = 0

    async def _well(self, server: Server) -> None:
        client = await self._connections()
        try:
            reply = await client.get(server.health, timeout=HEALTH)
            if reply.status_code == 404:  # not every server has it
                reply = await client.get(f"{server.url}/models", timeout=HEALTH)
        except httpx2.HTTPError as error:
            raise Lost(_said(error)) from None
        if reply.status_code >= 500:
            raise Lost(f"its health is {reply.status_code}")

    async def _post(self, server: Server, path: str, body: Mapping[str, Any]) -> httpx2.Response:
        client = await self._connections()
        request = client.build_request("POST", f"{server.url}{path}", json=body, timeout=self._timeout)
        try:
            reply = await client.send(request, stream=True)
            if reply.status_code == 200:
                return reply
            await reply.aread()
        except httpx2.HTTPError as error:
            raise Lost(_said(error)) from None
        said = message(reply)
        if reply.status_code in (408, 409, 425, 429) or reply.status_code >= 500:
            raise Lost(f"{reply.status_code}: {said}", _retry_after(reply))
        raise Refused(f"{server.url}: {reply.status_code}, {said}")

    async def _connections(self) -> httpx2.AsyncClient:
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._loop = loop
            self._keeper = _kept(self._headers, self._secure)
            self._client = await anext(self._keeper)
        return self._client

    async def close(self) -> None:
        """Close what is open in this event loop."""
        keeper, self._client, self._keeper = self._keeper, None, None
        if keeper is not None and self._loop is asyncio.get_running_loop():
            await keeper.aclose()


async def _kept(headers: Mapping[str, str], secure: bool) -> AsyncGenerator[httpx2.AsyncClient]:
    """Connections that are closed when the event loop shuts its generators down, if not before."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=64)
    async with httpx2.AsyncClient(headers=headers, limits=limits, verify=secure) as client:
        yield client


def message(reply: httpx2.Response) -> str:
    """What a server says about an error, in one line."""
    try:
        told = reply.json()
        error = told.get("error", told)
        text = error if isinstance(error, str) else error.get("message") or error.get("detail") or error
    except (ValueError, AttributeError):
        text = reply.text
    return " ".join(str(text).split())[:TEXT] or reply.reason_phrase


def _said(error: Exception) -> str:
    return " ".join(f"{type(error).__name__} {error}".split())[:TEXT]


def _retry_after(reply: httpx2.Response) -> float:
    """Seconds, at most a minute; a date counts as none."""
    try:
        return min(60.0, max(0.0, float(reply.headers.get("retry-after", "0"))))
    except ValueError:
        return 0.0
