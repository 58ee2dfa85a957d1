"""/v1/chat/completions: OpenAI's form, with the thoughts in both fields that clients look for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from mull.model.formats import Kind
from mull.serve.answering import Answering, Choice, Item
from mull.serve.ask import ONE_CHAIN, Ask
from mull.serve.chances import Places, chances
from mull.serve.claims import ClaimRecords
from mull.serve.config import ReasoningField, Settings
from mull.serve.errors import ApiError, wrong
from mull.serve.fields import Open, Request, Some, Stop, StreamOptions, TemplateKwargs, stops_of
from mull.serve.messages import ChatMessage, of_chat
from mull.serve.told import ext, finish_reason
from mull.serve.voice import Said, Unsaid
from mull.serve.wire import DONE, Event
from mull.think.question import Question

MAX_N = 8


class ResponseFormat(Open):
    type: Annotated[str, Field(max_length=64)]


class ChatRequest(Request):
    """A conversation whose last message is to be answered."""

    messages: list[ChatMessage] = Field(min_length=1, max_length=4096)
    n: Annotated[int, Field(ge=1, le=MAX_N)] | None = None
    max_completion_tokens: Some | None = None
    max_tokens: Some | None = None
    stop: Stop | Annotated[list[Stop], Field(max_length=4)] | None = None
    stream_options: StreamOptions | None = None
    chat_template_kwargs: TemplateKwargs | None = None
    chat_template: Any = None
    include_reasoning: bool | None = None
    separate_reasoning: bool | None = None
    stream_reasoning: bool | None = None
    reasoning_field: ReasoningField | None = None
    response_format: ResponseFormat | None = None
    tools: list[Any] | None = Field(None, max_length=1024)
    tool_choice: Any = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None

    @property
    def kwargs(self) -> TemplateKwargs:
        return self.chat_template_kwargs or TemplateKwargs()

    def ask(self, settings: Settings) -> Ask:
        """What the engine is asked. Raises ApiError where fields contradict each other or cannot be met."""
        self._refuse()
        old, new = self.max_tokens, self.max_completion_tokens
        if old is not None and new is not None and old != new:
            raise wrong("max_tokens", f"is {old}, but max_completion_tokens is {new}.", "contradiction")
        return self.asking(
            settings,
            Question(of_chat(self.messages)),
            n=self.n or 1,
            stops=stops_of(self.stop),
            tokens=new if new is not None else old,
            logprobs=(self.top_logprobs or 0) if self.logprobs else None,
        )

    def field(self, settings: Settings) -> ReasoningField:
        """Where its thoughts go."""
        if self.include_reasoning is False or (self.reasoning and self.reasoning.exclude):
            return "none"
        if self.separate_reasoning is False:
            return "inline"
        return self.reasoning_field or settings.reasoning

    def _refuse(self) -> None:
        """What cannot be done is refused, not left out."""
        if self.chat_template is not None:
            raise wrong("chat_template", "templates of requests are never run.", "unsupported_parameter")
        if self.tools and self.tool_choice != "none":
            raise wrong("tools", "tools are not offered here.", "unsupported_parameter")
        if self.response_format and self.response_format.type != "text":
            told = "answers cannot be held to a format here; ask for it in words."
            raise wrong("response_format", told, "unsupported_parameter")
        if self.top_logprobs and not self.logprobs:
            raise wrong("top_logprobs", "needs logprobs to be true.")
        if self.logprobs and self.how(programs=True)[0] != ONE_CHAIN:
            raise wrong("logprobs", "are told of a single chain only, the strategy think.")


class ChatForm:
    """Gives the runs of one request the form of chat completions."""

    def __init__(
        self, run: Answering, request: ChatRequest, model: str, fingerprint: str, field: ReasoningField
    ) -> None:
        self._run, self._request, self._field = run, request, field
        self._said: dict[int, Kind] = {}  # what each choice said last
        self._length = [0] * len(run.choices)  # of each answer, in characters, as far as it was said
        self._places = [Places(choice.voice) for choice in run.choices]
        self._told = [0] * len(run.choices)  # tokens of each answer whose chances were told
        self._claims = defaultdict[int, ClaimRecords](ClaimRecords)  # of each choice
        self._head = {
            "id": run.id,
            "created": run.created,
            "model": model,
            "system_fingerprint": fingerprint,
        }

    def whole(self) -> dict[str, Any]:
        """The answer in one piece."""
        choices = [
            {
                "index": choice.index,
                "message": self._message(choice),
                "logprobs": self._chances(choice, len(choice.text)),
                "finish_reason": finish_reason(choice),
                "ext": ext(self._run, choice),
            }
            for choice in self._run.choices
        ]
        return {"object": "chat.completion", **self._head, "choices": choices, "usage": self._usage()}

    def first(self) -> Iterator[Event]:
        """What a stream begins with."""
        for choice in self._run.choices:
            yield None, self._chunk(choice, {"role": "assistant", "content": ""})

    def events(self, items: list[Item]) -> Iterator[Event]:
        """What has happened as chunks, in order; neighbours that say the same kind of thing become one."""
        at = 0
        while at < len(items):
            item = items[at]
            end = at + 1
            while end < len(items) and _alike(item, items[end]):
                end += 1
            chunk = self._of(item.choice, [each.what for each in items[at:end]])
            if chunk is not None:
                yield None, chunk
            at = end

    def last(self) -> Iterator[Event]:
        """What follows when all is over. A request that was stopped ends like one that was cut off."""
        for choice in self._run.choices:
            if choice.answer is None:
                yield None, self._end(choice)
        if self._request.stream_options and self._request.stream_options.include_usage:
            usage = {"choices": [], "usage": self._usage()}
            yield None, {"object": "chat.completion.chunk", **self._head, **usage}
        yield DONE

    def failed(self, problem: ApiError) -> Event:
        """What a stream that fails ends with."""
        return None, problem.body

    def _of(self, choice: Choice, whats: list[Any]) -> dict[str, Any] | None:
        first = whats[0]
        if first is None:
            return self._end(choice)
        if isinstance(first, dict):
            heard = self._claims[choice.index].hear
            return self._chunk(
                choice, {}, ext={"trace": [each for what in whats for each in (what, *heard(what))]}
            )
        if isinstance(first, Unsaid):
            part = "thoughts" if first.kind == "thought" else "answer"
            if first.kind == "answer":
                self._take_back(choice, first.chars)
            guard = {"event": "rewind", "part": part, "drop_chars": first.chars}
            return self._chunk(choice, {}, ext={"guard": guard})
        text = "".join(each.text for each in whats)
        delta, told = self._delta(choice, first.kind, text), None
        if first.kind == "answer":
            self._length[choice.index] += len(text)
            told = self._chances(choice, self._length[choice.index])
        return self._chunk(choice, delta, logprobs=told) if delta else None

    def _chances(self, choice: Choice, length: int) -> dict[str, Any] | None:
        """Of the answer's tokens that begin in its first `length` characters, those not told before."""
        chain = choice.voice.chain
        if self._run.ask.logprobs is None or chain is None:
            return None
        places = [place for place in self._places[choice.index].found() if place.begins < length]
        told = chances(chain, places[self._told[choice.index] :])
        self._told[choice.index] = len(places)
        return {"content": told, "refusal": None}

    def _take_back(self, choice: Choice, chars: int) -> None:
        """So much of the answer is not said any more."""
        length = self._length[choice.index] = self._length[choice.index] - chars
        if self._run.ask.logprobs is not None:
            kept = sum(place.begins < length for place in self._places[choice.index].found())
            self._told[choice.index] = min(self._told[choice.index], kept)

    def _delta(self, choice: Choice, kind: Kind, text: str) -> dict[str, str]:
        before = self._said.get(choice.index)
        self._said[choice.index] = kind
        if kind == "answer":
            closing = "\n</think>\n\n" if self._field == "inline" and before == "thought" else ""
            return {"content": closing + text}
        if self._request.stream_reasoning is False:
            return {}
        if self._field == "inline":
            return {"content": text if before == "thought" else f"<think>\n{text}"}
        return {**dict.fromkeys(_names(self._field), text)}

    def _end(self, choice: Choice) -> dict[str, Any]:
        return self._chunk(choice, {}, finish=finish_reason(choice), ext=ext(self._run, choice))

    def _chunk(
        self,
        choice: Choice,
        delta: dict[str, str],
        *,
        finish: str | None = None,
        ext: dict[str, Any] | None = None,
        logprobs: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        one = {"index": choice.index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        told = {"ext": ext} if ext else {}  # a chunk speaks of one choice only
        return {"object": "chat.completion.chunk", **self._head, "choices": [one], **told}

    def _message(self, choice: Choice) -> dict[str, Any]:
        content, thoughts = choice.text, choice.thoughts
        if self._field == "inline" and thoughts:
            content = f"<think>\n{thoughts}\n</think>\n\n{content}"
        named: dict[str, str] = {**dict.fromkeys(_names(self._field), thoughts)} if thoughts else {}
        return {"role": "assistant", "content": content, **named, "refusal": None}

    def _usage(self) -> dict[str, Any]:
        prompt, cached, generated, thoughts = self._run.tokens
        return {
            "prompt_tokens": prompt,
            "completion_tokens": generated,
            "total_tokens": prompt + generated,
            "completion_tokens_details": {"reasoning_tokens": thoughts},
            "prompt_tokens_details": {"cached_tokens": cached},
        }


def _names(field: ReasoningField) -> tuple[Literal["reasoning", "reasoning_content"], ...]:
    if field == "both":
        return ("reasoning", "reasoning_content")
    return (field,) if field in ("reasoning", "reasoning_content") else ()


def _alike(one: Item, other: Item) -> bool:
    """Whether two items go into one chunk: more text of the same kind, or more records."""
    if one.choice is not other.choice:
        return False
    if isinstance(one.what, Said) and isinstance(other.what, Said):
        return one.what.kind == other.what.kind
    return isinstance(one.what, dict) and isinstance(other.what, dict)
