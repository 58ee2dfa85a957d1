"""Traces in files: what is torn is left out, what is broken is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import mull
from mull.engine import Sampling
from mull.engine.scripted import asked, scripted
from mull.errors import MullError
from mull.think.trace import VERSION, Trace

HEAD = {"op": "trace", "version": VERSION}
OPEN = {"op": "open", "chain": 0, "prompt": [1], "seed": 0, "sampling": {}, "counted": "sampled"}


def test_a_trace_is_the_same_from_its_file_and_ends_with_the_answer(tmp_path: Path) -> None:
    engine = scripted({asked("easy"): "<think>\nYes.\n</think>\n\\boxed{1}."}, sampling=Sampling())
    answer = mull.ask("easy", engine=engine)
    answer.trace.write(tmp_path / "t")
    read = Trace.read(tmp_path / "t")
    assert json.dumps(read.records) == json.dumps(answer.trace.records)
    assert read.records[0]["model"] == engine.model
    assert read.records[-1]["op"] == "answer"
    assert read.records[-1]["final"] == "1"


def test_a_trace_that_keeps_nothing_is_only_heard() -> None:
    heard: list[Any] = []
    trace = Trace(listen=heard.append, keep=False)
    mull.ask("2+2?", engine=scripted({asked("2+2?"): "<think>x</think>4"}), trace=trace)
    assert [heard[0]["op"], heard[-1]["op"]] == ["trace", "answer"]
    assert trace.records == []


def test_lines_end_only_where_records_do(tmp_path: Path) -> None:
    odd = {**HEAD, "messages": ["a\u2028b\x85c\ud800 你好"]}
    trace = Trace()
    trace.records.append(odd)
    trace.write(tmp_path / "t")
    assert Trace.read(tmp_path / "t").records == [odd]


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_text(json.dumps(HEAD) + "\n" + json.dumps(OPEN)[:20], encoding="utf-8")
    assert Trace.read(path).records == [HEAD]


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([], "line 1 is not JSON"),
        ([OPEN], "does not begin like a trace"),
        ([{**HEAD, "version": 99}], "version 99"),
        ([HEAD, 3], "line 2 is no record"),
        ([HEAD, {**OPEN, "prompt": "x"}], "line 2 is no record"),
        ([HEAD, OPEN, OPEN], "line 3 is no record"),
        ([HEAD, {"op": "think", "chain": 4}], "line 2 is no record"),
        ([HEAD, OPEN, {"op": "say", "chain": 0, "ids": [1], "pieces": []}], "line 3 is no record"),
        ([HEAD, OPEN, {"op": "fork", "chain": 1, "parent": 2, "at": 1, "stream": 1, "counted": "probe"}],
         "line 3 is no record"),
    ],
)  # fmt: skip
def test_what_is_no_trace_is_refused(records: list[Any], message: str, tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    with pytest.raises(MullError, match=message):
        Trace.read(path)
