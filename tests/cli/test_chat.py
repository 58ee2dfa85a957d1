"""`mull chat` as a user meets it, through a pipe and in a terminal, and what it remembers."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mull.cli import chat as module
from mull.cli.options import Model
from mull.engine import LocalEngine, Sampling
from mull.engine.scripted import asked, scripted
from mull.think.trace import Trace
from tests.cli.test_ask import mull

FIRST, SECOND = "What is 24 + 13?", "What is 5 + 7?"
TWO_TURNS = asked("sum") + "\\boxed{45}.<|im_end|>\n<|im_start|>user\n" + asked("again")
SCRIPT: dict[str, Any] = {
    asked("sum"): "<think>\n6*7=45\n</think>\n\\boxed{45}.",
    TWO_TURNS: "<think>\nYes.\n</think>\n\\boxed{46}.",
    asked("endless"): "<think>\n" + "round and " * 300,
    "\n</think>\n\n": "\\boxed{0}.",
}


def test_questions_are_answered_line_by_line_until_the_end_of_input() -> None:
    done = mull("chat", "-q", stdin=f"{FIRST}\n\n/new\n{SECOND}\n/quit\nWhat is 1 + 1?\n")
    assert done.returncode == 0
    assert done.stdout.count("\\boxed{") == 2


def test_a_pipe_hears_what_guards_and_strategies_do() -> None:
    done = mull("chat", "--strategy", "vote", "--chains", "4", stdin=FIRST)
    assert re.search(r"tokens in \d chains in .* confidence", done.stderr)


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[str, str]]:
    """Talk with the scripted engine: lines in, stdout and stderr out."""

    def load(_: Model) -> LocalEngine:
        return scripted(SCRIPT, sampling=Sampling(temperature=0), context=4096)

    monkeypatch.setattr(Model, "load", load)

    def say(*lines: str, options: tuple[str, ...] = ("-m", "scripted")) -> tuple[str, str]:
        result = CliRunner().invoke(module.chat, options, input="\n".join(lines))
        assert result.exit_code == 0, result.exception
        return result.stdout, result.stderr

    return say


Talk = Callable[..., tuple[str, str]]


def test_the_second_question_sees_the_first_answer_without_its_thoughts(talk: Talk) -> None:
    assert talk("sum", "again")[0] == "\\boxed{45}.\n\\boxed{46}.\n"


def test_what_guards_notice_is_told(talk: Talk) -> None:
    assert "[claim: 6*7=45 is false; it is 42]\n" in talk("sum")[1]
    assert "claim" not in talk("/claims off", "sum")[1]


def test_retry_asks_the_same_question_in_place_of_the_last(talk: Talk) -> None:
    out, notes = talk("/retry", "sum", "/retry", "again", "/show")
    assert out == "\\boxed{45}.\n" * 2 + "\\boxed{46}.\n"
    assert notes.startswith("mull: nothing has been asked yet.\n")
    assert "[answers remembered: 2]\n" in notes


def test_new_forgets(talk: Talk) -> None:
    assert "[answers remembered: 0]\n" in talk("sum", "/new", "/show")[1]


def test_options_are_commands(talk: Talk) -> None:
    _, notes = talk(
        "/effort high",
        "/effort",
        "/set strategy vote",
        "/max-tokens 80",
        "/show",
        "/effort default",
        "/effort",
    )
    assert "[effort: high]\n" in notes
    assert "strategy vote, effort high" in notes
    assert "max-tokens 80" in notes
    assert notes.endswith("[effort: not set]\n")


def test_thinking_can_be_left_out(talk: Talk) -> None:
    out, notes = talk("/think off", "endless", "/think on", "/max-tokens 60", "endless")
    assert out == "\\boxed{0}.\n" * 2
    assert notes.count("round and") < 8


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("/nonsense", "no command /nonsense: /help lists them."),
        ("/effort silly", "'silly' is not one of 'none'"),
        ("/thinking many", "'many' is not a valid integer"),
        ("/model other", "--model cannot be changed in a chat"),
        ("/policy other.toml", "--policy cannot be changed in a chat"),
        ("/policy", "--policy cannot be changed in a chat"),
        ("/chains 3", "--chains is for --strategy vote or best or search or auto, not for think."),
        ("/language xx", "unknown language 'xx'"),
        ("/rule most", "no rule 'most'"),
        ("/save trace.jsonl", "nothing has been answered yet."),
        ("/save", "no command /save"),
        ("/temperature -1", "temperature must be"),
        ("word " * 2000, "context"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line_and_the_chat_goes_on(
    talk: Talk, line: str, message: str
) -> None:
    out, notes = talk(line, *(["sum", "/temperature default"] if "temperature" in line else []), "sum")
    assert any(told.startswith("mull: ") and message in told for told in notes.splitlines())
    assert out == "\\boxed{45}.\n"


def test_the_trace_of_the_last_answer_can_be_saved(talk: Talk, tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    talk("sum", f"/save {path}")
    assert Trace.read(path).records[-1]["text"] == "\\boxed{45}."


def test_a_question_may_have_several_lines(talk: Talk) -> None:
    assert talk('"""', "sum", '"""')[0] == "\\boxed{45}.\n"


class Terminal:
    """`mull chat` in a terminal of its own."""

    def __init__(self, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        self._ahead = ""  # read, and not asked for yet
        command = [sys.executable, "-m", "mull", "chat", *arguments]
        env = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True
        )
        os.close(slave)

    def until(self, text: str, within: float = 60) -> str:
        """What appears, up to this; nothing if it does not come."""
        deadline = time.monotonic() + within
        while text not in self._ahead:
            ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                return ""
            self._ahead += os.read(self._master, 4096).decode("utf-8", "replace")
        end = self._ahead.index(text) + len(text)
        seen, self._ahead = self._ahead[:end], self._ahead[end:]
        return seen

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)


def test_ctrl_c_stops_an_answer_and_not_the_chat() -> None:
    with closing(Terminal("--strategy", "vote", "--chains", "500", "--rule", "unanimous:500")) as terminal:
        terminal.until("> ")
        terminal.type(f"{FIRST}\n")
        assert "\x1b[2m" in terminal.until("chains think")  # the live line
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.until("[stopped; this question is not kept]")
        terminal.until("> ")
        for _ in range(20):  # at the prompt, too; readline hears no signal in the moment before it waits
            terminal.process.send_signal(signal.SIGINT)
            if terminal.until("/quit or Ctrl-D ends.", within=1):
                break
        terminal.type("/show\n")
        assert terminal.until("[answers remembered: 0]")
        terminal.until("> ")
        terminal.type("\x04")
        assert terminal.process.wait(20) == 0


def test_the_answer_stands_in_the_terminal_once() -> None:
    with closing(Terminal()) as terminal:
        terminal.until("> ")
        terminal.type(f"{SECOND}\n")
        assert terminal.until("tokens in").count("\\boxed{12}") == 1
        terminal.type("/quit\n")
        assert terminal.process.wait(20) == 0
