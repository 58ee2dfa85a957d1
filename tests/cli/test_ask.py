"""`mull ask` as a user meets it, on the embedded model."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

QUESTION = "What is 24 + 13?"


def mull(*arguments: str, stdin: str = "", timeout: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mull", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def test_thoughts_go_to_stderr_and_the_answer_to_stdout() -> None:
    done = mull("ask", QUESTION)
    assert done.returncode == 0
    assert "\\boxed{" in done.stdout
    assert "Find 24+13" in done.stderr
    assert "Find" not in done.stdout
    assert "tokens in" in done.stderr.splitlines()[-1]
    assert "\x1b" not in done.stdout + done.stderr  # pipes stay clean


def test_the_question_may_come_from_a_pipe() -> None:
    asked, piped = mull("ask", "-q", QUESTION), mull("ask", "-q", stdin=QUESTION + "\n")
    assert asked.stdout == piped.stdout
    assert mull("ask", "-q", "-", stdin=QUESTION).stdout == asked.stdout
    assert piped.stderr == ""


def test_json_is_one_object_with_everything_in_it() -> None:
    done = mull("ask", "--json", QUESTION)
    record = json.loads(done.stdout)
    assert record["question"] == QUESTION
    assert record["thoughts"]
    assert record["text"]
    assert record["ledger"]["tokens"]["sampled"] > 0
    assert done.stderr == ""


def test_a_strategy_tells_what_it_spent_and_how_sure_it_is() -> None:
    done = mull("ask", "--strategy", "vote", "--chains", "6", "--effort", "low", QUESTION)
    assert done.returncode == 0
    assert "37" in done.stdout
    last = done.stderr.splitlines()[-1]
    assert "chains" in last
    assert "confidence" in last
    record = json.loads(mull("ask", "--json", "--strategy", "auto", QUESTION).stdout)
    assert record["evidence"][0]["check"] == "confidence"


def test_options_name_the_strategies_there_are() -> None:
    from mull.cli import how
    from mull.guard import choose
    from mull.think import strategies

    assert set(how.STRATEGIES) == set(strategies.STRATEGIES)
    assert tuple(strategies.EFFORTS) == how.EFFORTS
    assert choose.LEVELS == how.LEVELS


def test_best_says_what_it_checked() -> None:
    done = mull(
        "ask", "--strategy", "best", "--chains", "3", "--verify", "claims", "--verify", "compare", QUESTION
    )
    assert "37" in done.stdout
    assert "[claims: confirmed; " in done.stderr


def test_an_option_that_a_strategy_does_not_have_is_refused() -> None:
    done = mull("ask", "--chains", "3", QUESTION)
    assert done.returncode == 1
    assert done.stderr == "mull: --chains is for --strategy vote or best or search or auto, not for think.\n"


def test_the_same_seed_gives_the_same_answer_and_another_seed_another() -> None:
    def thoughts(seed: int) -> str:
        done = mull("ask", "--json", "-t", "9", "-n", "60", "--seed", str(seed), QUESTION)
        return str(json.loads(done.stdout)["thoughts"])

    assert thoughts(3) == thoughts(3)
    assert thoughts(3) != thoughts(4)


def test_max_tokens_bounds_everything_and_still_answers() -> None:
    record = json.loads(mull("ask", "--json", "-n", "40", QUESTION).stdout)
    assert record["ledger"]["tokens"]["sampled"] + record["ledger"]["tokens"]["forced"] <= 40
    assert record["text"]


def test_a_question_beyond_the_embedded_model_is_answered_with_a_warning() -> None:
    done = mull("ask", "-n", "60", "Who wrote Hamlet?")
    assert done.returncode == 0
    assert "few million parameters" in done.stderr
    assert "--model" in done.stderr
    assert "few million" not in mull("ask", QUESTION).stderr
    assert "few million" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ask", ""), "the question is empty"),
        (("ask",), "the question is empty"),
        (("ask", "-n", "2", "Hi?"), "too few to think and answer"),
        (("ask", "-m", "/nowhere/at/all", "Hi?"), "/nowhere/at/all"),
        (("ask", "-t", "-1", "Hi?"), "temperature must be"),
        (("ask", "--runner", "abacus", "Hi?"), "abacus"),
        (("ask", "--strategy", "vote", "--rule", "most", "Hi?"), "no rule 'most'"),
        (("ask", "--min-thinking", "9", "--thinking", "3", "Hi?"), "at least 9 tokens of thought"),
        (("ask", "word " * 5000), "context"),
        (("nonsense",), "nonsense"),
    ],
)
def test_what_cannot_work_says_so_in_one_line(arguments: tuple[str, ...], message: str) -> None:
    done = mull(*arguments)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_ctrl_c_ends_cleanly() -> None:
    command = [sys.executable, "-m", "mull", "ask", "--context", "300000"]
    pipe = subprocess.PIPE
    running = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    assert running.stdin is not None
    running.stdin.write("1 + 2 " * 50_000)  # reading this takes a while
    running.stdin.close()
    running.stdin = None
    time.sleep(3)
    assert running.poll() is None
    running.send_signal(signal.SIGINT)
    try:
        _, stderr = running.communicate(timeout=20)
    finally:
        running.kill()
    assert running.returncode == 130
    assert "interrupted" in stderr
    assert "Traceback" not in stderr


def test_a_closed_pipe_is_no_error() -> None:
    script = f"{sys.executable} -m mull ask -q '{QUESTION}' | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stderr


def test_help_and_import_are_light() -> None:
    code = (
        "import sys, mull, mull.cli.main; "
        "heavy = {'numpy', 'torch', 'transformers', 'tokenizers'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert "ask" in mull("--help").stdout


def test_asking_imports_no_torch_and_no_transformers() -> None:
    code = (
        "import sys, mull; mull.ask('What is 24 + 13?'); "
        "heavy = {'torch', 'transformers', 'huggingface_hub'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, env={**os.environ})


def test_switches_of_thinking_and_voting_reach_the_strategy() -> None:
    def ask(*switches: str) -> dict[str, Any]:
        return dict(json.loads(mull("ask", "--json", *switches, QUESTION).stdout))

    assert ask("--thinking", "0")["thoughts"] == ""
    assert "Wait" in ask("--min-thinking", "150")["thoughts"]
    vote = ("--strategy", "vote", "--chains", "40", "--weigh", "one", "--bar", ".9", "--tip", "3")
    assert ask(*vote, "--rule", "unanimous:2")["ledger"]["chains"] < 40


def test_help_stands_under_headings() -> None:
    shown = mull("ask", "--help").stdout
    headings = ("Options", "Strategy", "Thinking", "Guards", "Model", "Sampling")
    places = [shown.index(f"\n{heading}:\n") for heading in headings]
    assert places == sorted(places)
    assert places[2] < shown.index("--min-thinking") < places[3]
