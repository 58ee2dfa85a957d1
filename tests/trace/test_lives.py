"""Whoever hears records knows every chain at any moment, from records alone."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mull
from mull.engine import Chain
from mull.think.meter import Meter
from mull.think.question import Question
from mull.think.trace import Record, Trace
from mull.trace.lives import Lives
from tests.think.programs import made, operations, perform


@settings(deadline=None, max_examples=80)
@given(program=operations, seed=st.integers(0, 1000))
def test_a_listener_knows_all_texts_at_any_moment(program: list[tuple[str, int, int]], seed: int) -> None:
    lives, chains = Lives(), list[Chain]()

    def hear(record: Record) -> None:
        lives.hear(record)
        for chain in chains:
            if not chain.closed:
                life = lives[meter.number(chain)]
                assert (life.text, life.length) == (chain.text, len(chain))

    trace = Trace(listen=hear)
    engine = made()
    meter = Meter(engine, trace=trace)

    async def body() -> None:
        trace.begin(Question.of("split"), engine)
        await perform(meter, program, seed, chains)
        for chain in chains:
            chain.stop("done")

    asyncio.run(body())
    assert [lives[meter.number(chain)].ids for chain in chains] == [chain.new_ids for chain in chains]
    assert all(life.stopped for life in lives)


@pytest.mark.parametrize("strategy", ["think", "vote", "best", "auto"])
def test_what_lives_tell_is_what_the_answer_says(strategy: str) -> None:
    lives = Lives()
    answer = mull.ask(
        "split", engine=made(), strategy=strategy, seed=4, trace=Trace(listen=lives.hear), max_tokens=400
    )
    assert any(answer.thoughts in life.text and answer.text in life.text for life in lives)
    told, spent = lives.spend(), answer.ledger.tokens
    kinds = ("sampled", "forced", "probe", "check", "discarded")
    assert [getattr(told, kind) for kind in kinds] == [getattr(spent, kind) for kind in kinds]


def test_a_way_leads_to_the_same_chain_whatever_else_was_made() -> None:
    def record(op: str, chain: int, counted: str = "sampled", parent: int | None = None) -> Record:
        made = {"prompt": [1, 2]} if parent is None else {"parent": parent}
        return {"op": op, "chain": chain, "counted": counted, **made}

    one, other = Lives(), Lives()
    for heard in (record("open", 0), record("fork", 1, "sampled", 0), record("fork", 2, "sampled", 0)):
        one.hear(heard)
    for heard in (
        record("open", 0),
        record("fork", 1, "probe", 0),
        record("fork", 2, "sampled", 0),
        record("fork", 3, "sampled", 0),
    ):
        other.hear(heard)
    assert one[2].key == other[3].key
    assert one[1].key == other[2].key
    assert other[1].key not in {life.key for life in one}
