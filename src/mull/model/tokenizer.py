"""Text to token ids and back, for byte-level BPE (`tokenizer.json` of the Qwen family).

The law: `encode` can never yield a control token, whatever the text. The tokens a checkpoint adds
to its vocabulary (`<|im_end|>`, `<think>`, `<tool_call>` ..., "special" or not) are taken out before
the tokenizers library sees the file, so to the encoder `<|im_end|>` is ten ordinary characters.
Control ids enter a prompt only through `control_id` and `scaffold`, which take trusted text.
"""

from __future__ import annotations

import json
import re
from codecs import utf_8_decode
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import tokenizers

from mull.errors import CheckpointError
from mull.model.config import read_json

_LARGEST_ID = 1 << 22
LONG = 1 << 16  # characters; longer texts take tens of milliseconds, so the latest are kept with their ids


class Tokenizer:
    """Byte-level BPE with its control tokens held apart.

    control     id of every added token by its text
    vocab_size  highest id + 1; the network's vocabulary may be padded beyond it
    """

    def __init__(self, raw: Mapping[str, Any], source: Path | str = "tokenizer.json") -> None:
        """Build from the parsed JSON of a `tokenizer.json`; `source` names it in errors."""
        self._source = source
        try:
            self.control = {
                str(token["content"]): int(token["id"]) for token in raw.get("added_tokens") or ()
            }
            vocab, merges = _without(self.control, raw["model"])
            self._check(raw, vocab)
            self._bpe = _build(raw, vocab, merges)
        except CheckpointError:
            raise
        except Exception as error:  # the library raises bare Exception for a file it cannot use
            raise self._error(
                f"damaged ({type(error).__name__}: {error!s:.80}). Download it again."
            ) from None
        self._long = lru_cache(maxsize=4)(self._encode)
        ids = {**vocab, **self.control}
        self.vocab_size = max(ids.values()) + 1
        self._tokens: list[str] = [""] * self.vocab_size
        for token, id in ids.items():
            self._tokens[id] = token
        self._control_ids = frozenset(self.control.values())
        self._bytes: dict[int, bytes] = {}
        self._texts: dict[int, str] = {}

    @classmethod
    def load(cls, folder: Path) -> Tokenizer:
        """Read `tokenizer.json` in `folder`. Raises CheckpointError naming file and remedy."""
        path = folder / "tokenizer.json"
        return cls(read_json(path), path)

    def encode(self, text: str) -> list[int]:
        """Ids of plain text; never a control id. A lone surrogate, which is no text, becomes "?"."""
        return list(self._long(text)) if len(text) > LONG else self._encode(text)

    def _encode(self, text: str) -> list[int]:
        try:
            return self._bpe.encode(text, add_special_tokens=False).ids
        except TypeError:
            text = text.encode("utf-8", "replace").decode("utf-8")
            return self._bpe.encode(text, add_special_tokens=False).ids

    def scaffold(self, text: str) -> list[int]:
        """Ids of trusted text: control tokens in it become their ids. Never pass what a user wrote."""
        if not self.control:
            return self.encode(text)
        ids: list[int] = []
        for piece in self._control_pattern.split(text):
            ids += [self.control[piece]] if piece in self.control else self.encode(piece)
        return ids

    def control_id(self, token: str) -> int:
        """Id of a control token. Raises CheckpointError where the checkpoint has none of that name."""
        try:
            return self.control[token]
        except KeyError:
            raise self._error(
                f"has no token {token}, which this chat format needs. Use the tokenizer.json of a chat model."
            ) from None

    def token_bytes(self, id: int) -> bytes:
        """The bytes a token stands for. Ids that name no token stand for nothing."""
        found = self._bytes.get(id)
        if found is None:
            token = self._tokens[id] if 0 <= id < self.vocab_size else ""
            found = token.encode() if id in self._control_ids else _to_bytes(token)
            self._bytes[id] = found
        return found

    def decode(self, ids: Iterable[int], *, control: bool = True) -> str:
        """Text of `ids`; bytes that are no UTF-8 become U+FFFD. `control=False` leaves control tokens out."""
        if not control:
            ids = (id for id in ids if id not in self._control_ids)
        return b"".join(map(self.token_bytes, ids)).decode("utf-8", "replace")

    def decoder(self, after: Sequence[int] = ()) -> Decoder:
        """An incremental decoder that goes on where `after` ends (only its last few ids are looked at)."""
        tail = b""
        for id in reversed(after):
            tail = self.token_bytes(id) + tail
            if len(tail) > 3:
                break
        return Decoder(self, tail[utf_8_decode(tail, "replace", False)[1] :])

    @cached_property
    def _control_pattern(self) -> re.Pattern[str]:
        longest_first = sorted(self.control, key=len, reverse=True)
        return re.compile(f"({'|'.join(map(re.escape, longest_first))})")

    def _check(self, raw: Mapping[str, Any], vocab: Mapping[str, int]) -> None:
        parts = _parts(raw.get("pre_tokenizer"))
        byte_level = [part for part in parts if part.get("type") == "ByteLevel"]
        decodes = any(part.get("type") == "ByteLevel" for part in _parts(raw.get("decoder")))
        if raw["model"].get("type", "BPE") != "BPE" or not byte_level or not decodes:
            raise self._error("not a byte-level BPE tokenizer. mull reads those of the Qwen family.")
        if any(part.get("add_prefix_space", True) for part in byte_level):
            raise self._error("add_prefix_space is not supported: text would not come back as it went in.")
        if lacking := ALPHABET.keys() - vocab.keys():
            raise self._error(f"{len(lacking)} of the 256 byte tokens are missing. Download it again.")
        if "" in self.control:
            raise self._error("an added token is empty. Download it again.")
        ids = [*vocab.values(), *self.control.values()]
        if len(set(ids)) != len(ids) or not all(0 <= id < _LARGEST_ID for id in ids):
            raise self._error("two tokens share an id, or an id is out of range. Download it again.")

    def _error(self, what: str) -> CheckpointError:
        return CheckpointError(f"{self._source}: {what}")


class Decoder:
    """Text of a growing list of ids, piece by piece, never half a character.

    All pieces and the final `flush` together equal `Tokenizer.decode` of all ids.
    """

    __slots__ = ("_pending", "_texts", "_tokenizer")

    def __init__(self, tokenizer: Tokenizer, pending: bytes = b"") -> None:
        """`pending` is the unfinished character (at most 3 bytes) the ids so far ended in."""
        self._tokenizer = tokenizer
        self._texts = tokenizer._texts
        self._pending = pending

    def push(self, id: int) -> str:
        """Take one more id; returns the text that is now certain, "" inside a character."""
        if not self._pending:
            text = self._texts.get(id)
            if text is not None:
                return text
        data = self._pending + self._tokenizer.token_bytes(id)
        text, used = utf_8_decode(data, "replace", False)
        if not self._pending and used == len(data):
            self._texts[id] = text
        self._pending = data[used:]
        return text

    def flush(self) -> str:
        """End of the ids: an unfinished character becomes U+FFFD."""
        text = self._pending.decode("utf-8", "replace")
        self._pending = b""
        return text

    def copy(self) -> Decoder:
        """An independent decoder at the same place."""
        return Decoder(self._tokenizer, self._pending)


def _byte_alphabet() -> dict[str, int]:
    """The printable character that stands for each byte (GPT-2's byte-level alphabet)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


ALPHABET = _byte_alphabet()


def _to_bytes(token: str) -> bytes:
    try:
        return bytes([ALPHABET[character] for character in token])
    except KeyError:
        return token.encode()


def _parts(component: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """The members of a sequence component, or the component alone."""
    if not component:
        return []
    return [part for key in ("pretokenizers", "decoders") for part in component.get(key, ())] or [component]


def _without(
    control: Mapping[str, int], model: Mapping[str, Any]
) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Vocabulary and merges of the BPE with every way to a control token removed."""
    vocab: dict[str, int] = dict(model["vocab"])
    pairs = (merge.split(" ") if isinstance(merge, str) else merge for merge in model["merges"])
    merges = [(str(a), str(b)) for a, b in pairs]
    removed = {token for token in control if vocab.pop(token, None) is not None}
    if removed:
        merges = [(a, b) for a, b in merges if removed.isdisjoint((a, b, a + b))]
    return vocab, merges


def _build(
    raw: Mapping[str, Any], vocab: dict[str, int], merges: list[tuple[str, str]]
) -> tokenizers.Tokenizer:
    """The library's tokenizer with normaliser, pre-tokeniser and BPE only.

    No added tokens, no post-processor, truncation, padding, dropout or unknown token: each could
    put an id into the text or take one from it.
    """
    shell = {
        "version": "1.0",
        "added_tokens": [],
        "normalizer": raw.get("normalizer"),
        "pre_tokenizer": raw["pre_tokenizer"],
        "model": {"type": "BPE", "vocab": {}, "merges": []},
    }
    bpe = tokenizers.Tokenizer.from_str(json.dumps(shell))
    ignore_merges = bool(raw["model"].get("ignore_merges"))
    bpe.model = tokenizers.models.BPE(vocab, merges, ignore_merges=ignore_merges)
    return bpe
