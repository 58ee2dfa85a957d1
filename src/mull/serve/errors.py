"""Errors as OpenAI's clients know them: a status, a type, a code, and one line that says what to do.

Clients of OpenAI's kind try again after 408, 409, 429 and everything from 500 on. Where that would only cost
another long generation, the answer carries `x-should-retry: false`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from mull.errors import ModelError, MullError

TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "invalid_request_error",
    415: "invalid_request_error",
    429: "rate_limit_error",
    431: "invalid_request_error",
    500: "server_error",
    503: "service_unavailable_error",
}

_FIELD = re.compile(r"\d+|(?!(?:str|int|float|bool|list|dict)$)[a-z_][a-z0-9_]*")  # no tag of a union's part


class ApiError(MullError):
    """What a request is answered with instead of what it asked for.

    param  the field that is wrong; code  for programs; retry  seconds after which to try again, if ever;
    allow  the methods that a path has
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str,
        param: str | None = None,
        retry: int | None = None,
        allow: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.param, self.retry, self.allow = status, code, param, retry, allow

    @property
    def body(self) -> dict[str, Any]:
        kind = TYPES.get(self.status, "invalid_request_error")
        return {"error": {"message": str(self), "type": kind, "param": self.param, "code": self.code}}

    @property
    def headers(self) -> dict[str, str]:
        if self.allow is not None:
            return {"allow": self.allow}
        if self.retry is not None:
            return {"retry-after": str(self.retry)}
        return {"x-should-retry": "false"} if self.status >= 429 else {}


class Problem(BaseModel):
    """What went wrong: a line for people, a code for programs, and the field that is meant."""

    message: str
    type: str
    param: str | None
    code: str


class ErrorBody(BaseModel):
    """Every error has this form."""

    error: Problem


def wrong(param: str, message: str, code: str = "invalid_value") -> ApiError:
    """A request that cannot be done as it is written."""
    return ApiError(400, f"{param}: {message}", code=code, param=param)


def _vague(error: Mapping[str, Any]) -> tuple[bool, bool]:
    """Of the errors of a union's parts, the one that says most comes first."""
    return not error["type"].startswith("too_"), error["type"].endswith("_type")


def of_exception(error: BaseException) -> ApiError:
    """What a client is told of an error. What we did not raise on purpose keeps its details to the log."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, BaseExceptionGroup):
        return of_exception(error.exceptions[0])
    if isinstance(error, HTTPException):
        codes = {404: "not_found", 405: "method_not_allowed"}
        allow = (error.headers or {}).get("Allow")
        code = codes.get(error.status_code, "bad_request")
        return ApiError(error.status_code, error.detail, code=code, allow=allow)
    if isinstance(error, ValidationError):
        errors = error.errors(include_url=False, include_input=False, include_context=False)
        first = min(errors, key=_vague)
        param = ".".join(str(part) for part in first["loc"] if _FIELD.fullmatch(str(part)))[:200]
        return ApiError(
            400, f"{param or 'body'}: {first['msg']}"[:400], code="invalid_value", param=param or None
        )
    if isinstance(error, ModelError):
        return ApiError(500, str(error), code="model_error")
    if isinstance(error, MullError):
        return ApiError(400, str(error), code="invalid_request")
    return ApiError(500, "this request failed inside the server; its log says why.", code="internal_error")
