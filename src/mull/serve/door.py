"""The door: what every request passes before anything is done for it.

Who calls by a name that is not ours is a page of another site whose name leads here (DNS rebinding). Who has
no key gets nothing but what is public: the list is here, and everything else is closed. Bodies are read up to
a size and within a time.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.routing import Route, Router
from starlette.types import Message, Receive, Scope, Send

from mull.serve.config import Settings, digest
from mull.serve.errors import ApiError, of_exception
from mull.serve.wire import Gone, Json

PUBLIC = frozenset({"/health", "/ready", "/", "/page.js", "/page.css", "/policy"})
LARGEST_HEAD = 16 << 10  # bytes of all headers
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}

log = logging.getLogger("mull.serve")


class Door:
    """The application: the routes, and the door before them. Who came in stands in `request.state.caller`."""

    def __init__(self, routes: Sequence[Route], settings: Settings) -> None:
        self.routes = routes
        self._app = Router(routes, redirect_slashes=False)
        self._digests = settings.digests
        named = {settings.host, *settings.hosts}
        self._hosts = frozenset(host.lower() for host in named) | LOOPBACK
        self._any_host = not settings.local and not settings.hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        scope["app"] = self  # so that routers raise what they refuse
        started, status = time.monotonic(), 0
        facts: dict[str, Any] = {"method": scope["method"], "path": scope["path"][:200]}
        scope.setdefault("state", {})["facts"] = facts

        async def out(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *own]}
            await send(message)

        try:
            await self._in(scope, receive, out)
        except Gone:
            facts["gone"] = True
        except Exception as error:
            problem = of_exception(error)
            if problem.status == 500:
                log.exception("a request failed", extra={"facts": facts})
            if not status:
                close = {"connection": "close"} if problem.status in (408, 413) else {}
                answer = Json(problem.body, problem.status, headers={**problem.headers, **close})
                await answer(scope, receive, out)
        finally:
            seconds = round(time.monotonic() - started, 4)
            log.info("request", extra={"facts": {**facts, "status": status, "seconds": seconds}})

    async def _in(self, scope: Scope, receive: Receive, send: Send) -> None:
        if sum(len(name) + len(value) for name, value in scope["headers"]) > LARGEST_HEAD:
            raise ApiError(431, f"headers may have {LARGEST_HEAD} bytes.", code="headers_too_large")
        request = Request(scope)
        self._check_host(request.headers)
        request.state.caller = caller = self._caller(request.headers)
        scope["state"]["facts"]["caller"] = caller
        if caller is None and scope["path"] not in PUBLIC:
            told = "no valid key: send the header Authorization: Bearer KEY."
            raise ApiError(401, told, code="invalid_api_key")
        await self._app(scope, receive, send)

    def _check_host(self, headers: Mapping[str, str]) -> None:
        host = headers.get("host", "").lower()
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if not self._any_host and name not in self._hosts:
            told = "this server does not go by that name; start it with --allow-host to add one."
            raise ApiError(403, told, code="unknown_host")

    def _caller(self, headers: Mapping[str, str]) -> str | None:
        """A short name for a valid key, else None. All keys are compared, however early one fits."""
        if not self._digests:
            return "local"
        scheme, _, key = headers.get("authorization", "").partition(" ")
        given = digest(key.strip() if scheme.lower() == "bearer" else "")
        matches = [hmac.compare_digest(given, known) for known in self._digests]
        return given.hex()[:16] if any(matches) else None


async def body_of(request: Request, settings: Settings) -> bytes:
    """The body, as far as it is allowed to be long and slow. JSON only: no form of another site's page."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        told = f"the body must be application/json, not {kind[:60] or 'nothing'}."
        raise ApiError(415, told, code="unsupported_media_type")
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > settings.body:
        raise _too_large(settings)
    parts, size = [], 0
    try:
        async with asyncio.timeout(settings.read_seconds):
            async for part in request.stream():
                size += len(part)
                if size > settings.body:
                    raise _too_large(settings)
                parts.append(part)
    except TimeoutError:
        raise ApiError(408, "the body did not arrive in time.", code="body_timeout") from None
    return b"".join(parts)


def _too_large(settings: Settings) -> ApiError:
    return ApiError(413, f"a body may have {settings.body} bytes.", code="body_too_large")


class JsonLines(logging.Formatter):
    """One JSON object a line: nothing a client sends can forge another line, or move a terminal's cursor."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=True)
