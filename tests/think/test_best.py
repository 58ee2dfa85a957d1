"""Best of several, and auto: weights, evidence, comparison in both orders."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mull
from mull.engine import Sampling
from mull.engine.local import LocalEngine
from mull.engine.scripted import asked, scripted
from mull.errors import MullError
from mull.model.chat import Message
from mull.think.answer import Answer
from mull.think.line import Line
from mull.think.program import ASK
from mull.think.question import Question
from mull.think.verify import Claims, Program, Reward

MOSTLY_WRONG = {
    "<think>\n6*7=45.\n</think>\n\\boxed{45}.": 3.0,
    "<think>\n6*7=42.\n</think>\n\\boxed{42}.": 1.0,
}
EVEN = {"<think>\nA\n</think>\n\\boxed{1}.": 1.0, "<think>\nB\n</think>\n\\boxed{2}.": 1.0}
COMPARED = asked("Answer with \\boxed{1} or \\boxed{2}.")
WRITE = asked(ASK.format(question="product"))
SCRIPT: dict[str, Any] = {
    asked("product"): MOSTLY_WRONG,
    asked("easy"): "<think>\n1+1=2.\n</think>\n\\boxed{2}.",
    asked("even"): EVEN,
    COMPARED: "<think>\nHm\n</think>\n\\boxed{1}.",
}


def made(script: dict[str, Any] = SCRIPT) -> LocalEngine:
    return scripted(script, sampling=Sampling(), context=8192)


def ask(question: str | Question, engine: LocalEngine | None = None, **options: Any) -> Answer:
    engine = engine or made()
    options.setdefault("line", Line())  # no guards
    answer = asyncio.run(mull.answer(question, engine=engine, **options))
    assert engine.memory.pages.used == 0
    assert answer.ledger.tokens == engine.statistics.spend
    assert answer.text
    return answer


def test_the_scorer_of_a_problem_finds_the_right_one_and_stops() -> None:
    problem = Question((Message("user", "product"),), score=lambda text: float("{42}" in text))
    answer = ask(problem, strategy="best", n=64, seats=4)
    assert answer.final == "42"
    assert answer.ledger.chains < 30
    assert answer.evidence[0].verdict == "confirmed"


def test_false_claims_weigh_down_what_most_say() -> None:
    assert ask("product", strategy="vote", n=24, seed=3, weigh="one").final == "45"
    answer = ask("product", strategy="best", n=24, seed=3, verifiers=[Claims()])
    assert answer.final == "42"
    assert answer.evidence[0].check == "claims"
    assert any("45" in note["found"] or "42" in note["found"] for note in answer.trace.notes("check"))


def test_a_comparison_that_does_not_stand_in_both_orders_decides_nothing() -> None:
    """This model always likes the first one."""
    answer = ask("even", strategy="best", n=6, contest=True, seed=1)
    told = [one for one in answer.evidence if one.check == "comparison"]
    assert [one.verdict for one in told] == ["undecided"]
    assert answer.ledger.tokens.check > 0


def test_a_comparison_that_stands_decides() -> None:
    parts = "\n\nExactly one of them is right. Work out where they part and which one is right there. "
    ends = parts + COMPARED
    script = dict(SCRIPT)
    del script[COMPARED]
    script["B\n\\boxed{2}." + ends] = "<think>\nB it is\n</think>\n\\boxed{2}."
    script["A\n\\boxed{1}." + ends] = "<think>\nB it is\n</think>\n\\boxed{1}."
    answer = ask("even", made(script), strategy="best", n=6, contest=True, seed=1)
    assert answer.final == "2"


def test_auto_takes_one_chain_where_it_is_sure() -> None:
    answer = ask("easy", strategy="auto")
    assert (answer.final, answer.ledger.chains) == ("2", 1)
    assert answer.trace.notes("auto")[0]["chose"] == "think"


def test_the_evidence_is_that_of_the_solution_which_is_shown() -> None:
    """Both say 42; the one that is written out is surer of its tokens, and says something false."""
    script = {asked("product"): {
        "<think>\n6*7=42.\n</think>\n\\boxed{42}.": 3.0,
        "<think>\n6*7=45, or rather " + "forty-two, " * 20 + "\n</think>\n\\boxed{42}.": 1.0,
    }}  # fmt: skip
    verdicts = set()
    for seed in range(6):
        answer = ask("product", made(script), strategy="best", n=6, seed=seed)
        false = "6*7=45" in answer.thoughts
        assert [one.verdict for one in answer.evidence] == ["contradicted" if false else "confirmed"]
        verdicts.add(false)
    assert True in verdicts


def test_auto_takes_an_answer_that_had_to_be_closed_as_its_first_vote() -> None:
    script = {asked("long"): "<think>\n" + "and so on, " * 99, "</think>\n\n": "\\boxed{7}."}
    answer = ask("long", made(script), strategy="auto", n=1, line=Line(thinking=40))
    assert answer.trace.notes("vote")[-1]["piles"] == [["7", 2, 2.0]]


def test_auto_votes_where_it_is_not_and_says_why() -> None:
    answer = ask("product", strategy="auto", n=12, seed=2)
    note = answer.trace.notes("auto")[0]
    assert note["chose"] == "vote"
    assert "false" in note["why"] or "confidence" in note["why"]
    assert answer.ledger.chains > 4


@settings(deadline=None, max_examples=60)
@given(
    strategy=st.sampled_from(["best", "auto"]),
    question=st.sampled_from(["product", "easy", "even"]),
    tokens=st.integers(40, 1500),
    contest=st.booleans(),
    seed=st.integers(0, 99),
    thinking=st.none() | st.integers(0, 30),
)
def test_the_laws(
    strategy: str, question: str, tokens: int, contest: bool, seed: int, thinking: int | None
) -> None:
    line = Line(thinking=thinking)
    answer = ask(
        question, strategy=strategy, n=6, seats=3, contest=contest, seed=seed, max_tokens=tokens, line=line
    )
    assert answer.ledger.generated <= tokens


def test_a_program_of_its_own_weighs_each_solution() -> None:
    """In this script the programs say 42, whatever the solutions do."""
    pytest.importorskip("pydantic_monty")
    writes = {WRITE: "<think>\nEasy.\n</think>\n```python\nprint(6 * 7)\n```"}
    answer = ask("product", made({**SCRIPT, **writes}), strategy="best", n=16, verifiers=[Program()])
    assert answer.final == "42"
    assert [one.verdict for one in answer.evidence] == ["confirmed"]
    assert answer.ledger.tokens.check > 0


@pytest.mark.parametrize("tokens", range(80, 900, 20))
def test_programs_are_written_as_far_as_the_budget_goes(tokens: int) -> None:
    """Beside chains that think: what these may still draw is not there for a program."""
    pytest.importorskip("pydantic_monty")
    writes = {WRITE: "<think>\nEasy.\n</think>\n```python\nprint(6 * 7)\n```"}
    engine = made({**SCRIPT, **writes})
    answer = ask("product", engine, strategy="best", n=9, seats=5, verifiers=[Program()], max_tokens=tokens)
    assert answer.ledger.generated <= tokens


@pytest.fixture
def rewards() -> Iterator[str]:
    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            value = 3.0 if "42" in body["messages"][-1]["content"] else -3.0
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"data": [{"data": [value]}]}).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Server)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/pooling"
    server.shutdown()


def test_a_reward_model_is_asked_over_http(rewards: str) -> None:
    answer = ask("product", strategy="best", n=16, seed=3, verifiers=[Reward(rewards, "prm")])
    assert answer.final == "42"
    assert answer.evidence[0].check == "reward model prm"


def test_a_reward_model_that_is_not_there_is_named() -> None:
    with pytest.raises(MullError, match="gives no reward"):
        ask("product", strategy="best", n=2, verifiers=[Reward("http://127.0.0.1:9/x", "prm")])
