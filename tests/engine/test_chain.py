"""What a strategy can do with a chain, on the scripted engine."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from mull.engine import (
    Answered,
    Answers,
    Chain,
    Closes,
    Ended,
    Event,
    LocalEngine,
    Progress,
    Sampling,
    Spent,
    Stopped,
    Stream,
)
from mull.engine.scripted import END, asked, scripted
from mull.engine.watch import Look
from mull.errors import MullError
from mull.model.chat import Message, render
from mull.model.formats import Tagged
from tests.engine.conftest import GREEDY, make, run

SCRIPT = {
    "2+2?": "<think>two and two</think>It is \\boxed{4}.",
    "Wait.": " It is \\boxed{5}.",
    "name:": " Zoë 💡 ok",
}


def ids(text: str) -> list[int]:
    return list(text.encode())


def on(script: dict[str, Any], program: Any, prompt: str = "2+2?", **options: Any) -> Any:
    async def body() -> Any:
        engine = scripted(script, sampling=GREEDY, **options)
        async with engine.open(ids(prompt)) as chain:
            result = await program(chain)
        assert engine.memory.pages.used == 0
        return result

    return run(body())


def test_a_turn_ends_at_the_stop_token_which_has_no_text() -> None:
    async def program(chain: Chain) -> tuple[Event, str, int]:
        return await chain.think(), chain.text, chain.ids[-1]

    event, text, last = on(SCRIPT, program)
    assert text == SCRIPT["2+2?"]
    assert last == END
    assert event == Ended(event.at, "token", token=END)


def test_answered_is_raised_when_the_box_closes() -> None:
    async def program(chain: Chain) -> tuple[Event, str]:
        return await chain.think(watch=[Answers()]), chain.text

    event, text = on(SCRIPT, program)
    assert isinstance(event, Answered)
    assert event.answer == "4"
    assert text.endswith("{4}")


def test_stop_strings_end_the_segment_and_say_where() -> None:
    async def program(chain: Chain) -> tuple[Event, str]:
        chain.sampling = Sampling(temperature=0, stop=("</think>It", "nowhere"))
        return await chain.think(), chain.text

    event, text = on(SCRIPT, program)
    assert isinstance(event, Ended)
    assert (event.reason, event.string) == ("string", "</think>It")
    assert event.offset is not None
    assert text[: event.offset] == "<think>two and two"


@pytest.mark.parametrize("starts_open", [True, False])
@pytest.mark.parametrize("think", [True, False])
def test_answered_is_raised_also_where_the_prompt_has_closed_the_thoughts(
    starts_open: bool, think: bool
) -> None:
    format = Tagged(starts_open=starts_open)

    async def program() -> tuple[Event, Event]:
        opening = format.opening(think=think)
        thoughts = ("" if starts_open else "<think>") + "so</think>" if think else ""
        script = {asked("2+2?") + opening: thoughts + "It is \\boxed{4}."}
        engine = scripted(script, sampling=GREEDY, format=format)
        prompt = render([Message("user", "2+2?")], engine.tokenizer, format=format, think=think)
        async with engine.open(prompt) as chain:
            return await chain.think(watch=[Answers()]), await chain.think(watch=[Closes()])

    answered, ended = run(program())
    assert isinstance(answered, Answered)
    assert isinstance(ended, Ended)


@pytest.mark.parametrize("longer", [(), ("nowhere to be found",)])
def test_a_stop_string_is_found_once(longer: tuple[str, ...]) -> None:
    async def program(chain: Chain) -> list[Event]:
        chain.sampling = Sampling(temperature=0, stop=("and", *longer))
        return [await chain.think(), await chain.think()]

    first, second = on(SCRIPT, program)
    assert (first.string, first.offset) == ("and", len("<think>two "))
    assert second == Ended(second.at, "token", token=END)


def test_spent_says_how_much_and_thinking_goes_on_from_there() -> None:
    async def program(chain: Chain) -> tuple[Event, str]:
        event = await chain.think(3)
        await chain.think()
        return event, chain.text

    event, text = on(SCRIPT, program)
    assert event == Spent(at=7, tokens=3)
    assert text == SCRIPT["2+2?"]


def test_say_changes_what_comes_next_and_is_marked_as_forced() -> None:
    async def program(chain: Chain) -> Chain:
        await chain.think(4)
        chain.say(" Wait.")
        await chain.think()
        return chain

    chain = on(SCRIPT, program)
    assert chain.text.endswith(" Wait. It is \\boxed{5}.")
    forced = slice(4, 4 + len(" Wait."))
    assert not any(chain.drawn[forced])
    assert all(math.isnan(p) for p in chain.logprobs[forced])
    assert chain.spend.forced == len(" Wait.")
    assert len(chain.logprobs) == len(chain.pieces) == len(chain.drawn) == len(chain.new_ids)


def test_characters_of_several_bytes_arrive_whole() -> None:
    async def program(chain: Chain) -> list[str]:
        await chain.think()
        return chain.pieces

    pieces = on(SCRIPT, program, prompt="name:")
    assert "".join(pieces) == SCRIPT["name:"]
    assert "�" not in "".join(pieces)


def test_rewind_into_a_character_keeps_the_decoder_right() -> None:
    async def program(chain: Chain) -> str:
        await chain.think()
        text = chain.text
        for length in range(chain.prompt_length, len(chain.ids)):
            (child,) = chain.fork()
            child.rewind(length)
            await child.think()
            assert child.text == text
        return text

    assert on(SCRIPT, program, prompt="name:") == SCRIPT["name:"]


def test_a_probe_leaves_no_trace_but_its_cost() -> None:
    async def program(chain: Chain) -> tuple[Any, str, Any]:
        await chain.think(4)
        before = chain.text
        probe = await chain.probe(" Wait.", max_tokens=13, watch=[Answers()])
        assert chain.text == before
        await chain.think()
        return probe, chain.text, chain.spend

    probe, text, spend = on(SCRIPT, program)
    assert probe.text == " It is \\boxed"
    assert len(probe.ids) == len(probe.logprobs) == 13  # of what was drawn, without the lead
    assert isinstance(probe.event, Spent)
    assert text == SCRIPT["2+2?"]
    assert spend.probe == len(" Wait.") + 13


def test_steer_holds_inside_its_block_only() -> None:
    script = {"go": {"a" * 9: 3.0, "b" * 9: 2.0, "c" * 9: 1.0}}

    async def program(chain: Chain) -> list[str]:
        start, texts = chain.mark(), []
        with chain.steer(ban=[ord("a")]):
            await chain.think(9)
            texts.append(chain.text)
            chain.rewind(start)
            with chain.steer(ban=[ord("b")]):
                await chain.think(9)
                texts.append(chain.text)
                chain.rewind(start)
        await chain.think(9)
        return [*texts, chain.text]

    assert on(script, program, prompt="go") == ["b" * 9, "c" * 9, "a" * 9]


def test_biases_of_steers_add_up() -> None:
    async def program(chain: Chain) -> str:
        with chain.steer(bias={ord("a"): -100.0}), chain.steer(bias={ord("a"): 2.0}):
            await chain.think(9)
        return chain.text

    assert on({"go": {"a" * 9: 3.0, "b" * 9: 2.0}}, program, prompt="go") == "b" * 9


def test_stop_ends_a_thinking_chain_and_its_forks() -> None:
    async def program() -> tuple[list[Event], int]:
        engine = make()
        async with engine.open([1, 2, 3]) as chain:
            kids = chain.fork(3)
            tasks = [asyncio.ensure_future(kid.think(1000)) for kid in kids]
            while engine.statistics.steps < 20:
                await asyncio.sleep(0)
            kids[0].stop("unsure")
            grandparent_stops = [tasks[0]]
            await asyncio.wait(grandparent_stops)
            chain.stop("enough")
            return [await task for task in tasks], engine.memory.pages.used

    events, used = run(program())
    assert [event.why for event in events if isinstance(event, Stopped)] == ["unsure", "enough", "enough"]
    assert used == 0


def test_a_cancelled_chain_can_think_again() -> None:
    async def program() -> tuple[list[int], list[int]]:
        engine = make()
        async with engine.open([1, 2, 3]) as chain, engine.open([1, 2, 3]) as other:
            task = asyncio.ensure_future(chain.think(500))
            while engine.statistics.steps < 20:
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            done = len(chain.new_ids)
            assert 0 < done < 500
            await chain.think(40)
            await other.think(done + 40)
            return chain.new_ids, other.new_ids

    ours, other = run(program())
    assert ours == other


def test_a_chain_is_stopped_with_all_its_descendants() -> None:
    engine = make(pages=8)
    chain = last = engine.open([1, 2, 3])
    for _ in range(1500):
        (last,) = last.fork()
    chain.stop("enough")
    assert last.closed == "enough"
    assert not engine.memory.held


def test_anew_stays_anew() -> None:
    async def program() -> list[list[int]]:
        ways = []
        async with make().open([1, 2, 3]) as chain:
            mark = chain.mark()
            for anew in (False, True, True, False):
                chain.rewind(mark, anew=anew)
                await chain.think(8)
                ways.append(chain.new_ids)
        return ways

    first, second, third, fourth = run(program())
    assert first != second != third != first
    assert fourth == third


def test_what_is_rewound_leaves_no_likeliest_tokens() -> None:
    async def program() -> tuple[set[int], set[int]]:
        async with make().open([1, 2, 3]) as chain:
            chain.top = 2
            await chain.think(4)
            drawn = set(chain.likeliest)
            chain.rewind(5)
            chain.say([9])
            return drawn, set(chain.likeliest)

    assert run(program()) == ({3, 4, 5, 6}, {3, 4})


@pytest.mark.parametrize("operation", ["fork", "say", "rewind", "think", "steer"])
def test_operations_on_a_thinking_or_stopped_chain_are_refused(operation: str) -> None:
    async def attempt(chain: Chain) -> None:
        match operation:
            case "fork":
                chain.fork()
            case "say":
                chain.say("x")
            case "rewind":
                chain.rewind(chain.prompt_length)
            case "steer":
                with chain.steer(temperature=1):
                    pass
            case _:
                await chain.think(1)

    async def program() -> None:
        async with make().open([1, 2, 3]) as chain:
            task = asyncio.ensure_future(chain.think(400))
            await asyncio.sleep(0)
            with pytest.raises(MullError, match="is thinking"):
                await attempt(chain)
            chain.stop("done")
            await task
            with pytest.raises(MullError, match=r"was stopped \(done\)"):
                await attempt(chain)

    run(program())


def test_a_full_context_ends_the_chain() -> None:
    async def program(engine: LocalEngine) -> tuple[Event, Event, int]:
        async with engine.open([1] * 10) as chain:
            first = await chain.think()
            return first, await chain.think(), len(chain)

    assert run(program(make(context=24))) == (Ended(24, "context"), Ended(24, "context"), 24)


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ([], "empty"),
        ([1] * 24, "24 tokens, the context only 24"),
        ([1, 999], "outside 0 to 260"),
        ([-1], "outside"),
    ],
)
def test_impossible_prompts_are_refused(prompt: list[int], message: str) -> None:
    with pytest.raises(MullError, match=message):
        make(context=24).open(prompt)


def test_too_many_forced_tokens_are_refused_and_nothing_is_lost() -> None:
    async def program() -> None:
        async with make(context=24).open([1, 2, 3]) as chain:
            with pytest.raises(MullError, match="room for 21"):
                chain.say([1] * 22)
            await chain.think(2)
            assert len(chain) == 5

    run(program())


def test_progress_is_shown_while_a_prompt_is_read() -> None:
    async def program() -> list[tuple[int, int]]:
        seen: list[tuple[int, int]] = []
        async with make(chunk=50).open([1] * 200) as chain:
            await chain.think(1, [Progress(lambda done, total: seen.append((done, total)))])
        return seen

    assert run(program())[:3] == [(50, 200), (100, 200), (150, 200)]


def test_a_stream_gets_every_character_once() -> None:
    seen: list[str] = []

    async def program(chain: Chain) -> str:
        await chain.think(5, [Stream(seen.append, every=3)])
        await chain.think(watch=[Stream(seen.append)])
        return chain.text

    assert on(SCRIPT, program) == "".join(seen)


class Every:
    def __init__(self, every: int) -> None:
        self.every = every
        self.looks: list[int] = []

    def start(self, chain: Chain) -> Look:
        def look() -> Event | None:
            self.looks.append(len(chain.new_ids))
            return None

        return look


def test_watches_look_at_their_own_pace_and_once_at_the_end() -> None:
    async def program() -> list[int]:
        watch = Every(4)
        async with make().open([1]) as chain:
            await chain.think(10, [watch])
        return watch.looks

    assert run(program()) == [4, 8, 10]


def test_confidences_are_kept_where_asked_for() -> None:
    async def program() -> tuple[Chain, Chain]:
        engine = make()
        plain, tracked = engine.open([1]), engine.open([1], track_confidence=True)
        await asyncio.gather(plain.think(5), tracked.think(5))
        tracked.say([9])
        tracked.rewind(5)
        return plain, tracked

    plain, tracked = run(program())
    assert not plain.confidences
    assert len(tracked.confidences) == 4
    assert all(value > 0 for value in tracked.confidences)
    assert 0 < tracked.confidence < 1
