"""The guard of language: in the answer the expected scripts are kept, in the thoughts a switch is only noted.

Holding thoughts to one language costs accuracy (5.6 points on MATH-500, arXiv 2507.15849), so that is done on
request only. What cures is going back to where the switch began and making the other script's tokens unlikely
for a while; once a model has drifted, telling it so helps little.
"""

from __future__ import annotations

from codecs import utf_8_decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mull.engine.chain import Chain
from mull.engine.events import Event, Switched
from mull.engine.watch import Watch
from mull.guard.language import Language
from mull.guard.policy import GoOn, Note, Policy, Remedy
from mull.guard.writing import script
from mull.model.formats import Kind
from mull.model.tokenizer import Tokenizer

UNLIKELY = -20.0  # added to the logits of the other script's tokens


@dataclass(frozen=True, slots=True)
class LanguageGuard:
    """scripts   what is expected: see `language.expected`
    thoughts  whether a switch in the thoughts is undone, too, or only noted
    tokens    for so long after a rewind the other script is unlikely
    rescues   rewinds at most, for one chain
    act       False only notes, in the answer as well
    """

    scripts: frozenset[str]
    thoughts: bool = False
    tokens: int = 64
    rescues: int = 4
    act: bool = True

    @property
    def watches(self) -> Sequence[Watch]:
        return (Language(self.scripts),)

    def start(self) -> Policy:
        done = 0

        def policy(chain: Chain, event: Event, _: Kind, note: Note) -> Remedy | None:
            nonlocal done
            if not isinstance(event, Switched):
                return None
            facts = dict(part=event.part, start=event.start, left=event.left, found=event.found)
            wanted = self.act and (event.part == "answer" or self.thoughts)
            if not wanted or done == self.rescues:
                note("language", chain, did="nothing", **facts)
                return GoOn()
            done += 1
            note("language", chain, did="rewound", **facts)
            chain.rewind(event.start, anew=True)
            return GoOn(tokens=self.tokens, bias=unlikely(chain.engine.tokenizer, event.found))

        return policy


@lru_cache(maxsize=32)
def unlikely(tokenizer: Tokenizer, name: str) -> Mapping[int, float]:
    """A bias against every token with a letter of this script, or that ends in the first byte of one.

    Of Latin, what begins in a small letter is left out: variables and commands (`x`, `boxed`) are used in
    every language, and of a word the token with the space before it is enough.
    """
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
