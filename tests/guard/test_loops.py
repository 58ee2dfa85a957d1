"""Loops are found exactly, wherever they begin and whatever was rewound; good text is left alone."""

from __future__ import annotations

import asyncio
import zlib
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mull.engine
from mull import tasks
from mull.engine import Chain, Ended, Event, Sampling, Spent
from mull.engine.events import Looped, Suspected
from mull.engine.scripted import scripted
from mull.guard.loops import Grams, Loops, Recent, Repetition, compression, find

CYCLE = "Wait, let me check that again. Hmm, 7 and 8 are 15, "
SCRIPT = {"?": "So first of all: " + CYCLE * 40, "rewound": " and so it is done.", "different": "abcde " * 60}


SENSITIVE = Repetition(window=300, chars=600, rest=256, every=64)


def on(program: Any, script: dict[str, str] = SCRIPT) -> Any:
    async def body() -> Any:
        engine = scripted(script, sampling=Sampling(temperature=0.0))
        async with engine.open(list(b"?")) as chain:
            return await program(chain)

    return asyncio.run(body())


def slow(ids: list[int], longest: int, copies: int, shortest: int) -> int | None:
    """The definition."""
    for period in range(1, longest + 1):
        span = max(copies * period, shortest)
        if span <= len(ids) and all(
            ids[i] == ids[i - period] for i in range(len(ids) - span + period, len(ids))
        ):
            return period
    return None


@given(
    st.lists(st.integers(0, 2), max_size=60),
    st.lists(st.integers(0, 2), min_size=1, max_size=12),
    st.integers(0, 9),
    st.integers(0, 12),
    st.integers(3, 4),
    st.integers(8, 24),
)
@settings(max_examples=400, deadline=None)
def test_finds_what_the_definition_says(
    before: list[int], cycle: list[int], times: int, more: int, copies: int, shortest: int
) -> None:
    ids = before + cycle * times + cycle[:more]
    tokens = "".join(map(chr, ids))
    for longest in (3, 12, 40):
        assert find(tokens, longest, copies, shortest) == slow(ids, longest, copies, shortest)


@pytest.mark.parametrize("period", [1, 2, 3, 7, 15, 16, 17, 100, 500, 1999, 2000])
def test_periods_up_to_the_longest(period: int) -> None:
    random = Random(period)
    cycle = [random.randrange(150_000) for _ in range(period)]
    ids = [random.randrange(150_000) for _ in range(300)] + cycle * (3 + 128 // period)
    assert find("".join(map(chr, ids)), 2000, 3, 128) == period
    ids[-1] += 1
    assert find("".join(map(chr, ids)), 2000, 3, 128) is None


def test_one_more_than_the_longest_is_no_loop() -> None:
    cycle = list(range(2001))
    assert find("".join(map(chr, cycle * 4)), 2000, 3, 128) is None


def test_recent_keeps_the_latest() -> None:
    recent = Recent(5, [1, 2, 3])
    recent.extend([4, 5, 6])
    assert (recent.tokens, recent.length) == ("\x02\x03\x04\x05\x06", 6)
    recent.extend(list(range(10, 30)))
    assert (recent.tokens, recent.length) == ("".join(map(chr, range(25, 30))), 26)


def test_tells_where_the_first_copy_begins() -> None:
    async def program(chain: Chain) -> tuple[Event, str]:
        event = await chain.think(watch=(Loops(),))
        assert isinstance(event, Looped)
        return event, bytes(chain.ids[event.start : event.start + event.period]).decode()

    event, first = on(program)
    # The space before "Wait" is the cycle's last character: its first copy begins one token earlier.
    assert sorted(first) == sorted(CYCLE)
    assert event.period == len(CYCLE)
    assert event.start in (1 + len("So first of all:"), 1 + len("So first of all: "))
    assert event.copies == (event.at - event.start) // event.period == 3
    assert event.at - event.start - 3 * len(CYCLE) <= Loops().every


def test_sees_what_stood_there_before_the_stretch_began() -> None:
    async def program(chain: Chain) -> list[Event]:
        return [await chain.think(50, watch=(Loops(),)) for _ in range(4)]

    *early, last = on(program)
    assert all(isinstance(event, Spent) for event in early)
    assert isinstance(last, Looped)


def test_after_a_rewind_the_loop_is_forgotten_and_a_new_one_found() -> None:
    async def program(chain: Chain) -> list[Event]:
        events = []
        for words in ("rewound", "different"):
            event = await chain.think(watch=(Loops(),))
            assert isinstance(event, Looped)
            chain.rewind(event.start)
            chain.say(words)
            events += [event, await chain.think(watch=(Loops(),))]
            chain.rewind(chain.prompt_length)
        return events

    _, ended, _, looped = on(program)
    assert isinstance(ended, Ended)
    assert isinstance(looped, Looped)
    assert looped.period == len("abcde ")


def test_copies_in_the_prompt_do_not_count() -> None:
    async def program(chain: Chain) -> Event:
        return await chain.think(130, watch=(Loops(),))

    script = {"?": "abc" * 42 + "stop."}

    async def body() -> Event:
        engine = scripted(script, sampling=Sampling(temperature=0.0))
        async with engine.open(list(b"abc" * 100 + b"?")) as chain:
            return await program(chain)

    assert isinstance(asyncio.run(body()), Spent)


def test_counters_are_no_exact_loop_but_a_suspicion() -> None:
    script = {
        "?": "".join(f"Case {i}: the square of {i} is not the number we want, so go on. " for i in range(18))
    }

    async def program(chain: Chain) -> tuple[Event, Event]:
        first = await chain.think(1100, watch=(Loops(),))
        chain.rewind(chain.prompt_length)
        return first, await chain.think(1100, watch=(SENSITIVE,))

    exact, soft = on(program, script)
    assert isinstance(exact, Spent)
    assert isinstance(soft, Suspected)
    assert soft.value > (0.5 if soft.measure == "ngrams" else 5)


def test_a_suspicion_is_not_repeated_at_once() -> None:
    async def program(chain: Chain) -> list[Event]:
        return [await chain.think(watch=(SENSITIVE,)) for _ in range(2)]

    first, second = on(program, {"?": CYCLE * 30})
    assert isinstance(first, Suspected)
    assert isinstance(second, Suspected)
    assert second.at - first.at == SENSITIVE.rest


def test_share_of_ngrams_seen_before() -> None:
    random = Random(0)
    fresh = [random.randrange(1000) for _ in range(300)]
    grams = Grams(ngram=5, window=100, memory=1000)
    grams.extend(fresh)
    assert grams.share == 0
    grams.extend(fresh[:60])
    assert grams.share == pytest.approx(0.56)
    grams.extend(random.randrange(1000) for _ in range(2000))  # longer than the memory
    grams.extend(fresh[:100])
    assert grams.share == 0


def test_compression_is_of_the_latest_characters() -> None:
    noise = "".join(chr(Random(i).randrange(33, 126)) for i in range(2000))
    assert compression("x" * 5000 + noise, 2000) < 1.5
    assert compression("x" * 100, 2000) == 1.0
    assert compression("ab" * 5000, 2000) == 2000 / len(zlib.compress(b"ab" * 1000))


def good_texts() -> list[str]:
    """Long texts that are in order: traces of all tasks, code, tables, numbers."""
    texts = []
    for family in tasks.families():
        random = Random(family.name)
        problems = [family.problem("train", level, index) for level in family.levels for index in range(6)]
        texts += ["".join(part.text for part in family.trace(problem, random, 0.3)) for problem in problems]
    texts += [path.read_text() for path in Path(mull.engine.__file__).parent.glob("*.py")]
    texts.append("|---|---|---|\n" + "".join(f"| {i} | {i * i} | yes |\n" for i in range(60)))
    texts.append("\n".join(" ".join("0" for _ in range(12)) for _ in range(5)) + "\n1/3 = 0." + "3" * 60)
    return texts


def test_no_false_alarm_on_good_text() -> None:
    tokenizer = mull.load().tokenizer
    for text in good_texts():
        ids = tokenizer.encode(text)
        for end in range(16, len(ids), 16):
            assert find("".join(map(chr, ids[:end][-6000:])), 2000, 3, 128) is None, text[:end][-300:]
