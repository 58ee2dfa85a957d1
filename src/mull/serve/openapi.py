"""/openapi.json, made from the models that requests are read with: it cannot say what is not so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from mull import __version__
from mull.serve.chat import ChatRequest
from mull.serve.completions import CompletionRequest
from mull.serve.control import ControlRequest
from mull.serve.door import PUBLIC
from mull.serve.errors import ErrorBody
from mull.serve.responses import ResponsesRequest
from mull.serve.shapes import (
    ChatCompletion,
    Controlled,
    Model,
    ModelList,
    PolicyBody,
    ResponseBody,
    Status,
    TextCompletion,
)

REF = "#/components/schemas/{model}"
ERRORS = {
    400: "It cannot be done as it is written",
    401: "No valid key",
    403: "Not here: another host's name, or an operator's policy",
    404: "There is no such thing",
    408: "The body came too slowly",
    413: "The body is too large",
    415: "The body is no JSON",
    429: "No room: come back later",
    431: "The headers are too large",
    500: "It failed",
    503: "The server is closing",
}
OF_ALL = (401, 403, 404, 431, 503)  # the others only happen where there is a body


@dataclass(frozen=True, slots=True)
class Operation:
    """What one path does. `streams`: with `stream` the answer comes as server-sent events."""

    path: str
    about: str
    gives: type[BaseModel] | str
    takes: type[BaseModel] | None = None
    streams: bool = False


OPERATIONS = (
    Operation("/v1/chat/completions", "Answer a conversation", ChatCompletion, ChatRequest, streams=True),
    Operation(
        "/v1/responses", "Answer, thoughts as an item of their own", ResponseBody, ResponsesRequest, True
    ),
    Operation(
        "/v1/completions", "Go on from text or token ids", TextCompletion, CompletionRequest, streams=True
    ),
    Operation("/v1/chat/completions/{id}/control", "Tell a running request", Controlled, ControlRequest),
    Operation("/v1/chat/completions/control", "The same, as llama.cpp has it", Controlled, ControlRequest),
    Operation("/v1/models", "Which models there are", ModelList),
    Operation("/v1/models/{name}", "One of them", Model),
    Operation("/health", "Whether the server lives", Status),
    Operation("/ready", "Whether it takes requests", Status),
    Operation("/metrics", "Numbers for Prometheus", "text/plain"),
    Operation("/policy", "The operator's rules", PolicyBody),
)


def document(*, locked: bool) -> dict[str, Any]:
    """The whole document, OpenAPI 3.1. `locked`: whether the server has keys."""
    takes = {each.takes for each in OPERATIONS if each.takes}
    gives = {each.gives for each in OPERATIONS if not isinstance(each.gives, str)} | {ErrorBody}
    named = sorted([*((m, "validation") for m in takes), *((m, "serialization") for m in gives)], key=str)
    _, schemas = models_json_schema(named, ref_template=REF)  # type: ignore[arg-type]
    paths: dict[str, Any] = {}
    for each in OPERATIONS:
        paths[each.path] = {"post" if each.takes else "get": _operation(each, locked)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "mull", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(each: Operation, locked: bool) -> dict[str, Any]:
    if isinstance(each.gives, str):
        content: dict[str, Any] = {each.gives: {"schema": {"type": "string"}}}
    else:
        content = {"application/json": {"schema": _ref(each.gives)}}
    if each.streams:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    errors = {str(code): _error(why) for code, why in ERRORS.items() if each.takes or code in OF_ALL}
    made: dict[str, Any] = {
        "summary": each.about,
        "responses": {"200": {"description": "Done", "content": content}, **errors},
        "security": [{"key": []}] if locked and each.path not in PUBLIC else [],
    }
    if each.takes:
        body = {"application/json": {"schema": _ref(each.takes)}}
        made["requestBody"] = {"required": True, "content": body}
    if "{" in each.path:
        name = each.path.partition("{")[2].partition("}")[0]
        schema = {"type": "string", "minLength": 1, "maxLength": 100}
        made["parameters"] = [{"name": name, "in": "path", "required": True, "schema": schema}]
    return made


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REF.format(model=model.__name__)}


def _error(why: str) -> dict[str, Any]:
    return {"description": why, "content": {"application/json": {"schema": _ref(ErrorBody)}}}
