"""Chains on `mull serve` are the chains of the local engine, token for token."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

import mull
from mull.engine import Engine, Sampling
from mull.engine.remote import RemoteEngine
from mull.guard.rescue import LoopGuard
from mull.model.chat import Message, render
from mull.think.line import Line, follow
from mull.think.meter import Meter
from mull.think.strategies import STRATEGIES
from mull.think.trace import Trace
from tests.export.agreement import problems

QUESTION = "Make 81 from 7, 8 and 11."
HERE = mull.load(threads=1)


def serving(*options: str) -> Iterator[str]:
    """The URL of a server that is started so."""
    command = [sys.executable, "-m", "mull", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        yield server.stderr.readline().split(" on ")[1].split()[0]
        server.terminate()
        server.stderr.read()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    yield from serving("--threads", "1")


@pytest.fixture(scope="module")
def engine(url: str) -> RemoteEngine:
    return mull.connect(url)


@pytest.fixture(scope="module")
def front(url: str) -> Iterator[str]:
    """A server before the server."""
    yield from serving("--server", url)


def test_it_can_do_everything(engine: RemoteEngine) -> None:
    can = engine.abilities
    assert can.tokens
    assert can.ids == "names"
    assert can.confident
    assert can.plain
    assert can.top_k
    assert can.bias
    assert can.seed
    assert can.stop_ids
    assert can.echo
    assert can.cache
    assert engine.context == HERE.context
    assert engine.model["fingerprint"] == HERE.model["fingerprint"]


def test_greedy_tokens_and_their_chances(engine: RemoteEngine) -> None:
    async def one(place: Engine, question: str) -> tuple[list[int], list[float], list[float]]:
        prompt = render([Message("user", question)], place.tokenizer, format=place.format)
        greedy = Sampling(temperature=0.0)
        async with place.open(prompt, sampling=greedy, track_confidence=True) as chain:
            await chain.think(500)
            return chain.new_ids, chain.logprobs, chain.confidences

    async def everything(place: Engine) -> list[tuple[list[int], list[float], list[float]]]:
        return list(await asyncio.gather(*(one(place, problem.question) for problem in problems(8))))

    for there, here in zip(asyncio.run(everything(engine)), asyncio.run(everything(HERE)), strict=True):
        assert there[0] == here[0]
        assert there[1] == pytest.approx(here[1], abs=1e-6)
        assert there[2] == pytest.approx(here[2], abs=1e-4)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_strategies(engine: RemoteEngine, strategy: str) -> None:
    options: dict[str, Any] = {"n": 4} if strategy in ("vote", "best", "auto") else {}
    before = engine.statistics.spend.generated
    there = mull.ask(QUESTION, engine=engine, strategy=strategy, **options)
    here = mull.ask(QUESTION, engine=HERE, strategy=strategy, **options)
    assert there.final == here.final
    assert there.ledger.generated == engine.statistics.spend.generated - before
    if strategy in ("think", "auto"):  # greedy, and one chain
        assert (there.thoughts, there.text) == (here.thoughts, here.text)
        assert there.confidence == pytest.approx(here.confidence)


def test_a_guard(engine: RemoteEngine) -> None:
    """A model that is made to say one thing for ever."""

    async def program(place: Engine) -> list[Any]:
        (space,) = place.tokenizer.encode(" ")
        trace = Trace()
        meter = Meter(place, trace=trace)
        prompt = render([Message("user", QUESTION)], place.tokenizer, format=place.format)
        async with meter.open(prompt, sampling=Sampling(temperature=0.0, bias={space: 60.0})) as chain:
            await follow(chain, meter, Line(guards=(LoopGuard(),)))
        return [note["did"] for note in trace.notes("loop")]

    there = asyncio.run(program(engine))
    assert there == asyncio.run(program(HERE))
    assert len(there) == 4


def test_the_likeliest_tokens(engine: RemoteEngine) -> None:
    async def program(place: Engine) -> list[Any]:
        prompt = render([Message("user", QUESTION)], place.tokenizer, format=place.format)
        async with place.open(prompt) as chain:
            chain.top = 3
            await chain.think(20)
            return [chain.likeliest[at] for at in range(chain.prompt_length, len(chain))]

    for there, here in zip(asyncio.run(program(engine)), asyncio.run(program(HERE)), strict=True):
        assert [id for id, _ in there] == [id for id, _ in here]
        assert [chance for _, chance in there] == pytest.approx([chance for _, chance in here], abs=1e-5)


def test_a_server_before_a_server_says_the_same(url: str, front: str) -> None:
    def asked(place: str, path: str, **body: Any) -> dict[str, Any]:
        reply = httpx2.post(f"{place}/v1/{path}", json={"model": "embedded", **body}, timeout=60)
        choice: dict[str, Any] = reply.raise_for_status().json()["choices"][0]
        return choice

    chat = {"messages": [{"role": "user", "content": QUESTION}]}
    here, there = (asked(place, "chat/completions", **chat) for place in (url, front))
    assert there["message"] == here["message"]
    prompt = {"prompt": "1, 2, 3", "max_tokens": 8, "temperature": 0, "logprobs": 2}
    here, there = (asked(place, "completions", **prompt) for place in (url, front))
    assert (there["text"], there["logprobs"]["tokens"]) == (here["text"], here["logprobs"]["tokens"])
    for one, other in zip(there["logprobs"]["top_logprobs"], here["logprobs"]["top_logprobs"], strict=True):
        assert one == pytest.approx(other, abs=1e-4)
