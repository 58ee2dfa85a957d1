"""Voting, and the laws that all strategies obey: nothing is overspent, left over or left out."""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakSet

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mull
from mull.engine import Chain, Sampling
from mull.engine.local import LocalEngine
from mull.engine.scripted import asked, scripted
from mull.errors import MullError
from mull.think.answer import Answer
from mull.think.bar import Bar
from mull.think.budget import Budget
from mull.think.line import Line
from mull.think.probes import Probes
from mull.think.rules import Beta, Unanimous
from mull.think.trace import Record, Trace

SURE = "<think>\nClear.\n</think>\n\\boxed{7}."
SPLIT = {
    "<think>\nI see.\n</think>\n\\boxed{7}.": 6.0,
    "<think>\nOr not.\n</think>\n\\boxed{14/2}.": 2.0,
    "<think>\nOdd.\n</think>\n\\boxed{8}.": 1.0,
    "<think>\n" + "and so on, " * 12: 1.0,
}
SCRIPT: dict[str, Any] = {
    asked("sure"): SURE,
    asked("split"): SPLIT,
    asked("half"): {
        "<think>\nSo.\n</think>\n\\boxed{7}.": 2.0,
        "<think>\n" + "Of fourteen it must be the half. " * 5 + "\n</think>\n\\boxed{14/2}.": 1.0,
    },
    asked("boxed early"): "<think>\nI try \\boxed{5}. No: it is 7.\n</think>\nSo \\boxed{7}.",
    asked("mute"): "<think>\nHm.\n</think>\nI cannot say.",
    "\n</think>\n\n": "So \\boxed{7}.",
    "The answer is \\boxed{": "7}.",
}


def made(**options: Any) -> LocalEngine:
    return scripted(SCRIPT, sampling=Sampling(), **options)


def ask(engine: LocalEngine, question: str, **options: Any) -> Answer:
    options.setdefault("line", Line())  # no guards
    answer = asyncio.run(mull.answer(question, engine=engine, strategy="vote", **options))
    check_laws(engine, answer)
    return answer


def check_laws(engine: LocalEngine, answer: Answer) -> None:
    assert engine.memory.pages.used == 0
    assert answer.ledger.tokens == engine.statistics.spend
    assert answer.text


def test_the_answer_of_most_is_taken_and_equal_ones_count_together() -> None:
    answer = ask(made(), "split", n=24, rule=Unanimous(99))
    assert answer.final in ("7", "14/2")
    assert answer.status in ("finished", "closed")
    assert 0.9 < answer.confidence <= 1
    last = answer.trace.notes("vote")[-1]
    assert last["piles"][0][1] > last["piles"][1][1]


def test_it_is_shown_as_most_wrote_it_not_as_the_most_confident_did() -> None:
    answer = ask(made(), "half", n=24, rule=Unanimous(99))
    assert answer.final == "7"
    assert {note["answer"] for note in answer.trace.notes("vote")} == {"7", "14/2"}


@pytest.mark.parametrize("strategy", ["think", "vote", "best", "search", "auto"])
def test_a_box_in_the_thoughts_is_no_answer(strategy: str) -> None:
    engine = made()
    answer = asyncio.run(mull.answer("boxed early", engine=engine, strategy=strategy, line=Line()))
    assert (answer.final, answer.status) == ("7", "finished")


@pytest.mark.parametrize("chains", [1, 2, 3])
@pytest.mark.parametrize("strategy", ["think", "vote", "best", "search", "auto", "check", "plan"])
def test_a_budget_of_few_chains_is_enough_for_an_answer(strategy: str, chains: int) -> None:
    engine, budget = made(), Budget(chains=chains)
    answer = asyncio.run(mull.answer("split", engine=engine, strategy=strategy, budget=budget, line=Line()))
    check_laws(engine, answer)
    assert answer.ledger.chains <= chains


def test_probes_that_are_gone_are_kept_by_nobody() -> None:
    engine = scripted(
        {asked("long"): "<think>" + "and so on, " * 200}, sampling=Sampling(temperature=0), context=4096
    )
    line = Line(probes=Probes(every=16, after=16, agree=99))
    probes, most, forked = WeakSet[Chain](), 0, engine.forked

    def seen(chain: Chain, child: Chain) -> None:
        nonlocal most
        probes.add(child)
        most = max(most, len(probes))
        forked(chain, child)

    engine.forked = seen  # type: ignore[method-assign]
    answer = asyncio.run(mull.answer("long", engine=engine, line=line, max_tokens=1200))
    assert len(answer.trace.notes("probe")) > 10
    assert most <= 2


def test_a_probe_ends_with_its_box() -> None:
    script = {asked("late"): "<think>\n" + "and so on, " * 40 + "\n</think>\n\\boxed{7}.",
              "The answer is \\boxed{": "7}. That is all that there is to say."}  # fmt: skip
    engine = scripted(script, sampling=Sampling(temperature=0))
    line = Line(probes=Probes(every=64, after=64, agree=99, tokens=32))
    answer = asyncio.run(mull.answer("late", engine=engine, line=line))
    lead = len("\n</think>\n\nThe answer is \\boxed{") - len("</think>") + 1  # the tag is one token
    assert answer.ledger.tokens.probe == len(answer.trace.notes("probe")) * (lead + len("7}"))


def test_an_easy_vote_stops_after_four() -> None:
    answer = ask(made(), "sure", n=32, seats=1)
    assert answer.ledger.chains == 1 + 4  # the prompt's own, which the voters fork from
    assert answer.trace.notes("settled")


def test_the_prompt_is_computed_once() -> None:
    engine = made()
    answer = ask(engine, "sure", n=8, seats=8, rule=Unanimous(8))
    assert answer.ledger.tokens.prefill < 2 * answer.ledger.tokens.sampled / 8 + 60
    assert answer.ledger.chains == 9


def test_one_vote_is_enough_if_there_is_but_one_chain() -> None:
    assert ask(made(), "sure", n=1).final == "7"


def test_without_any_box_the_text_is_taken() -> None:
    answer = ask(made(), "mute", n=3)
    assert (answer.text, answer.final) == ("I cannot say.", None)


def test_the_same_seed_gives_the_same_vote_whatever_the_seats() -> None:
    one, other = (ask(made(), "split", n=12, seats=seats, seed=5, rule=Unanimous(99)) for seats in (1, 12))
    drawn = [sorted(str(r["answer"]) for r in answer.trace.notes("vote")) for answer in (one, other)]
    assert drawn[0] == drawn[1]
    assert one.ledger.tokens.sampled == other.ledger.tokens.sampled


@settings(deadline=None)
@given(
    question=st.sampled_from(["sure", "split", "mute"]),
    tokens=st.integers(40, 900),
    n=st.integers(1, 12),
    seats=st.integers(1, 8),
    seed=st.integers(0, 1000),
    thinking=st.none() | st.integers(0, 60),
    bar=st.none() | st.builds(Bar, keep=st.sampled_from([0.1, 0.9]), window=st.just(8), after=st.just(1),
                              vote=st.booleans()),
    probes=st.none() | st.just(Probes(every=8, after=8, agree=2, tokens=12)),
    pages=st.sampled_from([40, 400]),
)  # fmt: skip
def test_a_budget_is_never_exceeded_and_nothing_is_left_over(
    question: str, tokens: int, n: int, seats: int, seed: int, thinking: int | None, bar: Bar | None,
    probes: Probes | None, pages: int,
) -> None:  # fmt: skip
    line = Line(thinking=thinking, probes=probes)
    engine = made(pages=pages)
    answer = ask(engine, question, n=n, seats=seats, seed=seed, bar=bar, line=line, max_tokens=tokens)
    assert answer.ledger.generated <= tokens


@settings(deadline=None, max_examples=40)
@given(steps=st.integers(0, 60), seats=st.integers(1, 6))
def test_cancelled_at_any_moment_everything_is_freed(steps: int, seats: int) -> None:
    engine = made()

    async def program() -> None:
        task = asyncio.create_task(
            mull.answer("split", engine=engine, strategy="vote", n=12, seats=seats, rule=Unanimous(99))
        )
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(program())
    assert engine.memory.pages.used == 0


def test_a_listener_hears_every_record_as_it_is_made() -> None:
    heard: list[Record] = []
    trace = Trace(listen=heard.append)
    answer = ask(made(), "split", n=3, trace=trace)
    assert answer.trace is trace
    assert heard == trace.records
    assert {"trace", "open", "fork", "think", "tokens", "event", "note", "stop"} <= {r["op"] for r in heard}


def test_chains_are_bounded_too() -> None:
    answer = ask(made(), "split", n=20, budget=Budget(chains=5), rule=Unanimous(99))
    assert answer.ledger.chains == 5


def test_seconds_end_the_thinking_but_not_before_there_is_an_answer() -> None:
    answer = ask(made(), "split", n=500, seats=4, budget=Budget(seconds=0.2), rule=Unanimous(999))
    assert answer.final is not None
    assert answer.ledger.seconds < 10  # 500 chains would take longer on any machine


def test_probes_end_a_chain_whose_answer_has_come_to_stay() -> None:
    long = {asked("long"): "<think>\n" + "on and on. " * 60 + "\n</think>\n\\boxed{7}.", **SCRIPT}
    engine = scripted(long, sampling=Sampling(temperature=0), context=4096)
    probes = Probes(every=16, after=32, agree=3)
    answer = asyncio.run(mull.answer("long", engine=engine, line=Line(probes=probes)))
    check_laws(engine, answer)
    assert (answer.final, answer.status) == ("7", "closed")
    assert len(answer.trace.notes("probe")) == 3
    assert answer.ledger.tokens.sampled < 150
    assert answer.ledger.tokens.probe > 0


def test_confidence_can_be_the_weight() -> None:
    answer = ask(made(), "split", n=12, weigh="confidence", rule=Beta(0.9))
    assert answer.final in ("7", "14/2")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strategy": "wish"}, "no strategy 'wish': use think, vote"),
        ({"strategy": "vote", "m": 3}, "vote has no option 'm': it has n, seats, rule"),
        ({"strategy": "think", "n": 3}, "think has no option 'n': it has none"),
        ({"effort": "heroic"}, "no effort 'heroic': use none, minimal"),
        ({"max_tokens": 0}, "a budget of 0 tokens"),
        ({"strategy": "vote", "max_tokens": 5}, "too few"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(MullError, match=message):
        asyncio.run(mull.answer("sure", engine=made(), **options))
