"""The application: which path leads where, and what lives as long as the server does."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from mull.engine import Engine
from mull.serve import told
from mull.serve.answering import Answering
from mull.serve.ask import check
from mull.serve.chat import ChatForm, ChatRequest
from mull.serve.completing import Completing
from mull.serve.completions import CompletionForm, CompletionRequest
from mull.serve.config import Settings
from mull.serve.control import Action, ControlRequest
from mull.serve.door import Door, body_of
from mull.serve.errors import ApiError, wrong
from mull.serve.limits import Places
from mull.serve.metrics import Counts
from mull.serve.openapi import document
from mull.serve.responses import ResponsesForm, ResponsesRequest
from mull.serve.run import House, Run
from mull.serve.wire import EventStream, Form, Json, whole

PAGE = Path(__file__).parent / "page"
PAGE_FILES = {"/": "index.html", "/page.js": "page.js", "/page.css": "page.css"}
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css"}

B = TypeVar("B", bound=BaseModel)
R = TypeVar("R", bound=Run[Any])


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
        self.counts = Counts(engine)
        self.runs: dict[str, Run[Any]] = {}
        self.streams: set[Run[Any]] = set()  # those of them that send text while it comes
        policy = settings.policy.digest if settings.policy else ""
        known = f"{engine.model.get('fingerprint', '')}/{policy}"
        self.fingerprint = "fp_" + hashlib.sha256(known.encode()).hexdigest()[:12]

    def app(self) -> Door:
        """What a web server runs."""
        routes = [
            Route("/v1/chat/completions", self.chat, methods=["POST"]),
            Route("/v1/chat/completions/control", self.control, methods=["POST"]),
            Route("/v1/chat/completions/{id}/control", self.control, methods=["POST"]),
            Route("/v1/completions", self.completions, methods=["POST"]),
            Route("/v1/responses", self.responses, methods=["POST"]),
            Route("/v1/models", self.models),
            Route("/v1/models/{name:path}", self.models),
            Route("/health", self.health),
            Route("/ready", self.ready),
            Route("/metrics", self.metrics),
            Route("/policy", self.policy),
            Route("/openapi.json", self.openapi),
            *(Route(path, self.page) for path in PAGE_FILES),
        ]
        return Door(routes, self.settings)

    # Routes

    async def chat(self, request: Request) -> Response:
        body = await _read(request, self.settings, ChatRequest)
        run, headers = await self._answering(body, request, "chatcmpl-")
        form = ChatForm(run, body, self._name(body.model), self.fingerprint, body.field(self.settings))
        return await self._reply(request, run, form, body.stream, headers)

    async def responses(self, request: Request) -> Response:
        body = await _read(request, self.settings, ResponsesRequest)
        run, headers = await self._answering(body, request, "resp_")
        form = ResponsesForm(run, body, self._name(body.model))
        return await self._reply(request, run, form, body.stream, headers)

    async def completions(self, request: Request) -> Response:
        body = await _read(request, self.settings, CompletionRequest)
        model = self._name(body.model)
        if self.settings.policy:
            why = "raw completions are not offered under an operator's policy; use chat completions."
            raise ApiError(403, why, code="policy")
        asked = await asyncio.to_thread(body.complete, self.engine)  # tokenising may take a while
        run = self._begun(Completing(asked, self._house(request)), request)
        form = CompletionForm(run, body, self.engine, model, self.fingerprint)
        return await self._reply(request, run, form, body.stream, told.headers(body.ignored))

    async def control(self, request: Request) -> Response:
        said = await _read(request, self.settings, ControlRequest)
        id = request.path_params.get("id") or said.id or ""
        run = self.runs.get(id)
        if run is None or run.caller != request.state.caller:
            raise ApiError(404, "no such request of yours is running.", code="not_running", param="id")
        if (said.action == "hint") != bool(said.text.strip()):
            raise wrong("text", "a hint has a text, and nothing else has one.")
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

    async def policy(self, _: Request) -> Response:
        policy = self.settings.policy
        return Json({"policy": None if policy is None else {**asdict(policy), "digest": policy.digest}})

    async def openapi(self, _: Request) -> Response:
        return Json(document(locked=bool(self.settings.keys)))

    async def metrics(self, _: Request) -> Response:
        text, kind = self.counts.text(len(self.runs), self.places.waiting)
        return Response(text, media_type=kind)

    async def health(self, _: Request) -> Response:
        return Json({"status": "ok"})

    async def ready(self, _: Request) -> Response:
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
            run.hurry()

    # What routes share

    async def _answering(
        self, body: ChatRequest | ResponsesRequest, request: Request, prefix: str
    ) -> tuple[Answering, dict[str, str]]:
        """A run that has begun, and the headers that are known by now."""
        self._name(body.model)
        ask, policy = body.ask(self.settings), self.settings.policy
        await check(ask, self.engine)
        run = self._begun(Answering(ask, self._house(request), policy, prefix=prefix), request)
        return run, told.headers(ask.ignored, policy.apply(ask.question) if policy else None)

    def _house(self, request: Request) -> House:
        """Where the caller's run takes place. Raises ApiError where there is not even room to wait."""
        caller = request.state.caller
        self.places.admit(caller)
        salt = b"" if caller == "local" else caller.encode()
        return House(self.engine, self.places, caller, salt, self._over)

    def _begun(self, run: R, request: Request) -> R:
        self.runs[run.id] = run
        request.state.facts["id"] = run.id
        return run

    def _over(self, run: Run[Any]) -> None:
        del self.runs[run.id]
        self.counts.over(run)

    async def _reply(
        self, request: Request, run: Run[Any], form: Form, stream: bool | None, headers: Mapping[str, str]
    ) -> Response:
        """What comes of a run: at its end, or as it comes."""
        if not stream:
            await whole(request, run)
            return Json(form.whole(), headers=headers)
        seconds = self.settings.send_seconds
        return EventStream(run, form, streams=self.streams, seconds=seconds, headers=headers)

    def _name(self, model: str | None) -> str:
        """The name that the answer gives the model. Raises ApiError for a model that is not here."""
        if model is not None and model not in self.names:
            here = ", ".join(self.names)
            raise ApiError(
                404, f"no model {model[:100]!r} here: use {here}.", code="model_not_found", param="model"
            )
        return model or self.names[0]


async def _read(request: Request, settings: Settings, kind: type[B]) -> B:
    """The body as one of these, or the error that says what is wrong with it."""
    return kind.model_validate_json(await body_of(request, settings))
