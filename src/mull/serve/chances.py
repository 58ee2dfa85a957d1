"""The chances of an answer's tokens, as chat completions give them. Thoughts have none here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mull.engine import Chain
from mull.model.tokenizer import Tokenizer

UNKNOWN = -9999.0  # what OpenAI gives where a token's chance is not known: here, where it was put in


@dataclass(frozen=True, slots=True)
class Place:
    """A token of the answer: its place in the chain, and the character of the answer where it begins."""

    at: int
    begins: int


def answer_places(chain: Chain) -> list[Place]:
    """The tokens of the answer, without the blank before it and what ends the turn."""
    reader = chain.engine.format.reader()
    found: list[Place] = []
    length = 0
    for at, piece in enumerate(chain.pieces, chain.prompt_length):
        said = "".join(text for kind, text in reader.feed(piece) if kind == "answer")
        inside = (
            not piece and reader.phase == "answer" and at + 1 < len(chain.ids)
        )  # of several to a character
        if said or (inside and found):
            found.append(Place(at, length))
        length += len(said)
    return found


def chances(chain: Chain, places: Sequence[Place]) -> list[dict[str, Any]]:
    """What is told of these tokens."""
    tokenizer = chain.engine.tokenizer
    told = []
    for place in places:
        logprob = chain.logprobs[place.at - chain.prompt_length]
        likeliest = chain.likeliest.get(place.at, ())[: chain.top]
        told.append(
            {
                **_token(tokenizer, chain.ids[place.at], logprob),
                "top_logprobs": [_token(tokenizer, id, chance) for id, chance in likeliest],
            }
        )
    return told


def token_name(tokenizer: Tokenizer, id: int) -> str:
    """A token by its text, or by its bytes where these are no text, as OpenAI names them."""
    data = tokenizer.token_bytes(id)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in data)


def _token(tokenizer: Tokenizer, id: int, logprob: float) -> dict[str, Any]:
    return {
        "token": token_name(tokenizer, id),
        "logprob": logprob if logprob == logprob else UNKNOWN,
        "bytes": list(tokenizer.token_bytes(id)),
    }
