"""The guard of language: in the answer the expected scripts are kept, in the thoughts a switch is only noted.

Holding thoughts to one language costs accuracy (5.6 points on MATH-500, arXiv 2507.15849), so that is done on
request only. What cures is going back to where the switch began and making the other script's tokens unlikely
for a while; once a model has drifted, telling it so helps little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mull.engine.chain import Chain
from mull.engine.events import Event, Switched
from mull.engine.watch import Watch
from mull.guard.language import Language
from mull.guard.policy import GoOn, Note, Policy, Remedy
from mull.guard.tables import unlikely
from mull.guard.writing import SCRIPTS
from mull.model.formats import Kind

WARM = 0.6  # a greedy chain would go the same way again


@dataclass(frozen=True, slots=True)
class LanguageGuard:
    """scripts   what is expected: see `language.expected`
    language  the same as a code or auto, for languages that share a script; None: only scripts are told apart
    question  what auto goes by; where it does, such a switch is only noted, since it is an estimate
    thoughts  whether a switch in the thoughts is undone, too, or only noted
    tokens    for so long after a rewind the other script is unlikely
    rescues   rewinds at most, for one chain
    act       False only notes, in the answer as well
    """

    scripts: frozenset[str]
    language: str | None = None
    question: str = ""
    thoughts: bool = False
    tokens: int = 64
    rescues: int = 4
    act: bool = True

    @property
    def watches(self) -> Sequence[Watch]:
        return (Language(self.scripts, self.language, self.question),)

    def start(self) -> Policy:
        done = 0

        def policy(chain: Chain, event: Event, _: Kind, note: Note) -> Remedy | None:
            nonlocal done
            if not isinstance(event, Switched):
                return None
            facts = dict(part=event.part, start=event.start, left=event.left, found=event.found)
            same = event.found in SCRIPTS  # another language of the same script
            wanted = self.act and (event.part == "answer" or self.thoughts)
            if not wanted or (same and self.language == "auto") or done == self.rescues:
                note("language", chain, did="nothing", **facts)
                return GoOn()
            done += 1
            note("language", chain, did="rewound", **facts)
            first = chain.ids[event.start]
            chain.rewind(event.start, anew=True)
            if same:  # no token is of one language alone
                return GoOn(tokens=self.tokens, forbid=(first,), temperature=WARM)
            return GoOn(tokens=self.tokens, bias=unlikely(chain.engine.tokenizer, event.found))

        return policy
