"""The tokens of a script as a table of biases, made once for a tokenizer, and written short in a trace.

Of a vocabulary of 152,000 tokens a script may have tens of thousands. A trace says which script it was, how
many tokens, and a hash of them; whoever replays it makes the table again and sees whether it is the same.
"""

from __future__ import annotations

from codecs import utf_8_decode
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from weakref import WeakKeyDictionary

from mull.errors import MullError
from mull.guard.writing import script
from mull.model.tokenizer import Tokenizer

UNLIKELY = -20.0  # added to the logits of the script's tokens
_SHORT = 4  # entries that are written as they are

Table = Mapping[int, float]

# The tables of each tokenizer that have been made so far, and what a trace says of them.
_MADE: WeakKeyDictionary[Tokenizer, dict[str, tuple[Table, dict[str, Any]]]] = WeakKeyDictionary()


def unlikely(tokenizer: Tokenizer, name: str) -> Table:
    """A bias against every token with a letter of this script, or that ends in the first byte of one.

    Of Latin, what begins in a small letter is left out: variables and commands (`x`, `boxed`) are used in
    every language, and of a word the token with the space before it is enough.
    """
    return _known(tokenizer, name)[0]


def shortened(settings: Mapping[str, Any], tokenizer: Tokenizer) -> dict[str, Any]:
    """Settings as `Sampling.json` gives them, with what is in whole tables said by the tables' names."""
    bias = {int(token): value for token, value in settings.get("bias", {}).items()}
    named: dict[str, Any] = {}
    whole: dict[int, float] = {}
    for name, (table, told) in _MADE.get(tokenizer, {}).items() if len(bias) > _SHORT else ():
        if len(table) > _SHORT and table.keys() <= bias.keys():
            named[name] = told
            whole |= table
    if not named:
        return dict(settings)
    rest = {str(token): value for token, value in bias.items() if token not in whole or value != whole[token]}
    return {**settings, "bias": rest, "unlikely": named}


def spelled_out(settings: Mapping[str, Any], tokenizer: Tokenizer) -> Mapping[str, Any]:
    """The inverse. Raises MullError where this tokenizer has other tokens than were meant."""
    if "unlikely" not in settings:
        return settings
    rest = dict(settings)
    named, bias, whole = rest.pop("unlikely"), rest.pop("bias", {}), dict[str, float | None]()
    if not isinstance(named, dict) or not isinstance(bias, dict):
        raise MullError("the trace has settings of sampling that are none.")
    for name, known in named.items():
        table, told = _known(tokenizer, name)
        if known != told:
            raise MullError(f"the trace made {name} tokens unlikely that this tokenizer does not have so.")
        whole |= {str(token): value for token, value in table.items()}
    return {**rest, "bias": {**whole, **bias}}


def _known(tokenizer: Tokenizer, name: str) -> tuple[Table, dict[str, Any]]:
    """A table, and what is told of it."""
    made = _MADE.setdefault(tokenizer, {})
    if name not in made:
        table = _table(tokenizer, name)
        ids = ",".join(map(str, table))
        made[name] = table, {"tokens": len(table), "hash": blake2b(ids.encode(), digest_size=8).hexdigest()}
    return made[name]


def _table(tokenizer: Tokenizer, name: str) -> Table:
    leads, control = _leads(name), frozenset(tokenizer.control.values())
    found = {}
    for token in range(tokenizer.vocab_size):
        raw = tokenizer.token_bytes(token)
        text, whole = utf_8_decode(raw, "ignore", False)
        if token in control or (name == "Latin" and text[:1].islower()):
            continue
        if any(script(char) == name for char in text) or (whole < len(raw) and raw[whole] in leads):
            found[token] = UNLIKELY
    return found


@lru_cache(maxsize=32)
def _leads(name: str) -> frozenset[int]:
    """First bytes of the script's letters but not of Latin ones: a token may hold no more than this."""
    letters = [chr(code) for code in range(0x80, 0x10000) if not 0xD800 <= code < 0xE000]
    return frozenset(
        {letter.encode()[0] for letter in letters if script(letter) == name}
        - {letter.encode()[0] for letter in letters if script(letter) == "Latin"}
    )
