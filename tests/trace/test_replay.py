"""Replay: what was traced is drawn again, token by token, whatever was done to the chains."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mull
from mull.engine import Chain, Sampling
from mull.engine.local import LocalEngine
from mull.engine.scripted import asked, scripted
from mull.errors import MullError
from mull.model.checkpoint import Checkpoint
from mull.think.bar import Bar
from mull.think.line import Line
from mull.think.meter import Meter
from mull.think.probes import Probes
from mull.think.question import Question
from mull.think.trace import Record, Trace
from mull.trace.replay import Replay, replay
from tests.think import test_check, test_plan, test_search
from tests.think.programs import SCRIPT, made, operations, perform


def again(trace: Trace, engine: LocalEngine) -> Replay:
    done = asyncio.run(replay(trace, engine))
    assert engine.memory.pages.used == 0
    return done


@settings(deadline=None, max_examples=40)
@given(
    strategy=st.sampled_from(["think", "vote", "best", "auto"]),
    seed=st.integers(0, 1000),
    tokens=st.none() | st.integers(120, 900),
    line=st.sampled_from([
        None,  # with the guards that there are by default
        Line(sampling=Sampling(temperature=0)),
        Line(thinking=60, probes=Probes(every=8, after=8, agree=2, tokens=12)),
        Line(thinking=0),
        Line(minimum=30, thinking=80),
    ]),
    pages=st.sampled_from([60, 4096]),
)  # fmt: skip
def test_whatever_the_strategy_all_tokens_are_equal(
    strategy: str, seed: int, tokens: int | None, line: Line | None, pages: int
) -> None:
    options: dict[str, Any] = {"max_tokens": tokens, "seed": seed, "line": line}
    if strategy != "think":
        options["n"] = 5
    if strategy == "vote":
        options["bar"] = Bar(keep=0.1, window=8, after=1)
    answer = mull.ask("split", engine=made(), strategy=strategy, **options)
    done = again(answer.trace, made(pages=pages))
    assert done.difference is None
    assert done.models == {}
    drawn = answer.ledger.tokens
    forced_in_probes = sum(len(r["ids"]) for r in answer.trace if r["op"] == "say") - drawn.forced
    assert done.equal == done.tokens == drawn.sampled + drawn.probe + drawn.check - forced_in_probes


@settings(deadline=None, max_examples=25)
@given(
    case=st.sampled_from([
        (test_search.SCRIPT, "product", "search"),
        (test_search.SCRIPT, "trap", "search"),
        (test_plan.SCRIPT, test_plan.QUESTION, "plan"),
        (test_check.SCRIPT, "product", "check"),
        (test_check.SCRIPT, "year", "check"),
    ]),
    temperature=st.sampled_from([0.0, 1.0]),
    seed=st.integers(0, 1000),
    tokens=st.none() | st.integers(300, 900),
)  # fmt: skip
def test_so_it_is_with_those_that_go_back_and_ask_again(
    case: tuple[dict[str, Any], str, str], temperature: float, seed: int, tokens: int | None
) -> None:
    script, question, strategy = case
    engines = [scripted(script, sampling=Sampling(temperature=temperature), context=8192) for _ in range(2)]
    answer = mull.ask(question, engine=engines[0], strategy=strategy, seed=seed, max_tokens=tokens)
    done = again(answer.trace, engines[1])
    assert done.difference is None
    assert done.equal == done.tokens


@settings(deadline=None, max_examples=80)
@given(program=operations, seed=st.integers(0, 1000))
def test_whatever_the_program_all_tokens_are_equal(program: list[tuple[str, int, int]], seed: int) -> None:
    trace = Trace()

    async def body() -> None:
        engine = made()
        trace.begin(Question.of("split"), engine)
        family: list[Chain] = []
        await perform(Meter(engine, trace=trace), program, seed, family)
        for chain in family:
            chain.stop("done")

    asyncio.run(body())
    done = again(trace, made())
    assert done.difference is None
    assert done.equal == done.tokens


def test_through_a_file_it_is_the_same(tmp_path: Path) -> None:
    answer = mull.ask("split", engine=made(), strategy="vote", n=4, seed=3)
    answer.trace.write(tmp_path / "trace.jsonl")
    done = again(Trace.read(tmp_path / "trace.jsonl"), made())
    assert done.difference is None
    assert done.tokens > 0


def test_the_first_difference_is_found_and_the_other_model_named() -> None:
    answer = mull.ask("split", engine=made(), strategy="vote", n=4, seed=3)
    other = {**SCRIPT, asked("split"): "<think>\nI see 6*7=48"}
    done = again(answer.trace, made(other))
    assert done.difference is not None
    assert done.equal < done.tokens
    first = done.difference
    lives: dict[int, int] = {}
    for record in answer.trace:  # no earlier record holds a token that the other script would not say
        if record["op"] in ("open", "fork"):
            lives[record["chain"]] = len(record.get("prompt", ())) or record["at"]
        if record["op"] == "tokens":
            start = lives[record["chain"]]
            said = bytes(token if token < 256 else 0 for token in record["ids"]).decode()
            if record["chain"] == first.chain and start <= first.position < start + len(record["ids"]):
                assert record["ids"][first.position - start] == first.expected != first.found
                break
            assert ("\0" + "\nI see 6*7=48")[start - lives[0] :].startswith(said)
            lives[record["chain"]] += len(record["ids"])
    assert set(done.models) == {"fingerprint"}


def test_an_altered_token_is_the_difference() -> None:
    answer = mull.ask("split", engine=made(), strategy="think", seed=1)
    record: Record = next(r for r in answer.trace if r["op"] == "tokens")
    start = len(answer.trace.records[1]["prompt"])
    original = record["ids"][5]
    record["ids"][5] = 7
    done = again(answer.trace, made())
    assert done.difference is not None
    found = done.difference
    assert (found.chain, found.position, found.expected, found.found) == (0, start + 5, 7, original)


def test_what_does_not_fit_together_is_refused() -> None:
    trace = mull.ask("split", engine=made(), strategy="vote", n=2).trace
    next(r for r in trace if r["op"] == "fork")["at"] += 1
    with pytest.raises(MullError, match="forks chain 0 at"):
        again(trace, made())


def test_the_embedded_model_votes_again() -> None:
    engine = mull.load()
    question = "What is 24 + 13?"
    answer = mull.ask(question, engine=engine, strategy="vote", n=5, effort="low", seed=2,
                      sampling=Sampling(temperature=1.2))  # fmt: skip
    progress: list[tuple[int, int]] = []
    done = asyncio.run(replay(answer.trace, engine, progress=lambda *so_far: progress.append(so_far)))
    assert done.difference is None
    assert done.models == {}
    assert done.equal == done.tokens > 100
    assert progress[-1] == (done.tokens, done.tokens)
    header = answer.trace.records[0]["model"]
    assert header["name"] == "embedded"
    assert header["fingerprint"] == Checkpoint.open().fingerprint
    engine.close()
    empty = Trace()
    empty.records.append(answer.trace.records[0])
    done = asyncio.run(replay(empty, mull.load(runner="reference")))
    assert set(done.models) == {"runner", "dtype"}
