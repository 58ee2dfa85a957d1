"""From messages to prompt ids, in plain Python: no Jinja, so no template is ever run.

The scaffold's control tokens are put in by id and contents are tokenised apart from it, so no
content can end its turn or open another. Old thoughts are dropped from the history, as the models'
own templates do. Two scaffolds: ChatML (Qwen, QwQ, the embedded model) and DeepSeek's
(R1-Distill), chosen by the control tokens the tokenizer has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mull.errors import MullError
from mull.model.formats import Format, Tagged
from mull.model.tokenizer import Tokenizer


class ChatError(MullError):
    """Messages that cannot be made into a prompt."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. `role` is "system", "user" or "assistant"; `thoughts` only an assistant has."""

    role: str
    content: str
    thoughts: str = ""


@dataclass(frozen=True, slots=True)
class Scaffold:
    """What stands around the turns, by role."""

    begin: str
    before: Mapping[str, str]
    after: Mapping[str, str]


_ROLES = ("system", "user", "assistant")

CHATML = Scaffold(
    begin="",
    before={role: f"<|im_start|>{role}\n" for role in _ROLES},
    after=dict.fromkeys(_ROLES, "<|im_end|>\n"),
)
DEEPSEEK = Scaffold(
    begin="<｜begin▁of▁sentence｜>",
    before={"system": "", "user": "<｜User｜>", "assistant": "<｜Assistant｜>"},
    after={"system": "", "user": "", "assistant": "<｜end▁of▁sentence｜>"},
)


def render(
    messages: Sequence[Message],
    tokenizer: Tokenizer,
    *,
    format: Format,
    think: bool = True,
    system: str | None = None,
    continue_final: bool = False,
) -> list[int]:
    """Ids of the whole prompt, up to where the assistant goes on.

    system          put before the messages; None: the format's own; "" for none at all
    think           False closes the thoughts before they begin (tagless models cannot be stopped so)
    continue_final  the last message is the assistant's beginning: its thoughts, and if it has a
                    content, that too, stay open for the model to continue

    Raises ChatError for messages no prompt can be made of, CheckpointError where the tokenizer
    lacks the scaffold's control tokens.
    """
    scaffold = _scaffold(tokenizer)
    _check(messages, scaffold)
    turns = _with_system(messages, format.system if system is None else system, given=system is not None)
    final = None
    if continue_final:
        *turns, final = turns
        if final.role != "assistant":
            raise ChatError(f"continue_final needs the assistant's message last, found {final.role!r}.")
    ids = tokenizer.scaffold(scaffold.begin)
    for turn in turns:
        ids += tokenizer.scaffold(scaffold.before[turn.role])
        ids += tokenizer.encode(_history(turn, format))
        ids += tokenizer.scaffold(scaffold.after[turn.role])
    ids += tokenizer.scaffold(scaffold.before["assistant"])
    return ids + _begun(final or Message("assistant", ""), tokenizer, format, think)


def _scaffold(tokenizer: Tokenizer) -> Scaffold:
    if DEEPSEEK.before["user"] in tokenizer.control:
        return DEEPSEEK
    for token in ("<|im_start|>", "<|im_end|>"):
        tokenizer.control_id(token)
    return CHATML


def _with_system(messages: Sequence[Message], system: str, *, given: bool) -> list[Message]:
    has_own = messages[0].role == "system"
    if has_own and given:
        raise ChatError("the system prompt is given twice: as an option and as the first message.")
    return [*messages] if has_own or not system else [Message("system", system), *messages]


def _check(messages: Sequence[Message], scaffold: Scaffold) -> None:
    if all(message.role == "system" for message in messages):
        raise ChatError("there is no message to answer.")
    for place, message in enumerate(messages):
        if message.role not in _ROLES:
            raise ChatError(f"message {place}: unknown role {message.role!r:.40}; use {', '.join(_ROLES)}.")
        if not isinstance(message.content, str) or not isinstance(message.thoughts, str):
            raise ChatError(f"message {place}: content and thoughts must be text.")
        if message.role == "system" and place and scaffold is DEEPSEEK:
            raise ChatError(f"message {place}: this model takes a system prompt only as the first message.")


def _history(turn: Message, format: Format) -> str:
    """A past turn's content; an assistant's inline thoughts go, as in the models' templates."""
    if turn.role == "assistant" and isinstance(format, Tagged) and format.close in turn.content:
        return turn.content.rpartition(format.close)[2].lstrip("\n")
    return turn.content


def _begun(final: Message, tokenizer: Tokenizer, format: Format, think: bool) -> list[int]:
    """The assistant's turn so far: thoughts alone stay open, a content follows closed thoughts."""
    if not final.thoughts:
        opening = format.opening(think=think and not final.content)
        return tokenizer.scaffold(opening) + tokenizer.encode(final.content)
    begin = tokenizer.scaffold(f"{format.open}\n" if isinstance(format, Tagged) else "")
    ids = begin + tokenizer.encode(final.thoughts)
    if final.content:
        ids += tokenizer.scaffold(format.closing) + tokenizer.encode(final.content)
    return ids
