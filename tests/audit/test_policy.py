"""An operator's policy: what it matches, what it does, and that it never acts in silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mull
from mull.audit import Policy
from mull.cli.notes import told
from mull.engine import LocalEngine
from mull.errors import MullError
from mull.model.chat import Message
from mull.think.question import Question
from mull.think.trace import Trace
from tests.cli.test_ask import mull as run

FILE = """
id = "example.org"
version = "2026-11"

[[rule]]
name = "sums"
match = ["sum of", "3 + 4"]
action = "{action}"
text = "Ask a teacher."
"""


def policy(action: str) -> Policy:
    import tomllib

    return Policy.of(tomllib.loads(FILE.format(action=action)))


@pytest.fixture(scope="module")
def engine() -> LocalEngine:
    return mull.load()


def asked(action: str, engine: LocalEngine) -> tuple[mull.Answer, Trace]:
    trace = Trace()
    return mull.ask("What is 3 + 4?", engine=engine, policy=policy(action), trace=trace), trace


def test_a_declined_question_never_reaches_the_model(engine: LocalEngine) -> None:
    answer, trace = asked("decline", engine)
    assert answer.status == "abstained"
    assert "operator policy 'example.org'" in answer.text
    assert "Ask a teacher." in answer.text
    assert "The model was not asked." in answer.text
    assert [record["op"] for record in trace] == ["trace", "note", "answer"]
    assert answer.ledger.generated == 0


def test_context_is_put_before_the_conversation_and_told(engine: LocalEngine) -> None:
    plain = mull.ask("What is 3 + 4?", engine=engine, system="Ask a teacher.")
    answer, trace = asked("add_context", engine)
    assert answer.thoughts == plain.thoughts
    assert [told(note) for note in trace.notes("policy")] == [
        "[operator's policy example.org 2026-11, rule sums: add_context; told to the model: Ask a teacher.]"
    ]


def test_context_joins_a_system_message_that_is_there(engine: LocalEngine) -> None:
    from mull.audit.policy import with_context

    question = Question((Message("system", "Be brief."), Message("user", "hello")))
    assert with_context(question, "X", engine).messages[0] == Message("system", "Be brief.\n\nX")


@pytest.mark.parametrize("action", ["pass", "disclose"])
def test_what_only_speaks_leaves_the_answer_as_it_is(action: str, engine: LocalEngine) -> None:
    plain = mull.ask("What is 3 + 4?", engine=engine)
    answer, trace = asked(action, engine)
    assert (answer.text, answer.thoughts) == (plain.text, plain.thoughts)
    assert answer.policy is not None
    assert answer.json()["policy"]["rule"] == "sums"
    assert len(trace.notes("policy")) == 1


def test_a_question_that_no_rule_names_is_answered_as_without_a_policy(engine: LocalEngine) -> None:
    answer = mull.ask("What is 24 + 13?", engine=engine, policy=policy("decline"))
    assert answer.final == "37"
    assert answer.policy is None


@pytest.mark.parametrize(
    ("phrase", "text", "matches"),
    [
        ("vote for", "Whom should I VOTE  FOR?", True),
        ("vote for", "devote forever", False),
        ("art", "the arts", False),
        ("art", "art?", True),
        ("c++", "I like C++.", True),
        ("ｆｕｌｌ", "full width", True),
        ("选举", "下次选举是什么时候?", True),
        ("(", "f(x)", True),
    ],
)
def test_phrases(phrase: str, text: str, matches: bool) -> None:
    rules = {"id": "a", "version": "1", "rule": [{"name": "r", "match": [phrase], "action": "pass"}]}
    assert (Policy.of(rules).apply(Question.of(text)) is not None) == matches


def test_an_earlier_message_counts_but_not_what_the_model_said() -> None:
    named, other = Message("user", "the sum of it"), Message("user", "and now?")
    assert policy("pass").apply(Question((named, Message("assistant", "7"), other)))
    assert not policy("decline").apply(Question((named, Message("assistant", "7"), other)))
    assert not policy("pass").apply(Question((other, Message("assistant", "the sum of it"), other)))


@given(st.text(min_size=1).filter(str.strip), st.text(), st.text())
def test_a_phrase_among_spaces_is_always_found(phrase: str, before: str, behind: str) -> None:
    rules = {"id": "a", "version": "1", "rule": [{"name": "r", "match": [phrase], "action": "pass"}]}
    assert Policy.of(rules).apply(Question.of(f"{before} {phrase} {behind}"))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (("decline", "refuse"), "action must be one of"),
        (("match =", "matches ="), "rule 1 has no 'matches'"),
        (('["sum of", "3 + 4"]', "[]"), "match must be a list"),
        (('text = "Ask a teacher."', ""), "rule 1 needs text"),
        (('id = "example.org"', ""), "the policy needs id"),
        (("[[rule]]", "[rule]"), "[[rule]]"),
        (("[[rule]]", "[[rule"), "is not TOML"),
    ],
)
def test_a_file_that_is_no_policy_is_refused(changed: tuple[str, str], says: str, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(FILE.format(action="decline").replace(*changed))
    with pytest.raises(MullError, match=r"policy\.toml: ") as caught:
        Policy.read(file)
    assert says in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MullError, match="cannot be read"):
        Policy.read(tmp_path / "none.toml")


def test_the_digest_changes_with_anything() -> None:
    assert policy("pass").digest == policy("pass").digest
    assert policy("pass").digest != policy("disclose").digest


def test_from_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(FILE.format(action="disclose"))
    done = run("ask", "--policy", str(file), "What is 3 + 4?")
    assert "[operator's policy example.org 2026-11, rule sums: disclose: Ask a teacher.]" in done.stderr
    assert "7" in done.stdout
    file.write_text(FILE.format(action="decline"))
    talked = run("chat", "--policy", str(file), stdin="What is 3 + 4?\n")
    assert "The model was not asked." in talked.stdout
    assert "the policy cannot be read" in run("ask", "--policy", str(tmp_path / "none"), "Hi").stderr
