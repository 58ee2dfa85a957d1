"""Guards by name, as the command line and the server offer them."""

from __future__ import annotations

from typing import Literal, get_args

from mull.errors import MullError
from mull.guard.language import expected
from mull.guard.lock import LanguageGuard
from mull.guard.policy import Guard
from mull.guard.rescue import LoopGuard

Level = Literal["off", "observe", "rescue"]
LEVELS: tuple[Level, ...] = get_args(Level)


def guards(
    question: str, *, loops: Level = "rescue", language: str = "auto", claims: Level = "off"
) -> tuple[Guard, ...]:
    """loops, claims  off, observe (only noted), or rescue
    language       off; a code such as en or zh, or auto for that of the question: answers are held to it,
                   thoughts only noted; with `:lock` behind it (auto:lock) the thoughts are held to it, too

    Raises MullError for a level or language that does not exist.
    """
    for name, level in (("loops", loops), ("claims", claims)):
        if level not in LEVELS:
            raise MullError(f"no level {level!r} of {name}: use {', '.join(LEVELS)}.")
    chosen: list[Guard] = []
    if loops != "off":
        chosen.append(LoopGuard(act=loops == "rescue"))
    if language != "off":
        code, _, lock = language.partition(":")
        if lock not in ("", "lock"):
            raise MullError(f"no language {language!r}: use off, a code, auto, or one of them with :lock.")
        chosen.append(LanguageGuard(expected(code, question), code, question, thoughts=lock == "lock"))
    if claims != "off":
        from mull.guard.claims import ClaimGuard  # slow to import

        chosen.append(ClaimGuard(act=claims == "rescue"))
    return tuple(chosen)
