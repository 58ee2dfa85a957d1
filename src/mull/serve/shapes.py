"""What answers look like, for the OpenAPI document; a test holds real answers against it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """A part of an answer; clients must expect further fields."""

    model_config = ConfigDict(extra="allow")


class Tokens(Shape):
    """Counts of tokens. Those generated are of all samples, checks and probes, kept or not."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: dict[str, int]
    completion_tokens_details: dict[str, int] | None = None


class Told(Shape):
    """What mull has to say about an answer: see docs/serving.md."""

    strategy: dict[str, Any]
    guard: dict[str, Any]
    verification: dict[str, Any]
    policy: dict[str, Any] | None
    budget: dict[str, Any]
    seed: int
    status: str | None = None
    final: str | None = None
    confidence: float | None = None
    warnings: list[str] | None = None


class AssistantMessage(Shape):
    """Thoughts stand in both fields, unless the request or the server chooses otherwise."""

    role: Literal["assistant"]
    content: str
    reasoning: str | None = None
    reasoning_content: str | None = None
    refusal: str | None


class ChatChoice(Shape):
    index: int
    message: AssistantMessage
    logprobs: Any
    finish_reason: Literal["stop", "length"]
    ext: Told


class ChatCompletion(Shape):
    """An answer in one piece."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    system_fingerprint: str
    choices: list[ChatChoice]
    usage: Tokens


class CompletionChoice(Shape):
    index: int
    text: str
    logprobs: dict[str, list[Any]] | None
    finish_reason: Literal["stop", "length"]
    stop_reason: str | int | None
    token_ids: list[int] | None = None
    prompt_token_ids: list[int] | None = None


class TextCompletion(Shape):
    """What the model has written behind a prompt."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: Tokens


class ResponseBody(Shape):
    """A response: thoughts, if there are any, and the answer, as items of `output`."""

    id: str
    object: Literal["response"]
    created_at: int
    status: Literal["completed", "incomplete"]
    model: str
    output: list[dict[str, Any]]
    usage: dict[str, Any]
    ext: Told


class Model(Shape):
    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    context_length: int


class ModelList(Shape):
    object: Literal["list"]
    data: list[Model]


class Controlled(Shape):
    """A running request was told something."""

    id: str
    action: str
    success: bool


class Status(Shape):
    status: str


class PolicyBody(Shape):
    """The operator's rules, with a digest of them all; null where there are none."""

    policy: dict[str, Any] | None
