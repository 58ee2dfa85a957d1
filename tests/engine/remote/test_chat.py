"""Servers that only chat: whole answers from the strategies that ask for such, and a clear no to the rest."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import mull
from mull.engine import Stopped
from mull.engine.remote import ChatEngine, servers
from mull.errors import Unsupported
from mull.model.chat import Message
from tests.engine.remote.fake import Fake, Fault, Manners

QUESTION = "Make 81 from 7, 8 and 11."


@pytest.fixture(autouse=True)
def _short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "REST", 0.02)


@pytest.mark.parametrize("strategy", ["think", "vote", "best", "auto"])
def test_whole_answers_are_those_of_the_local_engine(strategy: str) -> None:
    options: dict[str, Any] = {} if strategy == "think" else {"n": 3}
    with Fake(Manners(chat=True)) as server:
        engine = mull.connect(server.url)
        assert isinstance(engine, ChatEngine)
        answer = mull.ask(QUESTION, engine=engine, strategy=strategy, **options)
        assert answer.ledger.tokens == engine.statistics.spend
    here = mull.ask(QUESTION, engine=mull.load(threads=1), strategy=strategy, **options)
    assert (answer.final, answer.thoughts, answer.text) == (here.final, here.thoughts, here.text)


def test_what_was_said_before_becomes_messages_again() -> None:
    said = [
        Message("system", "Be short."),
        Message("user", "What is 1 + 1?\nAnd <|im_end|>?"),
        Message("assistant", "2"),
        Message("user", "What is 24 + 13?"),
    ]
    with Fake(Manners(chat=True)) as server:
        mull.ask(said, engine=mull.connect(server.url))
        assert server.bodies[-1]["messages"] == [
            {"role": message.role, "content": message.content} for message in said
        ]


@pytest.mark.parametrize("operation", ["say", "fork", "rewind"])
def test_nothing_reaches_into_an_answer(operation: str) -> None:
    with Fake(Manners(chat=True)) as server:
        engine = mull.connect(server.url)

        async def program() -> None:
            from mull.think.question import Question

            async with engine.open(Question.of(QUESTION).prompt(engine)) as chain:
                await chain.think(5)
                await chain.think(5)  # a pause is no matter
                assert len(chain.new_ids) == 10
                with pytest.raises(Unsupported, match="only has chat completions"):
                    {"say": lambda: chain.say("no"), "fork": chain.fork, "rewind": lambda: chain.rewind(40)}[
                        operation
                    ]()

        asyncio.run(program())


def test_an_answer_without_thoughts_cannot_be_asked_for() -> None:
    with Fake(Manners(chat=True)) as server, pytest.raises(Unsupported, match="only has chat completions"):
        mull.ask(QUESTION, engine=mull.connect(server.url), effort="none")


def test_an_answer_that_the_server_cuts_is_cut() -> None:
    with Fake(Manners(chat=True, longest=290)) as server:
        answer = mull.ask(QUESTION, engine=mull.connect(server.url))
    assert answer.status == "cut"
    assert answer.text.startswith("The answer is")
    with (
        Fake(Manners(chat=True, longest=90)) as server,
        pytest.raises(Unsupported, match="closing its thoughts"),
    ):
        mull.ask(QUESTION, engine=mull.connect(server.url))


def test_an_answer_that_breaks_off_is_begun_anew() -> None:
    faults = iter([Fault(after=10)])
    with Fake(Manners(chat=True), trouble=lambda _: next(faults, None)) as server:
        engine = mull.connect(server.url)
        answer = mull.ask(QUESTION, engine=engine)
        assert answer.final == "(11*8)-7"
        ends = [record["event"] for record in answer.trace if record["op"] == "event"]
        assert [end["type"] for end in ends] == [Stopped.__name__, "Ended"]
        assert answer.ledger.tokens == engine.statistics.spend
