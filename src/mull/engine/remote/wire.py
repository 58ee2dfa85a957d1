"""What one piece of a reply says, in the dialects of the servers.

Ids of what was drawn come, by server and request, as `token_ids` (vLLM, mull), as names `token_id:17` or as
`id`s among the log-probabilities (vLLM, llama.cpp), or not at all. Then the text is what was said, and its
ids are those that our tokenizer makes of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mull.engine.sampling import CONFIDENT
from mull.model.tokenizer import Tokenizer

Ids = Literal["token_ids", "names", "logprobs", "text"]

_NAME = "token_id:"

# What makes a server give ids in each of these ways.
ASKS: Mapping[Ids, Mapping[str, Any]] = {
    "token_ids": {"return_token_ids": True},
    "names": {"return_tokens_as_token_ids": True},
    "logprobs": {},
    "text": {},
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A token that a server has drawn, nan where it does not tell; `likeliest` as in `Chain`."""

    token: int
    logprob: float = math.nan
    confidence: float = math.nan
    likeliest: Sequence[tuple[int, float]] = ()


@dataclass(frozen=True, slots=True)
class _Chance:
    """What a reply tells of one token. `token` is None where only its text is told."""

    token: int | None
    text: str
    logprob: float
    likeliest: Sequence[_Chance] = ()


def drawn(choice: Mapping[str, Any], ids: Ids, tokenizer: Tokenizer, *, top: int = 0) -> list[Drawn]:
    """The tokens in one piece of a reply, in order, each with the `top` likeliest ones in its place.

    Raises ValueError for a piece that makes no sense.
    """
    chances = _chances(choice.get("logprobs"))
    text = choice.get("text") or ""
    if ids == "token_ids":
        tokens = choice.get("token_ids") or []
    elif ids == "text":
        tokens = _of_text(chances, text, tokenizer)
    else:
        tokens = [chance.token for chance in chances]
    if not all(type(token) is int and 0 <= token < 1 << 31 for token in tokens):
        raise ValueError(f"no token ids in {str(choice)[:120]}")
    if len(chances) != len(tokens):
        return [Drawn(token) for token in tokens]
    return [
        Drawn(
            token,
            chance.logprob,
            confidence([one.logprob for one in chance.likeliest]),
            _likeliest(chance.likeliest, tokenizer, top) if top else (),
        )
        for token, chance in zip(tokens, chances, strict=True)
    ]


def confidence(likeliest: Sequence[float]) -> float:
    """Minus the mean log-probability of the likeliest tokens; nan where too few are told."""
    if len(likeliest) < CONFIDENT:
        return math.nan
    return -sum(sorted(likeliest, reverse=True)[:CONFIDENT]) / CONFIDENT


def _likeliest(told: Sequence[_Chance], tokenizer: Tokenizer, top: int) -> list[tuple[int, float]]:
    """The first `top`; one that is told only as a text that is no single token is left out."""
    found = []
    for one in sorted(told, key=lambda chance: -chance.logprob)[:top]:
        ids = tokenizer.scaffold(one.text) if one.token is None else [one.token]
        if len(ids) == 1:
            found.append((ids[0], one.logprob))
    return found


def _of_text(chances: Sequence[_Chance], text: str, tokenizer: Tokenizer) -> list[int]:
    """Ids of a text: token by token where the server says how it is divided and that is how we see it."""
    parts = [tokenizer.scaffold(chance.text) for chance in chances]
    if text and "".join(chance.text for chance in chances) == text and all(len(part) == 1 for part in parts):
        return [part[0] for part in parts]
    return tokenizer.scaffold(text)


def _chances(told: Any) -> list[_Chance]:
    """From `logprobs` of either form: parallel lists (OpenAI's completions), or a list of objects."""
    if not isinstance(told, Mapping):
        return []
    if isinstance(content := told.get("content"), list):
        return [
            _Chance(
                one.get("id"),
                one.get("token") or "",
                _number(one.get("logprob")),
                _chances({"content": one.get("top_logprobs") or []}),
            )
            for one in content
        ]
    tokens = told.get("tokens") or []
    logprobs = told.get("token_logprobs") or [None] * len(tokens)
    likeliest = told.get("top_logprobs") or [None] * len(tokens)
    return [
        _Chance(
            _named(token),
            token,
            _number(logprob),
            [_Chance(_named(name), name, _number(value)) for name, value in (tops or {}).items()],
        )
        for token, logprob, tops in zip(tokens, logprobs, likeliest, strict=True)
    ]


def _named(token: str) -> int | None:
    name = token.removeprefix(_NAME)
    return int(name) if name != token and name.isdigit() else None


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
