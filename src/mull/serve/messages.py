"""Messages as clients send them, to messages as the model gets them.

Text only: a part that is no text is refused, and no address in it is ever fetched. Thoughts in the history
are accepted under every name and left out, as the models' own templates do (QwQ's usage rule 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from mull.model.chat import Message
from mull.serve.errors import ApiError, wrong
from mull.serve.fields import Open, Text


class Part(Open):
    """A part of a message's content; `type` must be a kind of text."""

    type: Annotated[str, Field(max_length=64)]
    text: Text | None = None
    refusal: Text | None = None


class ChatMessage(Open):
    """One message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Text | list[Part] | None = None
    reasoning: Any = None
    reasoning_content: Any = None
    reasoning_details: Any = None
    refusal: Text | None = None
    name: Annotated[str, Field(max_length=256)] | None = None
    tool_calls: list[Any] | None = None

    @property
    def unused(self) -> tuple[str, ...]:
        return () if self.name is None else ("name",)


_TEXTS = ("text", "input_text", "output_text", "refusal")
_ROLES = {"developer": "system"}


def of_chat(messages: Sequence[ChatMessage]) -> tuple[Message, ...]:
    """The conversation. Raises ApiError for what no model here can read."""
    made = []
    for place, message in enumerate(messages):
        where = f"messages.{place}"
        if message.role == "tool" or message.tool_calls:
            raise wrong(where, "tools are not offered here; leave their messages out.", "unsupported_content")
        text = text_of(message.content, f"{where}.content")
        if message.role == "assistant" and not text:
            text = message.refusal or ""
        made.append(Message(_ROLES.get(message.role, message.role), text))
    if all(message.role == "system" for message in made):
        raise wrong("messages", "there is no message to answer.")
    if not made[-1].content.strip():
        raise wrong(f"messages.{len(made) - 1}.content", "the last message is empty.")
    return tuple(made)


def text_of(content: str | Sequence[Part] | None, where: str) -> str:
    """The text of a content."""
    if content is None or isinstance(content, str):
        return content or ""
    texts = []
    for place, part in enumerate(content):
        if part.type not in _TEXTS:
            told = f"{where}.{place}: a part of type {part.type[:40]!r} cannot be read; only text can."
            raise ApiError(400, told, code="unsupported_content", param=f"{where}.{place}")
        texts.append(part.text or part.refusal or "")
    return "\n".join(texts)
