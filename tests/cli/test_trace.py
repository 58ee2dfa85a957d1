"""`mull ask --trace` and `mull trace` as a user meets them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from unicodedata import combining, east_asian_width

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

import mull
from mull.cli.ask import ask
from mull.cli.trace import trace as command
from mull.cli.tree import clipped, tree
from mull.engine import Sampling
from mull.errors import MullError
from mull.think.line import Line
from mull.think.probes import Probes
from mull.think.trace import Log, Trace
from tests.think.programs import made

QUESTION = "What is 24 + 13?"


def run(*arguments: str, status: int = 0) -> str:
    result: Result = CliRunner().invoke(command, arguments, env={"COLUMNS": "80"})
    assert result.exit_code == status, result.output
    return result.output


def columns(text: str) -> int:
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("traces") / "trace.jsonl"
    options = ["-q", "--strategy", "vote", "--chains", "4", "-t", "1.2", "--trace", str(path), QUESTION]
    assert CliRunner().invoke(ask, options).exit_code == 0
    return str(path)


def test_ask_writes_what_show_shows(file: str) -> None:
    shown = run("show", file)
    lines = shown.splitlines()
    assert lines[0] == QUESTION
    assert lines[1].startswith("vote, seed 0; embedded, ")
    assert lines[3].startswith("0: a prompt of ")
    assert lines[4].startswith("├─ 1: at ")
    assert "drawn, answer 3" in lines[4]
    assert lines[5].startswith("│  └─ at ") or lines[5].startswith("│  ├─ at ")
    assert "votes 37 ×" in shown
    assert lines[-1].startswith("answer: 37 (")
    assert all(columns(line) <= 80 for line in lines)
    assert "Find 24+13" not in shown
    assert "Find 24+13" in run("show", file, "--full")


def test_show_as_json(file: str) -> None:
    shown = json.loads(run("show", file, "--json"))
    assert len(shown["chains"]) == 5
    assert {chain["parent"] for chain in shown["chains"][1:]} == {0}
    assert shown["spend"]["sampled"] == sum(chain["drawn"] for chain in shown["chains"])
    assert shown["answer"]["ledger"]["tokens"]["sampled"] == shown["spend"]["sampled"]
    assert "Find 24+13" in json.loads(run("show", file, "--json", "--full"))["chains"][1]["text"]


def test_replay_says_whether_all_is_equal(file: str, tmp_path: Path) -> None:
    assert "tokens are equal." in run("replay", file)
    altered = Trace.read(file)
    record = next(record for record in altered if record["op"] == "tokens")
    record["ids"][3] = (record["ids"][3] + 1) % 300
    altered.write(tmp_path / "altered")
    told = run("replay", str(tmp_path / "altered"), status=1)
    assert f"chain {record['chain']}, token " in told
    found = json.loads(run("replay", str(tmp_path / "altered"), "--json", status=1))
    assert found["difference"]["expected"] == record["ids"][3]
    assert found["equal"] < found["tokens"]


def test_replay_elsewhere_says_so(file: str) -> None:
    found = json.loads(run("replay", file, "--json", "--runner", "reference", "--dtype", "f32", status=0))
    assert set(found["models"]) == {"runner", "dtype"}


def test_diff_names_the_first_place_and_the_chains(file: str, tmp_path: Path) -> None:
    assert run("diff", file, file) == "the same happened in both.\n5 chains are equal.\n"
    other = str(tmp_path / "other")
    options = ["-q", "-t", "4", "-n", "200", "--trace", other, QUESTION]
    assert CliRunner().invoke(ask, options).exit_code == 0
    told = run("diff", file, other, status=1)
    assert "strategy: vote | think\n" in told
    assert "they part in chain 0" in told
    assert all(columns(line) <= 80 for line in told.splitlines())
    found = json.loads(run("diff", file, other, "--json", status=1))
    assert found["same"] is False
    assert len(found["chains"]) + found["equal"] == 5
    assert found["answer"]


def test_everything_has_its_place_in_the_tree() -> None:
    line = Line(thinking=60, probes=Probes(every=8, after=8, agree=2, tokens=12), minimum=20)
    answer = mull.ask("split", engine=made(), line=line, seed=3, sampling=Sampling())
    shown = tree(answer.trace)
    assert ": a probe at " in shown
    assert "probe: answer 7" in shown
    assert f"{answer.ledger.tokens.probe:,} probe" in shown
    assert all(columns(line) <= 80 for line in shown.splitlines())


def test_what_a_model_says_cannot_drive_the_terminal(tmp_path: Path) -> None:
    head = {"op": "trace", "version": 1, "messages": [{"content": "\x1b[2Jhello"}]}
    chain = {"op": "open", "chain": 0, "prompt": [1], "seed": 0, "sampling": {}, "counted": "sampled"}
    said = {"op": "tokens", "chain": 0, "ids": [1], "pieces": ["\x1b[31mred \u202eback" + 50 * "你好"]}
    note = {"op": "note", "kind": "odd\x07", "chain": 0, "what": ["\x9b31m"]}
    path = tmp_path / "t"
    lines = [json.dumps(record) + "\n" for record in (head, chain, said, note)]
    path.write_text("".join(lines), encoding="utf-8")
    for arguments in (("show", str(path)), ("show", str(path), "--full")):
        shown = run(*arguments)
        assert not any(char in shown for char in "\x1b\x07\x9b\u202e")
        assert all(columns(line) <= 80 for line in shown.splitlines())
        assert "no answer: it was interrupted" in shown


@given(st.text(), st.integers(2, 30))
def test_a_clipped_text_is_one_line_that_fits(text: str, width: int) -> None:
    line = clipped(text, width)
    assert "\n" not in line
    assert columns(line) <= width


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "line 1 is not JSON"), ("{}\n", "line 1 is no record"), ('{"op": "x"}\n', "does not begin")],
)
def test_bad_files_are_named(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad"
    path.write_text(content, encoding="utf-8")
    for arguments in (["show", str(path)], ["replay", str(path)], ["diff", str(path), str(path)]):
        result = CliRunner().invoke(command, arguments)
        assert isinstance(result.exception, MullError)
        assert message in str(result.exception)


def test_no_other_model_is_loaded_unasked(tmp_path: Path) -> None:
    head = {"op": "trace", "version": 1, "model": {"name": "some/model"}}
    (tmp_path / "t").write_text(json.dumps(head) + "\n", encoding="utf-8")
    result = CliRunner().invoke(command, ["replay", str(tmp_path / "t")])
    assert "some/model: say --model" in str(result.exception)


def test_a_log_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MullError, match="cannot be written"):
        Log(tmp_path)


def test_what_there_is_when_it_is_interrupted_is_written(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    command = [sys.executable, "-m", "mull", "ask", "--context", "300000", "--trace", str(path), "-"]
    pipe = subprocess.PIPE
    running = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    assert running.stdin is not None
    running.stdin.write("1 + 2 " * 50_000)  # reading this takes a while
    running.stdin.close()
    running.stdin = None
    deadline = time.monotonic() + 60
    while not (path.exists() and b'"op": "think"' in path.read_bytes()) and time.monotonic() < deadline:
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    _, stderr = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in stderr
    ops = [record["op"] for record in Trace.read(path)]
    assert ops[:3] == ["trace", "open", "think"]
    assert ops[-2:] == ["event", "stop"]
