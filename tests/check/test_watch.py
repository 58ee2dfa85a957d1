"""The watch on claims: what it tells while a chain thinks, and where."""

from __future__ import annotations

import asyncio
from typing import Any

from mull.check.watch import Claims
from mull.engine import Chain, Ended, Event, Sampling, Spent
from mull.engine.events import Claimed
from mull.engine.scripted import scripted

SCRIPT = {
    "?": "Zoë: 12*13=156.\nSo 7*8=54, 54+1=55.\n9+9=18 and 18+1=20 ok.\n",
    "Wait, 7*8=56": ", and 1+1=3.\n",
    "2+2=5, ": "so what?",
}


def on(program: Any) -> Any:
    async def body() -> Any:
        engine = scripted(SCRIPT, sampling=Sampling(temperature=0.0))
        async with engine.open(list(b"?")) as chain:
            return await program(chain)

    return asyncio.run(body())


def words(chain: Chain, event: Event) -> str:
    assert isinstance(event, Claimed)
    return bytes(chain.ids[slice(*event.span)]).decode()


def test_tells_false_claims_one_after_the_other_and_true_ones_not() -> None:
    async def program(chain: Chain) -> list[tuple[str, str | None]]:
        told = []
        while isinstance(event := await chain.think(watch=(Claims(every=1),)), Claimed):
            assert words(chain, event) == event.text
            assert event.at == len(chain.ids) == event.span[1] + 2  # ", " has to be seen
            told.append((event.text, event.value))
            if len(told) == 1:
                chain.rewind(event.span[0])
                chain.say("Wait, 7*8=56")
        return told

    assert on(program) == [("7*8=54", "56"), ("1+1=3", "2")]


def test_goes_on_telling_where_nobody_rewinds() -> None:
    async def program(chain: Chain) -> list[str]:
        told = []
        while not isinstance(event := await chain.think(watch=(Claims(),)), Ended):
            told.append(words(chain, event))
        return told

    assert on(program) == ["7*8=54", "18+1=20"]


def test_a_claim_may_begin_in_one_stretch_and_end_in_the_next() -> None:
    async def program(chain: Chain) -> list[Event]:
        return [await chain.think(length, watch=(Claims(),)) for length in (23, 1, 8)]

    *early, last = on(program)
    assert all(isinstance(event, Spent) for event in early)
    assert isinstance(last, Claimed)


def test_does_not_tell_what_was_said_before_it_began_to_watch() -> None:
    async def program(chain: Chain) -> Event:
        chain.say("2+2=5, ")
        return await chain.think(4, watch=(Claims(),))

    assert isinstance(on(program), Spent)
