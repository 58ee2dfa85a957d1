"""/v1/completions: text or token ids in, what the model writes behind them out, as it stands.

No chat, no thoughts apart, no guards: this is what other engines, mull's remote one among them, run on. A
text is tokenised as plain text, so no control token can come out of it, unless the request says
`parse_special`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from mull.engine import Engine, Sampling
from mull.serve.ask import check_bias
from mull.serve.chances import token_name
from mull.serve.completing import Complete, Completing, Completion, Piece, Token
from mull.serve.errors import ApiError, wrong
from mull.serve.fields import Sampled, Stop, StreamOptions, Text, bias_of, stops_of
from mull.serve.wire import DONE, Event

Id = Annotated[int, Field(ge=0, lt=1 << 31)]
Ids = Annotated[list[Id], Field(min_length=1, max_length=1 << 20)]
MAX_CHOICES = 128


class CompletionRequest(Sampled):
    """A prompt, or several, to go on from."""

    prompt: Text | Ids | Annotated[list[Text | Ids], Field(min_length=1, max_length=MAX_CHOICES)]
    max_tokens: Annotated[int, Field(ge=0, le=1 << 20)] | None = 16
    n: Annotated[int, Field(ge=1, le=MAX_CHOICES)] | None = None
    best_of: Annotated[int, Field(ge=1, le=MAX_CHOICES)] | None = None
    suffix: Text | None = None
    echo: bool | None = None
    logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    repeat_penalty: Annotated[float, Field(gt=0, le=10)] | None = None
    # As many as a vocabulary has: the language guard of a remote engine sends those of a whole script.
    logit_bias: dict[str, Annotated[float, Field(ge=-100, le=100)]] | None = Field(None, max_length=1 << 18)
    stop: Stop | Annotated[list[Stop], Field(max_length=4)] | None = None
    stop_token_ids: Annotated[list[Id], Field(max_length=64)] | None = None
    ignore_eos: bool | None = None
    stream_options: StreamOptions | None = None
    return_token_ids: bool | None = None
    return_tokens_as_token_ids: bool | None = None
    parse_special: bool | None = None

    def complete(self, engine: Engine) -> Complete:
        """What the engine is asked. Raises ApiError for what it could not do."""
        if self.suffix:
            raise wrong("suffix", "is not offered here.", "unsupported_parameter")
        if self.best_of not in (None, self.n or 1):
            raise wrong("best_of", "is offered only as n; see strategies of chat completions.")
        for name in ("presence_penalty", "frequency_penalty"):
            if getattr(self, name):
                raise wrong(name, "is not offered here; repetition_penalty is.", "unsupported_parameter")
        penalties = {self.repetition_penalty, self.repeat_penalty} - {None}
        if len(penalties) > 1:
            raise wrong("repeat_penalty", "is not what repetition_penalty says.", "contradiction")
        prompts = [self._ids(prompt, engine) for prompt in self._prompts]
        if len(prompts) * (self.n or 1) > MAX_CHOICES:
            raise wrong("n", f"{MAX_CHOICES} completions are the most, all prompts together.")
        tokens = 16 if self.max_tokens is None else self.max_tokens
        longest = max(map(len, prompts))
        if longest >= engine.context:
            told = (
                f"the prompt has {longest} tokens; {engine.context - 1} is the most that this model can take."
            )
            raise ApiError(400, told, code="context_length_exceeded", param="prompt")
        return Complete(
            prompts=prompts,
            n=self.n or 1,
            tokens=tokens,
            seed=self.random(),
            sampling=self._sampling(engine),
            echo=bool(self.echo),
            logprobs=self.logprobs,
        )

    @property
    def _prompts(self) -> list[str | list[int]]:
        prompt = self.prompt
        if isinstance(prompt, str):
            return [prompt]
        if isinstance(prompt[0], int):
            return [prompt]
        return prompt

    def _ids(self, prompt: str | list[int], engine: Engine) -> list[int]:
        tokenizer = engine.tokenizer
        if isinstance(prompt, str):
            ids = tokenizer.scaffold(prompt) if self.parse_special else tokenizer.encode(prompt)
            if not ids:
                raise wrong("prompt", "is empty.")
            return ids
        if max(prompt) >= tokenizer.vocab_size:
            raise wrong("prompt", f"token ids go from 0 to {tokenizer.vocab_size - 1}.")
        return prompt

    def _sampling(self, engine: Engine) -> Sampling:
        chosen: dict[str, Any] = {"stop": stops_of(self.stop), "bias": bias_of(self.logit_bias or {})}
        check_bias(chosen["bias"], engine)
        if self.repeat_penalty is not None:
            chosen["repetition_penalty"] = self.repeat_penalty
        own: frozenset[int] = getattr(engine, "stop_ids", frozenset())
        if self.stop_token_ids is not None or self.ignore_eos:
            kept = frozenset() if self.ignore_eos else own
            chosen["stop_ids"] = kept | frozenset(self.stop_token_ids or ())
        return replace(getattr(engine, "sampling", Sampling()), **{**self.settings(), **chosen})


class CompletionForm:
    """Gives a run of completions OpenAI's form, with what vLLM adds to it."""

    def __init__(
        self, run: Completing, request: CompletionRequest, engine: Engine, model: str, fingerprint: str
    ) -> None:
        self._run, self._request, self._engine = run, request, engine
        self._offsets: dict[int, int] = {}
        self._head = {
            "id": run.id,
            "object": "text_completion",
            "created": run.created,
            "model": model,
            "system_fingerprint": fingerprint,
        }

    def whole(self) -> dict[str, Any]:
        """All completions in one piece."""
        choices = [self._choice(each, each.text, each.tokens) for each in self._run.completions]
        return {**self._head, "choices": choices, "usage": self._usage()}

    def first(self) -> Iterable[Event]:
        return ()

    def events(self, items: Sequence[Piece]) -> Iterator[Event]:
        """What has come, as chunks; neighbours of one completion become one."""
        for one, pieces in _grouped(items):
            text = "".join(piece.text for piece in pieces)
            tokens = [token for piece in pieces for token in piece.tokens]
            yield None, {**self._head, "choices": [self._choice(one, text, tokens, over=False)]}

    def last(self) -> Iterator[Event]:
        for one in self._run.completions:
            yield None, {**self._head, "choices": [self._choice(one, "", ())]}
        if self._request.stream_options and self._request.stream_options.include_usage:
            yield None, {**self._head, "choices": [], "usage": self._usage()}
        yield DONE

    def failed(self, problem: ApiError) -> Event:
        """What a stream that fails ends with."""
        return None, problem.body

    def _choice(
        self, one: Completion, text: str, tokens: Sequence[Token], *, over: bool = True
    ) -> dict[str, Any]:
        reason = one.reason or "length"
        more: dict[str, Any] = {}
        if self._request.return_token_ids:
            more["token_ids"] = [token.id for token in tokens]
            if over:
                more["prompt_token_ids"] = one.prompt
        return {
            "index": one.index,
            "text": text,
            "logprobs": self._logprobs(one, tokens) if self._request.logprobs is not None else None,
            "finish_reason": reason if over else None,
            "stop_reason": one.stop if over else None,
            **more,
        }

    def _logprobs(self, one: Completion, tokens: Sequence[Token]) -> dict[str, Any]:
        offset = self._offsets.get(one.index, 0)
        offsets = []
        for token in tokens:
            offsets.append(offset)
            offset += len(token.text)
        self._offsets[one.index] = offset
        return {
            "tokens": [self._named(token.id) for token in tokens],
            "token_logprobs": [token.logprob for token in tokens],
            "top_logprobs": [
                {self._named(id): logprob for id, logprob in token.likeliest} or None for token in tokens
            ],
            "text_offset": offsets,
        }

    def _named(self, id: int) -> str:
        """A token by its text, or by its id."""
        if self._request.return_tokens_as_token_ids:
            return f"token_id:{id}"
        return token_name(self._engine.tokenizer, id)

    def _usage(self) -> dict[str, Any]:
        prompt, cached, generated, _ = self._run.tokens
        return {
            "prompt_tokens": prompt,
            "completion_tokens": generated,
            "total_tokens": prompt + generated,
            "prompt_tokens_details": {"cached_tokens": cached},
        }


def _grouped(items: Sequence[Piece]) -> Iterator[tuple[Completion, list[Piece]]]:
    """Neighbours that belong to one completion."""
    group: list[Piece] = []
    for item in items:
        if group and group[0].completion is not item.completion:
            yield group[0].completion, group
            group = []
        group.append(item)
    if group:
        yield group[0].completion, group
