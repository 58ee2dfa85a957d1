"""What every engine says alike of a stretch of thinking: whether it can begin, and why it is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mull.engine.events import Ended, Event, Spent
from mull.errors import MullError

if TYPE_CHECKING:
    from mull.engine.chain import Chain


def check_length(prompt: Sequence[int], context: int, remedy: str) -> None:
    """Raises MullError for a prompt that is empty or fills the context; `remedy` makes that longer."""
    if not prompt:
        raise MullError("the prompt is empty.")
    if len(prompt) >= context:
        raise MullError(
            f"the prompt has {len(prompt)} tokens, the context only {context}. Shorten it, or {remedy}."
        )


def over(chain: Chain, started: int, limit: int, *, stop: bool) -> Event | None:
    """Why thinking is over after the newest token, if it is; `stop`: that is a stop token.

    It began at `started` tokens and may go on up to `limit`.
    """
    length = len(chain.ids)
    if stop:
        return Ended(length, "token", token=chain.ids[-1])
    if chain.sampling.stop and (found := stop_string(chain)):
        return Ended(length, "string", string=found[0], offset=found[1])
    if length >= chain.engine.context:
        return Ended(length, "context")
    if length >= limit:
        return Spent(length, length - started)
    return None


def stop_string(chain: Chain) -> tuple[str, int] | None:
    """The stop string that the newest piece completes, and where in `chain.text` it begins."""
    stops, newest = chain.sampling.stop, len(chain.pieces[-1])
    reach = max(map(len, stops)) - 1 + newest
    tail, at = "", len(chain.pieces)
    while at and len(tail) < reach:
        at -= 1
        tail = chain.pieces[at] + tail
    old = len(tail) - newest  # a stop that lies in it was there before
    found = [(tail.find(stop, max(0, old - len(stop) + 1)), stop) for stop in stops]
    hits = [(offset, stop) for offset, stop in found if offset >= 0]
    if not hits:
        return None
    offset, string = min(hits)
    return string, sum(map(len, chain.pieces[:at])) + offset
