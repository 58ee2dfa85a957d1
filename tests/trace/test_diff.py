"""Where two traces part, and what became of their chains."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mull
from mull.engine.scripted import asked
from mull.think.answer import Answer
from mull.think.trace import Trace
from mull.trace.diff import as_json, diff
from tests.think.programs import SCRIPT, made

SPLIT = asked("split")


def ask(said: str | None = None, **options: Any) -> Answer:
    script = SCRIPT if said is None else {**SCRIPT, SPLIT: said}
    engine = made(script)
    return mull.ask("split", engine=engine, **options)


def test_the_same_run_again_is_the_same_also_from_a_file(tmp_path: Path) -> None:
    one, other = (ask(strategy="vote", n=4) for _ in range(2))
    other.trace.write(tmp_path / "other")
    found = diff(one.trace, Trace.read(tmp_path / "other"))
    assert found.same
    assert (found.asked, found.chains, found.spend, found.answer) == ({}, [], {}, {})
    assert found.equal == one.ledger.chains


def test_they_part_at_the_first_token_that_differs() -> None:
    one = ask("<think>\nI see.\n</think>\n\\boxed{7}.")
    other = ask("<think>\nI say that.\n</think>\n\\boxed{8}.")
    found = diff(one.trace, other.trace)
    assert found.parting is not None
    prompt = len(one.trace.records[1]["prompt"])
    assert found.parting.chains == (0, 0)
    assert found.parting.position == prompt + len("\0\nI s")
    assert found.parting.happened == ("draws 'e'", "draws 'a'")
    assert [(row.chains, row.answers) for row in found.chains] == [((0, 0), ("7", "8"))]
    assert found.chains[0].tokens[1] == found.chains[0].tokens[0] + len("say that") - len("see")
    assert found.spend["sampled"] == (one.ledger.tokens.sampled, other.ledger.tokens.sampled)
    assert found.answer["final"] == ("7", "8")
    assert set(found.asked) == {"model"}
    json.dumps(as_json(found))


def test_how_many_think_at_once_does_not_matter() -> None:
    """Only when a chain was stopped may differ: what was drawn before it does not."""
    one, other = (ask(strategy="vote", n=4, seats=seats, rule=Never()) for seats in (1, 4))
    found = diff(one.trace, other.trace)
    assert found.chains == []
    assert found.spend == {}


class Never:
    def settled(self, votes: object, alive: int) -> bool:
        return False


def test_a_chain_that_only_one_has_is_told() -> None:
    fewer, more = (ask(strategy="vote", n=n, rule=Never()) for n in (2, 3))
    found = diff(fewer.trace, more.trace)
    assert [row.chains for row in found.chains] == [(None, 3)]
    assert found.chains[0].tokens[0] is None
    assert found.equal == 3
    backwards = diff(more.trace, fewer.trace)
    assert [row.chains for row in backwards.chains] == [(3, None)]


def test_another_seed_is_no_parting_before_something_else_is_drawn() -> None:
    sure = "<think>\nYes.\n</think>\n\\boxed{7}."
    found = diff(ask(sure, seed=1).trace, ask(sure, seed=2).trace)
    assert found.same
    assert found.asked == {"seed": (1, 2)}


def test_how_far_a_chain_came_that_was_cut_short_is_no_parting() -> None:
    one, other = (ask(strategy="vote", n=12, seats=12, seed=2) for _ in range(2))
    cut = {r["chain"] for r in other.trace if r["op"] == "event" and r["event"]["type"] == "Cancelled"}
    record = [r for r in other.trace if r["op"] == "tokens" and r["chain"] in cut][-1]
    record["ids"].pop()
    record["pieces"].pop()
    found = diff(one.trace, other.trace)
    assert found.same
    assert [row.chains for row in found.chains] == [(record["chain"], record["chain"])]
    assert found.spend["sampled"][0] == found.spend["sampled"][1] + 1
