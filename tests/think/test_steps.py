"""Steps: where they end, what they are worth."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mull.engine import Chain, Event, Paused, Sampling
from mull.engine.scripted import scripted
from mull.model.formats import Format, Tagged, Tagless
from mull.think.question import Question
from mull.think.steps import Soundness, Step, Steps

OPEN = Tagged(starts_open=True)


def paused(said: str, steps: Steps, format: Format = OPEN) -> list[tuple[str, str]]:
    """Why each step ended, and its text."""

    async def program() -> list[tuple[str, str]]:
        engine = scripted({"Q": said}, format=format, sampling=Sampling(temperature=0))
        found, start = [], 1
        async with engine.open(list(b"Q")) as chain:
            while isinstance(event := await chain.think(watch=(steps,)), Paused):
                found.append((event.why, engine.tokenizer.decode(chain.ids[start : event.start])))
                start = event.start
        return found

    return asyncio.run(program())


def test_a_step_ends_with_a_line_but_not_with_every_one() -> None:
    said = "One.\n\nTwo.\nThree, a longer line.\nFour.\n</think>\n\nFive.\nSix.\n"
    assert paused(said, Steps(least=8)) == [
        ("line", "One.\n\nTwo.\n"),
        ("line", "Three, a longer line.\n"),
    ]


@pytest.mark.parametrize("format", [OPEN, Tagless()])
def test_a_step_ends_before_a_sentence_that_turns_to_another_thought(format: Format) -> None:
    said = "It is six, but odd. Wait, is it? It is. Alternatively: no"
    assert paused(said, Steps(least=8), format) == [
        ("turn", "It is six, but odd. "),
        ("turn", "Wait, is it? It is. "),
    ]


def test_a_step_that_has_grown_too_long_goes_on_as_another_one() -> None:
    said = "abcdefghij" * 3
    steps = paused(said, Steps(least=4, most=12))
    assert [why for why, _ in steps] == ["long", "long"]
    assert said.startswith("".join(text for _, text in steps))


def test_a_step_ends_where_the_model_is_unsure() -> None:
    async def program(unsure: float) -> Event:
        evenly = {f"{a}{b}{c}{d}": 1.0 for a in "abcd" for b in "abcd" for c in "abcd" for d in "abcd"}
        script: dict[str, Any] = {"Q": "Sure so far: x", "x": evenly}
        async with scripted(script, format=OPEN, sampling=Sampling()).open(list(b"Q")) as chain:
            return await chain.think(watch=(Steps(least=4, unsure=unsure, window=4),))

    event = asyncio.run(program(0.5))
    assert isinstance(event, Paused)
    assert event.why == "unsure"
    assert event.at >= len("QSure so far: xab")
    assert not isinstance(asyncio.run(program(0.0)), Paused)


def worth(before: str, text: str, *, over: bool = False) -> tuple[str | None, float]:
    async def program() -> tuple[str | None, float]:
        engine = scripted({"Q" + before: text}, format=OPEN, sampling=Sampling(temperature=0))
        async with engine.open(list(b"Q")) as chain:
            chain.say(before)
            await chain.think(len(text))
            step = Step(chain, len(before), over)
            return step.false, await Soundness().judge(Question(()), step)

    return asyncio.run(program())


@pytest.mark.parametrize(
    ("before", "text", "over", "false"),
    [
        ("", "So 6*7=45.\n", False, "6*7=45"),
        ("", "So 6*7=42.\n", False, None),
        ("", "So 12*13=1", False, None),  # and perhaps 156
        ("", "So 12*13=1", True, "12*13=1"),
        ("So 6*7=4", "5, ", False, "6*7=45"),
        ("1+1=3.\n", "So 6*7=42.\n", False, None),  # an earlier step's
    ],
)
def test_a_step_with_false_arithmetic_is_worth_nothing(
    before: str, text: str, over: bool, false: str | None
) -> None:
    found, value = worth(before, text, over=over)
    assert found == false
    assert (value == 0) is (false is not None)


def test_a_step_of_forced_tokens_alone_has_no_confidence() -> None:
    async def program() -> float:
        engine = scripted({"Q": "x"}, format=OPEN)
        chain: Chain
        async with engine.open(list(b"Q")) as chain:
            chain.say("put in")
            return Step(chain, 0).confidence

    assert asyncio.run(program()) == 0
