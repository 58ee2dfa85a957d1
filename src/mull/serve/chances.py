"""The chances of an answer's tokens, as chat completions give them. Thoughts have none here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mull.engine import Chain
from mull.model.tokenizer import Tokenizer
from mull.serve.voice import Voice

UNKNOWN = -9999.0  # what OpenAI gives where a token's chance is not known: here, where it was put in


@dataclass(frozen=True, slots=True)
class Place:
    """A token of the answer: its place in the chain, and the character of the answer where it begins."""

    at: int
    begins: int


class Places:
    """The tokens of the answer that a voice speaks, without the blank before it and what ends the turn.

    Each token is read once, however often they are asked for; after a rewind all of them again.
    """

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._turn = -1

    def found(self) -> list[Place]:
        chain = self._voice.chain
        if chain is None:
            return []
        if self._turn != self._voice.turn:
            self._turn, self._read, self._length = self._voice.turn, 0, 0
            self._reader, self._found = chain.engine.format.reader(), list[Place]()
        while self._read < len(chain.pieces):
            piece = chain.pieces[self._read]
            if not piece and self._read + 1 == len(chain.pieces):
                break  # what ends the turn, or the beginning of a character of several tokens
            said = "".join(text for kind, text in self._reader.feed(piece) if kind == "answer")
            if said or (not piece and self._reader.phase == "answer" and self._found):
                self._found.append(Place(chain.prompt_length + self._read, self._length))
            self._length += len(said)
            self._read += 1
        return self._found


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
