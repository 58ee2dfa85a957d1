"""What is asked: the conversation, and where a task is known, how an answer to it is scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mull.engine.chain import Engine
from mull.errors import MullError
from mull.model import chat
from mull.model.chat import Message
from mull.model.formats import Tagged


@dataclass(frozen=True, slots=True)
class Question:
    """A conversation whose last message is to be answered.

    score  for a task with a scorer of its own: an answer's text to 0.0 or 1.0
    """

    messages: tuple[Message, ...]
    system: str | None = None
    score: Callable[[str], float] | None = None

    @classmethod
    def of(cls, asked: str | Sequence[Message] | Question, *, system: str | None = None) -> Question:
        """From a text, or a conversation. Raises MullError if there is nothing to answer."""
        if isinstance(asked, Question):
            return asked
        messages = (Message("user", asked),) if isinstance(asked, str) else tuple(asked)
        if not messages or not messages[-1].content.strip():
            raise MullError("the question is empty.")
        return cls(messages, system)

    @property
    def text(self) -> str:
        """The last message."""
        return self.messages[-1].content

    def prompt(self, engine: Engine, *, think: bool = True) -> list[int]:
        """Its token ids for this model. Where the prompt opens the thoughts, `follow` closes them."""
        think = think or (isinstance(engine.format, Tagged) and engine.format.starts_open)
        return chat.render(
            list(self.messages), engine.tokenizer, format=engine.format, system=self.system, think=think
        )

    def instead(self, text: str) -> Question:
        """The same conversation with another last message."""
        return replace(self, messages=(*self.messages[:-1], Message("user", text)), score=None)
