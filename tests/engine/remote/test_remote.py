"""Chains on a server are chains: the same greedy tokens, strategies, budgets and ledgers; and what fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

import mull
from mull.engine import Answers, Ended, Engine, Sampling, Spent, Stopped
from mull.engine.events import Answered
from mull.engine.remote import RemoteEngine, servers
from mull.errors import MullError, Unsupported
from mull.guard.rescue import LoopGuard
from mull.model.chat import Message, render
from mull.think.line import Line, follow
from mull.think.meter import Meter
from mull.think.strategies import STRATEGIES
from mull.think.trace import Trace
from tests.engine.remote.fake import Fake, Fault, Manners

QUESTION = "Make 81 from 7, 8 and 11."
GREEDY = Sampling(temperature=0.0)
HERE = mull.load(threads=1)


def prompt(question: str = QUESTION) -> list[int]:
    return render([Message("user", question)], HERE.tokenizer, format=HERE.format)


def _whole() -> list[int]:
    async def program() -> list[int]:
        async with HERE.open(prompt(), sampling=GREEDY) as chain:
            await chain.think()
            return chain.new_ids

    return asyncio.run(program())


WHOLE = _whole()  # what the local engine says


@pytest.fixture(autouse=True)
def _short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "REST", 0.02)


def run(program: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(program, 60))


def eventually(true: Callable[[], bool]) -> bool:
    """Whether it becomes true within two seconds: the server hears of things a moment later."""
    until = time.monotonic() + 2
    while not true() and time.monotonic() < until:
        time.sleep(0.01)
    return true()


@pytest.mark.parametrize("tokens", [True, False])
@pytest.mark.parametrize("ids", ["names", "token_ids", "text"])
def test_greedy_tokens_are_those_of_the_local_engine(ids: str, tokens: bool) -> None:
    with Fake(Manners(ids=ids, tokens=tokens)) as server:
        engine = mull.connect(server.url)

        async def program() -> None:
            async with engine.open(prompt()) as chain:
                event = await chain.think(40)
                assert isinstance(event, Spent)
                assert chain.new_ids == WHOLE[:40]
                mark = chain.mark()
                (child,) = chain.fork()
                ended = await child.think()
                assert isinstance(ended, Ended)
                assert ended.token in engine.stop_ids
                assert child.new_ids == WHOLE
                chain.say("\n")
                await chain.think(10)
                chain.rewind(mark)
                probe = await chain.probe("The answer is \\boxed{", max_tokens=12)
                assert probe.ids
                assert chain.new_ids == WHOLE[:40]
                await chain.think()
                assert chain.new_ids == WHOLE
                assert 0.9 < chain.confidence <= 1

        run(program())
        assert eventually(lambda: server.running == 0)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_strategies_run_unchanged_and_count_everything(strategy: str) -> None:
    options: dict[str, Any] = {"n": 4} if strategy in ("vote", "best", "auto") else {}
    with Fake() as server:
        engine = mull.connect(server.url)
        answer = mull.ask(QUESTION, engine=engine, strategy=strategy, **options)
        assert answer.ledger.tokens == engine.statistics.spend
        assert answer.final == mull.ask(QUESTION, engine=HERE, strategy=strategy, **options).final
        assert server.drawn >= answer.ledger.tokens.sampled
        assert eventually(lambda: server.running == 0)


def test_a_budget_is_never_exceeded() -> None:
    with Fake() as server:
        answer = mull.ask(QUESTION, engine=mull.connect(server.url), strategy="vote", n=8, max_tokens=500)
    assert 0 < answer.ledger.generated <= 500


def test_one_line_of_thought_is_one_request() -> None:
    with Fake() as server:
        answer = mull.ask(QUESTION, engine=mull.connect(server.url))
        assert len(server.bodies) == 1
        assert answer.ledger.tokens.recomputed == 0
        assert eventually(lambda: server.ended == ["done"])


def test_a_watch_that_ends_a_stretch_costs_no_second_request() -> None:
    with Fake() as server:
        engine = mull.connect(server.url)

        async def program() -> None:
            async with engine.open(prompt()) as chain:
                event = await chain.think(watch=[Answers()])
                assert isinstance(event, Answered)
                await chain.think()
                assert chain.new_ids == WHOLE

        run(program())
        assert len(server.bodies) == 1


@pytest.mark.parametrize("ids", ["names", "text"])
def test_tokens_that_are_told_together_are_seen_one_by_one(ids: str) -> None:
    with Fake(Manners(ids=ids, bunch=100)) as server:
        engine = mull.connect(server.url)

        async def program() -> None:
            async with engine.open(prompt()) as chain:
                for length in (5, 120, 290):  # the last in the reply's last bunch
                    await chain.think(watch=[_After(length - len(chain.new_ids))])
                    assert chain.new_ids == WHOLE[:length]
                await chain.think()
                assert chain.new_ids == WHOLE
            assert engine.statistics.spend.recomputed == 0

        run(program())
        assert len(server.bodies) == 1


def test_a_chain_may_go_on_behind_the_end_of_its_turn() -> None:
    with Fake() as server:
        engine = mull.connect(server.url)

        async def program() -> None:
            onward = Sampling(temperature=0.0, stop_ids=frozenset())
            async with engine.open(prompt(), sampling=onward) as chain:
                assert isinstance(await chain.think(len(WHOLE) + 10), Spent)
                assert chain.new_ids[: len(WHOLE)] == WHOLE
                assert len(chain.new_ids) == len(WHOLE) + 10

        run(program())


def test_a_chain_that_changes_after_a_watch_hangs_up() -> None:
    with Fake() as server:
        engine = mull.connect(server.url)
        server.manners.delay = 0.002

        async def program() -> None:
            async with engine.open(prompt("What is 24 + 13?")) as chain:
                await chain.think(watch=[_After(5)])
                chain.say("\n")
                await chain.think(3)

        run(program())
        assert len(server.bodies) == 2
        assert eventually(lambda: server.ended == ["gone", "done"])


def test_a_request_that_nobody_goes_on_with_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RemoteEngine, "hold", 0.05)
    with Fake() as server:
        engine = mull.connect(server.url)
        server.manners.delay = 0.01

        async def program() -> None:
            async with engine.open(prompt()) as chain:
                await chain.think(200, watch=[_After(5)])
                assert await asyncio.to_thread(eventually, lambda: server.ended == ["gone"])
                await chain.think(20)
                assert chain.new_ids == WHOLE[:25]

        run(program())
        assert len(server.bodies) == 2


def test_a_killed_chain_closes_its_connection() -> None:
    with Fake() as server:
        engine = mull.connect(server.url)
        server.manners.delay = 0.005
        before = server.drawn

        async def program() -> None:
            async with engine.open(prompt()) as chain:
                thinking = asyncio.create_task(chain.think())
                while len(chain.new_ids) < 3:
                    await asyncio.sleep(0.002)
                chain.stop("enough")
                event = await thinking
                assert isinstance(event, Stopped)
                assert event.why == "enough"
                # The server stops drawing within a few tokens' time.
                drawn = len(chain.new_ids)
                assert await asyncio.to_thread(eventually, lambda: server.running == 0)
                assert server.drawn - before <= drawn + 10

        run(program())
        assert eventually(lambda: server.ended == ["gone"])


def test_a_cancelled_answer_leaves_nothing_running() -> None:
    with Fake() as server:
        engine = mull.connect(server.url)
        server.manners.delay = 0.005

        async def program() -> None:
            task = asyncio.create_task(mull.answer(QUESTION, engine=engine, strategy="vote", n=6, seats=6))
            while server.running < 6:
                await asyncio.sleep(0.005)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert await asyncio.to_thread(eventually, lambda: server.running == 0)

        run(program())


@pytest.mark.parametrize("what", ["break", "error", "nonsense", "abort"])
def test_a_reply_that_breaks_off_is_gone_on_with(what: str) -> None:
    faults = iter([Fault(after=20, what=what), Fault(after=7, what=what)])
    with Fake(trouble=lambda _: next(faults, None)) as server:
        engine = mull.connect(server.url)
        answer = mull.ask(QUESTION, engine=engine, seed=3)
        assert answer == mull.ask(QUESTION, engine=HERE, seed=3, line=Line()) or answer.final == "(11*8)-7"
        assert answer.ledger.tokens.sampled == len(WHOLE)  # none lost, none counted twice
        assert eventually(lambda: server.ended == ["fault", "fault", "done"])


def test_streams_that_break_off_together_are_one_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "REST", 5.0)
    with Fake() as well, Fake(trouble=lambda _: Fault(after=5)) as sick:
        engine = mull.connect([sick.url, well.url])
        run(_crowd(engine, 8))
        assert [server.failures for server in engine.servers.all] == [1, 0]


def test_a_server_that_ends_early_is_asked_for_the_rest() -> None:
    with Fake(Manners(longest=100)) as server:
        answer = mull.ask(QUESTION, engine=mull.connect(server.url))
        assert answer.final == "(11*8)-7"
        assert [len(body["prompt"]) for body in server.bodies] == [31, 131, 231]


def test_another_server_takes_over_and_the_sick_one_comes_back() -> None:
    with Fake() as well, Fake(trouble=lambda _: Fault(after=5)) as sick:
        engine = mull.connect([sick.url, well.url])
        answer = mull.ask(QUESTION, engine=engine, strategy="vote", n=6, seats=6)
        alone = mull.ask(QUESTION, engine=HERE, strategy="vote", n=6, seats=6)
        assert answer.final == alone.final
        assert answer.ledger.chains == alone.ledger.chains
        assert "fault" in sick.ended
        sick.trouble = lambda _: None
        for server in engine.servers.all:
            server.rests_until = 0.0
        before = len(sick.bodies)
        run(_crowd(engine, 8))
        assert len(sick.bodies) == before + 4
        assert all(server.failures == 0 and server.running == 0 for server in engine.servers.all)


def test_the_least_loaded_server_is_asked() -> None:
    with Fake(Manners(delay=0.001)) as one, Fake(Manners(delay=0.001)) as other:
        run(_crowd(mull.connect([one.url, other.url]), 8))
        assert (one.peak, other.peak) == (4, 4)


def test_a_chain_stays_where_its_prefix_is() -> None:
    with Fake() as one, Fake() as other:
        engine = mull.connect([one.url, other.url])

        async def program() -> None:
            async with engine.open(prompt()) as chain:
                for _ in range(4):
                    await chain.think(5)

        run(program())
        assert sorted((len(one.bodies), len(other.bodies))) == [0, 4]


def test_a_busy_server_is_waited_for() -> None:
    faults = iter([Fault(status=429, headers={"retry-after": "0.1"}), Fault(status=503)])
    with Fake(trouble=lambda _: next(faults, None)) as server:
        assert mull.ask(QUESTION, engine=mull.connect(server.url)).final == "(11*8)-7"
        assert eventually(lambda: server.ended == ["done"])


def test_when_no_server_answers_it_says_so_in_the_end() -> None:
    with Fake(trouble=lambda _: Fault(status=500)) as server:
        engine = mull.connect(server.url, patience=0.3)
        with pytest.raises(MullError, match=r"no server answers: .*500: trouble"):
            mull.ask(QUESTION, engine=engine)


def test_what_a_server_refuses_is_not_asked_again() -> None:
    seen = []
    with Fake(trouble=lambda body: seen.append(body) or Fault(status=400)) as server:  # type: ignore[func-returns-value]
        engine = mull.connect(server.url)
        with pytest.raises(MullError, match="400, trouble"):
            mull.ask(QUESTION, engine=engine)
    assert len(seen) == 1


def test_silence_is_a_failure_too() -> None:
    faults = iter([Fault(after=3, what="silence")])
    with Fake(trouble=lambda _: next(faults, None)) as server:
        answer = mull.ask(QUESTION, engine=mull.connect(server.url, timeout=0.3))
        assert answer.ledger.tokens.sampled == len(WHOLE)


def test_control_tokens_in_a_text_prompt_are_refused() -> None:
    asked = "What is <|im_end|>?"
    with Fake(Manners(tokens=False)) as server, pytest.raises(Unsupported, match="control token"):
        mull.ask(asked, engine=mull.connect(server.url))
    with Fake() as server:
        assert mull.ask(asked, engine=mull.connect(server.url), max_tokens=100).text


def test_the_same_seed_takes_the_same_way_again_and_forks_differ() -> None:
    with Fake() as server:
        engine = mull.connect(server.url)

        async def program() -> list[list[int]]:
            async with engine.open(prompt(), seed=5, sampling=Sampling(temperature=2.0)) as chain:
                kids = chain.fork(2)
                await asyncio.gather(*(kid.think(30) for kid in kids))
                return [kid.new_ids for kid in kids]

        first, again = run(program()), run(program())
    assert first == again
    assert first[0] != first[1]


def test_stop_strings_and_confidences() -> None:
    with Fake() as server:
        engine = mull.connect(server.url)

        async def program() -> None:
            stops = Sampling(temperature=0.0, stop=("11=",))
            async with engine.open(prompt(), sampling=stops, track_confidence=True) as chain:
                event = await chain.think()
                assert isinstance(event, Ended)
                assert event.string == "11="
                assert chain.text[event.offset :].startswith("11=")
                assert all(c > 0 for c in chain.confidences)

        run(program())


def test_a_guard_rescues_as_it_does_here() -> None:
    """A model that is made to say one thing for ever."""

    async def program(engine: Engine) -> list[tuple[str, int]]:
        (space,) = engine.tokenizer.encode(" ")
        trace = Trace()
        meter = Meter(engine, trace=trace)
        async with meter.open(prompt(), sampling=Sampling(temperature=0.0, bias={space: 60.0})) as chain:
            await follow(chain, meter, Line(guards=(LoopGuard(),), answer=256))
        return [(note["did"], note["period"]) for note in trace.notes("loop")]

    with Fake() as server:
        rescues = run(program(mull.connect(server.url)))
    assert rescues == run(program(HERE))
    assert len(rescues) == 4


def test_a_trace_says_which_server_it_was_and_is_whole() -> None:
    with Fake() as server:
        trace = Trace()
        mull.ask(QUESTION, engine=mull.connect(server.url), trace=trace)
    assert trace.records[0]["model"] == {"name": "embedded", "runner": "server fake"}
    drawn = [token for record in trace if record["op"] == "tokens" for token in record["ids"]]
    assert drawn == WHOLE


async def _crowd(engine: RemoteEngine, size: int) -> None:
    """Several chains that think at once."""
    chains = [engine.open(prompt(), seed=seed) for seed in range(size)]
    await asyncio.gather(*(chain.think(30) for chain in chains))
    for chain in chains:
        chain.stop("done")


class _After:
    """Raises an event after so many tokens."""

    every = 1

    def __init__(self, tokens: int) -> None:
        self.tokens = tokens

    def start(self, chain: Any) -> Callable[[], Any]:
        until = len(chain.ids) + self.tokens
        return lambda: Stopped(len(chain.ids), "looked") if len(chain.ids) == until else None
