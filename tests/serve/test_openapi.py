"""The OpenAPI document, against the routes there are and the answers that come."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from mull.serve.app import PAGE_FILES
from mull.serve.errors import ErrorBody
from mull.serve.openapi import OPERATIONS, document
from mull.serve.shapes import ChatCompletion, ModelList, ResponseBody, TextCompletion
from tests.serve.house import House, house


def test_every_route_is_in_it_and_nothing_else(served: House) -> None:
    from mull.serve.door import Door

    app = served.server.app()
    assert isinstance(app, Door)
    routes = {route.path.replace(":path", "") for route in app.routes}
    assert routes - {"/openapi.json", *PAGE_FILES} == {each.path for each in OPERATIONS}


def test_all_that_it_refers_to_is_there() -> None:
    found = document(locked=False)
    schemas = found["components"]["schemas"]

    def follow(part: Any) -> None:
        if isinstance(part, dict):
            if "$ref" in part:
                assert part["$ref"].rpartition("/")[2] in schemas
            for value in part.values():
                follow(value)
        elif isinstance(part, list):
            for value in part:
                follow(value)

    follow(found)
    assert found["openapi"] == "3.1.0"


@pytest.mark.parametrize(
    ("path", "body", "shape"),
    [("/v1/chat/completions", {"messages": [{"role": "user", "content": "2+2?"}], "n": 2}, ChatCompletion),
     ("/v1/responses", {"input": "2+2?"}, ResponseBody),
     ("/v1/completions", {"prompt": "x", "logprobs": 2, "return_token_ids": True}, TextCompletion),
     ("/v1/models", None, ModelList),
     ("/v1/chat/completions", {"messages": 3}, ErrorBody)],
)  # fmt: skip
def test_answers_are_as_it_says(served: House, path: str, body: Any, shape: type[BaseModel]) -> None:
    reply = served.call("POST" if body else "GET", path, body)
    shape.model_validate(reply.json, strict=True)


def test_every_path_but_the_public_ones_needs_the_key() -> None:
    with house(keys=("key-of-anna",)) as served:
        for path, methods in document(locked=True)["paths"].items():
            for method, about in methods.items():
                status = served.call(method.upper(), path.format(id="x", name="y"), {}).status
                assert (status == 401) == bool(about["security"]), path
        assert served.call("GET", "/openapi.json").status == 401


def test_another_method_is_told_which_there_are(served: House) -> None:
    reply = served.call("DELETE", "/v1/chat/completions")
    assert (reply.status, reply.headers["allow"]) == (405, "POST")
    assert served.call("GET", "/v2/chat").status == 404
