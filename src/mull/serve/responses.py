"""/v1/responses: OpenAI's newer form, in which thoughts are an item of their own before the answer's.

Nothing is stored: a conversation is sent whole each time. What a rescue takes back of a stream is not told
event by event; the events that end an item say how it reads in the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from mull.model.formats import Kind
from mull.serve.answering import Answering, Item
from mull.serve.ask import Ask
from mull.serve.config import Settings
from mull.serve.errors import ApiError, wrong
from mull.serve.fields import Open, Request, Some, Text
from mull.serve.messages import ChatMessage, Part, of_chat
from mull.serve.told import ext, finish_reason
from mull.serve.voice import Said
from mull.serve.wire import Event
from mull.think.question import Question


class InputItem(Open):
    """A message, or thoughts of an earlier answer, which are left out."""

    type: Annotated[str, Field(max_length=64)] = "message"
    role: Literal["system", "developer", "user", "assistant"] | None = None
    content: Text | list[Part] | None = None


class TextFormat(Open):
    type: Annotated[str, Field(max_length=64)]


class TextOptions(Open):
    format: TextFormat | None = None


class ResponsesRequest(Request):
    """What is to be answered: a text, or the items of a conversation."""

    input: Text | Annotated[list[InputItem], Field(min_length=1, max_length=4096)]
    instructions: Text | None = None
    max_output_tokens: Some | None = None
    text: TextOptions | None = None
    tools: list[Any] | None = Field(None, max_length=1024)
    tool_choice: Any = None
    store: bool | None = None
    background: bool | None = None
    previous_response_id: Annotated[str, Field(max_length=256)] | None = None
    conversation: Any = None

    @property
    def unused(self) -> tuple[str, ...]:
        return ("store",) if self.store else ()

    def ask(self, settings: Settings) -> Ask:
        """What the engine is asked. Raises ApiError where fields contradict each other or cannot be met."""
        self._refuse()
        return self.asking(settings, Question(of_chat(self._messages())), tokens=self.max_output_tokens)

    def _messages(self) -> list[ChatMessage]:
        said = [ChatMessage(role="system", content=self.instructions)] if self.instructions else []
        if isinstance(self.input, str):
            return [*said, ChatMessage(role="user", content=self.input)]
        for place, item in enumerate(self.input):
            if item.type == "reasoning":
                continue
            if item.type != "message":
                told = f"input.{place}: an item of type {item.type[:40]!r} cannot be read; messages can."
                raise ApiError(400, told, code="unsupported_content", param=f"input.{place}")
            if item.role is None:
                raise wrong(f"input.{place}.role", "must be system, developer, user or assistant.")
            said.append(ChatMessage(role=item.role, content=item.content))
        return said

    def _refuse(self) -> None:
        """What cannot be done is refused, not left out."""
        if self.previous_response_id or self.conversation is not None:
            name = "previous_response_id" if self.previous_response_id else "conversation"
            raise wrong(name, "nothing is stored here; send the conversation.", "unsupported_parameter")
        if self.background:
            raise wrong("background", "nothing is stored here.", "unsupported_parameter")
        if self.tools and self.tool_choice != "none":
            raise wrong("tools", "tools are not offered here.", "unsupported_parameter")
        if self.text and self.text.format and self.text.format.type != "text":
            told = "answers cannot be held to a format here; ask for it in words."
            raise wrong("text.format", told, "unsupported_parameter")


class ResponsesForm:
    """Gives a run the form of responses."""

    def __init__(self, run: Answering, request: ResponsesRequest, model: str) -> None:
        self._run, self._request, self._model = run, request, model
        (self._choice,) = run.choices
        self._ids: dict[Kind, str] = {
            "thought": run.id.replace("resp_", "rs_"),
            "answer": run.id.replace("resp_", "msg_"),
        }
        self._open: Kind | None = None  # the item that is being written
        self._indices: dict[Kind, int] = {}  # of the items so far, in the order in which they began
        self._number = -1

    def whole(self) -> dict[str, Any]:
        """The response at its end."""
        reason = finish_reason(self._choice)
        kinds: list[Kind] = ["thought", "answer"] if self._thoughts else ["answer"]
        return {
            **self._head("completed" if reason == "stop" else "incomplete"),
            "incomplete_details": None if reason == "stop" else {"reason": "max_output_tokens"},
            "output": [self._item(kind) for kind in kinds],
            "usage": self._usage(),
            "ext": ext(self._run, self._choice),
        }

    def first(self) -> Iterator[Event]:
        for name in ("response.created", "response.in_progress"):
            yield self._event(name, response=self._head("in_progress"))

    def events(self, items: Sequence[Item]) -> Iterator[Event]:
        """What has happened; neighbours of one kind become one delta."""
        at = 0
        while at < len(items):
            what = items[at].what
            at += 1
            if isinstance(what, dict):
                yield self._event("response.ext", ext={"trace": [what]})
            if not isinstance(what, Said) or (what.kind == "thought" and not self._thinks):
                continue
            text = what.text
            while at < len(items) and isinstance(more := items[at].what, Said) and more.kind == what.kind:
                text += more.text
                at += 1
            yield from self._begin(what.kind)
            name = "response.reasoning_text.delta" if what.kind == "thought" else "response.output_text.delta"
            yield self._event(name, **self._place(what.kind), delta=text, **self._logprobs(what.kind))

    def last(self) -> Iterator[Event]:
        yield from self._begin("answer")
        yield from self._end()
        whole = self.whole()
        yield self._event(f"response.{whole['status']}", response=whole)

    def failed(self, problem: ApiError) -> Event:
        """What a stream that fails ends with: flat, as OpenAI documents it, and as its client reads it."""
        return self._event("error", **{**problem.body["error"], **problem.body})

    @property
    def _thinks(self) -> bool:
        """Whether thoughts are wanted."""
        return not (self._request.reasoning and self._request.reasoning.exclude)

    @property
    def _thoughts(self) -> str:
        return self._choice.thoughts if self._thinks else ""

    def _begin(self, kind: Kind) -> Iterator[Event]:
        """Begin an item, unless it was begun before: a chain begun anew says more of the same items."""
        if kind in self._indices:
            return
        yield from self._end()
        self._open = kind
        index = self._indices[kind] = len(self._indices)
        yield self._event("response.output_item.added", output_index=index, item=self._item(kind, begun=True))
        if kind == "answer":
            part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
            yield self._event("response.content_part.added", **self._place(kind), part=part)

    def _end(self) -> Iterator[Event]:
        """End the open item."""
        kind = self._open
        if kind is None:
            return
        item = self._item(kind)
        text = item["content"][0]["text"]
        name = "response.reasoning_text.done" if kind == "thought" else "response.output_text.done"
        yield self._event(name, **self._place(kind), text=text, **self._logprobs(kind))
        if kind == "answer":
            yield self._event("response.content_part.done", **self._place(kind), part=item["content"][0])
        yield self._event("response.output_item.done", output_index=self._indices[kind], item=item)
        self._open = None

    def _place(self, kind: Kind) -> dict[str, Any]:
        return {"item_id": self._ids[kind], "output_index": self._indices[kind], "content_index": 0}

    def _logprobs(self, kind: Kind) -> dict[str, Any]:
        return {"logprobs": []} if kind == "answer" else {}

    def _item(self, kind: Kind, *, begun: bool = False) -> dict[str, Any]:
        status = "in_progress" if begun else "completed"
        if kind == "thought":
            content = [] if begun else [{"type": "reasoning_text", "text": self._thoughts}]
            made = {"type": "reasoning", "summary": [], "content": content}
        else:
            part = {"type": "output_text", "text": self._choice.text, "annotations": [], "logprobs": []}
            made = {"type": "message", "role": "assistant", "content": [] if begun else [part]}
        return {"id": self._ids[kind], "status": status, **made}

    def _head(self, status: str) -> dict[str, Any]:
        asked = self._request
        return {
            "id": self._run.id,
            "object": "response",
            "created_at": self._run.created,
            "status": status,
            "model": self._model,
            "error": None,
            "incomplete_details": None,
            "instructions": asked.instructions,
            "max_output_tokens": asked.max_output_tokens,
            "metadata": {},
            "output": [],
            "parallel_tool_calls": False,
            "previous_response_id": None,
            "reasoning": {"effort": asked.effort(), "summary": None},
            "store": False,
            "temperature": asked.temperature,
            "text": {"format": {"type": "text"}},
            "tool_choice": "none",
            "tools": [],
            "top_p": asked.top_p,
            "truncation": "disabled",
            "usage": None,
        }

    def _usage(self) -> dict[str, Any]:
        prompt, cached, generated, thoughts = self._run.tokens
        return {
            "input_tokens": prompt,
            "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
            "output_tokens": generated,
            "output_tokens_details": {"reasoning_tokens": thoughts},
            "total_tokens": prompt + generated,
        }

    def _event(self, name: str, **facts: Any) -> Event:
        self._number += 1
        return name, {**facts, "type": name, "sequence_number": self._number}
