"""The application: which path leads where, and what lives as long as the server does."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from mull.engine import Engine
from mull.serve import told
from mull.serve.ask import Ask, check
from mull.serve.chat import ChatRequest, Form
from mull.serve.config import Settings
from mull.serve.control import Action
from mull.serve.door import Door, body_of
from mull.serve.errors import ApiError, wrong
from mull.serve.fields import Ours, Short
from mull.serve.limits import Places
from mull.serve.run import Run
from mull.serve.wire import Event, EventStream, Json, whole

PAGE = Path(__file__).parent / "page"
PAGE_FILES = {"/": "index.html", "/page.js": "page.js", "/page.css": "page.css"}
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css"}
HINT = 4096  # characters


class ControlRequest(Ours):
    """What is said to a running request; `reasoning_end` is llama.cpp's name for `answer_now`."""

    action: Literal["answer_now", "think_more", "hint", "stop", "reasoning_end"]
    text: str = ""
    id: Short | None = None


class Server:
    """An engine, its places, and the requests that are running on it."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine, self.settings = engine, settings
        self.places = Places(
            settings.running,
            settings.waiting,
            per_caller=settings.running_per_key,
            per_minute=settings.per_minute,
        )
        own = engine.model.get("name", "mull")
        self.names = settings.names or (own, *(("mull",) if own != "mull" else ()))
        self.runs: dict[str, Run] = {}
        policy = settings.policy.digest if settings.policy else ""
        known = f"{engine.model.get('fingerprint', '')}/{policy}"
        self.fingerprint = "fp_" + hashlib.sha256(known.encode()).hexdigest()[:12]

    def app(self) -> ASGIApp:
        """What a web server runs."""
        routes = [
            Route("/v1/chat/completions", self.chat, methods=["POST"]),
            Route("/v1/chat/completions/control", self.control, methods=["POST"]),
            Route("/v1/chat/completions/{id}/control", self.control, methods=["POST"]),
            Route("/v1/models", self.models),
            Route("/v1/models/{name:path}", self.models),
            Route("/health", self.health),
            Route("/ready", self.ready),
            *(Route(path, self.page) for path in PAGE_FILES),
        ]
        return Door(Router(routes, redirect_slashes=False), self.settings)

    # Routes

    async def chat(self, request: Request) -> Response:
        body = await _read(request, self.settings, ChatRequest)
        run = await self._run(request, body.model, body.ask(self.settings), "chatcmpl-")
        form = Form(run, body, self._name(body.model), self.fingerprint, body.field(self.settings))
        if not body.stream:
            await whole(request, run)
            return Json(form.whole(), headers=told.headers(run))

        async def events() -> AsyncIterator[list[Event]]:
            yield [(None, chunk) for chunk in form.first()]
            async for items in run.items():
                yield [(None, chunk) for chunk in form.chunks(items)]
            yield [*((None, chunk) for chunk in form.last()), (None, "[DONE]")]

        return self._stream(run, events, lambda problem: (None, problem.body))

    async def control(self, request: Request) -> Response:
        said = await _read(request, self.settings, ControlRequest)
        id = request.path_params.get("id") or said.id or ""
        run = self.runs.get(id)
        if run is None or run.caller != request.state.caller:
            raise ApiError(404, "no such request of yours is running.", code="not_running", param="id")
        if (said.action == "hint") != bool(said.text.strip()) or len(said.text) > HINT:
            raise wrong("text", f"a hint, and nothing else, has a text, of at most {HINT} characters.")
        action: Action = "answer_now" if said.action == "reasoning_end" else said.action
        run.wish(action, said.text.strip())
        return Json({"id": run.id, "action": action, "success": True})

    async def models(self, request: Request) -> Response:
        about = {
            "object": "model",
            "created": 0,
            "owned_by": "mull",
            "context_length": self.engine.context,
            "ext": dict(self.engine.model),
        }
        if name := request.path_params.get("name"):
            return Json({"id": self._name(name), **about})
        return Json({"object": "list", "data": [{"id": name, **about} for name in self.names]})

    async def health(self, request: Request) -> Response:
        return Json({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        if self.places.closed:
            raise ApiError(503, "the server is shutting down.", code="shutting_down", retry=10)
        return Json({"status": "ready", "running": len(self.runs), "waiting": self.places.waiting})

    async def page(self, request: Request) -> Response:
        file = PAGE / PAGE_FILES[request.url.path]
        if not file.is_file():
            raise ApiError(404, "this installation has no page.", code="not_found")
        return FileResponse(file, media_type=TYPES[file.suffix], headers={"cache-control": "no-cache"})

    def close(self) -> None:
        """Let nobody in any more, and have those who are in answer now."""
        self.places.closed = True
        for run in list(self.runs.values()):
            run.wish("answer_now")

    # What routes share

    async def _run(self, request: Request, model: str | None, ask: Ask, prefix: str) -> Run:
        """A run that has begun. Raises ApiError where it cannot, before anything is computed."""
        self._name(model)
        await check(ask, self.engine)
        caller = request.state.caller
        self.places.admit(caller)
        run = Run(
            ask,
            self.engine,
            self.places,
            caller=caller,
            salt=b"" if caller == "local" else caller.encode(),
            prefix=prefix,
            policy=self.settings.policy,
            over=self._over,
        )
        self.runs[run.id] = run
        request.state.facts["id"] = run.id
        return run

    def _over(self, run: Run) -> None:
        del self.runs[run.id]

    def _stream(
        self,
        run: Run,
        events: Callable[[], AsyncIterator[list[Event]]],
        failed: Callable[[ApiError], Event],
    ) -> EventStream:
        return EventStream(
            run,
            events,
            streams=lambda: len(self.runs),
            seconds=self.settings.send_seconds,
            headers=told.headers(run),
            failed=failed,
        )

    def _name(self, model: str | None) -> str:
        """The name that the answer gives the model. Raises ApiError for a model that is not here."""
        if model is not None and model not in self.names:
            here = ", ".join(self.names)
            raise ApiError(
                404, f"no model {model[:100]!r} here: use {here}.", code="model_not_found", param="model"
            )
        return model or self.names[0]


B = TypeVar("B", bound=BaseModel)


async def _read(request: Request, settings: Settings, kind: type[B]) -> B:
    """The body as one of these, or the error that says what is wrong with it."""
    return kind.model_validate_json(await body_of(request, settings))
