"""Outputs of other tools, in the layouts that they write (texts made up here), and runs as logs of theirs."""

from __future__ import annotations

import asyncio
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from mull.bench.asking import Asking
from mull.bench.interchange import adopt, inspect_logs, read
from mull.bench.record import Item, Run
from mull.bench.run import Plan, run
from mull.bench.suites import About, Suite
from mull.engine.scripted import asked, scripted
from mull.errors import MullError

SUITE = Suite.of(
    About("sums", "sums", "made up", "none", shown=False),
    "1",
    [Item("a", "2+2?", "4"), Item("b", "2+3?", "5")],
)


def lines(path: Path, *records: Any) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def outcomes(run: Run) -> dict[tuple[str, int], str]:
    return {sample.key: sample.outcome for sample in run.samples}


# lm-evaluation-harness


def sample_line(doc: int, texts: list[str], target: str, filter: str, **more: Any) -> dict[str, Any]:
    settings = {"until": ["Question:"], "temperature": 0.6, "max_gen_toks": 256}
    return {
        "doc_id": doc,
        "doc": {"question": "?", "level": "easy"},
        "target": target,
        "arguments": {"gen_args_0": {"arg_0": f"Q{doc}", "arg_1": settings}},
        "resps": [texts],
        "filtered_resps": ["[invalid]"],
        "filter": filter,
        "exact_match": 0.0,
        **more,
    }


def test_samples_of_lm_eval_are_graded_before_its_filters_and_once(tmp_path: Path) -> None:
    texts = ["So it is \\boxed{4}.", "<think>\nit is 4\n</think>\n\nThe answer is 5."]
    path = lines(
        tmp_path / "samples_sums_2026-01-01T10-00-00.123.jsonl",
        *(sample_line(0, texts, "2+2 = 4\n#### 4", name) for name in ("strict-match", "flexible-extract")),
        sample_line(1, ["no idea"], "7", "strict-match"),
    )
    results = {"model_name": "org/model"}
    (tmp_path / "results_2026-01-01T10-00-00.123.json").write_text(json.dumps(results))
    done = adopt(read(path), tmp_path / "run", path.name)
    assert outcomes(done) == {("0", 0): "right", ("0", 1): "wrong", ("1", 0): "no answer"}
    assert done.samples[1].thoughts == "it is 4"
    assert (done.manifest.suite, done.manifest.model["name"]) == ("sums", "org/model")
    assert (done.manifest.sampling, done.manifest.cap) == ({"temperature": 0.6}, 256)
    assert done.items["0"].group == "easy"


def test_the_earlier_layout_of_lm_eval_is_read_too(tmp_path: Path) -> None:
    record = sample_line(0, ["4"], "4", "none", arguments=[["Q0", {"temperature": 0.0}]])
    done = adopt(read(lines(tmp_path / "x.jsonl", record)), tmp_path / "run", "x")
    assert outcomes(done) == {("0", 0): "right"}
    assert done.manifest.sampling == {"temperature": 0.0}


def test_log_likelihoods_are_no_texts(tmp_path: Path) -> None:
    record = sample_line(0, [["-1.5", "False"]], "1", "none")  # type: ignore[list-item]
    with pytest.raises(MullError, match="log-likelihoods"):
        read(lines(tmp_path / "x.jsonl", record))


# inspect_ai


def inspect_sample(id: int | str, epoch: int, content: Any, **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    return {
        "id": id,
        "epoch": epoch,
        "input": [{"role": "system", "content": "Think."}, {"role": "user", "content": "2+2?"}],
        "target": ["4"],
        "output": {
            "choices": [{"message": message, "stop_reason": "stop"}],
            "usage": {"input_tokens": 10, "output_tokens": 20},
        },
        "total_time": 1.5,
        **more,
    }


def inspect_log() -> dict[str, Any]:
    parts = [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "It is \\boxed{5}."}]
    cut = {"choices": [{"message": {"content": "So 2+2"}, "stop_reason": "max_tokens"}]}
    return {
        "version": 2,
        "eval": {"task": "sums", "model": "m", "model_generate_config": {"max_tokens": 99, "top_k": None}},
        "samples": [
            inspect_sample("a", 1, "It is \\boxed{4}."),
            inspect_sample("b", 1, "", error={"message": "no route"}, output={"choices": []}),
            inspect_sample("a", 2, parts),
            inspect_sample("b", 2, "", output=cut),
        ],
    }


def test_a_log_of_inspect_is_read_packed_or_not(tmp_path: Path) -> None:
    log = inspect_log()
    (tmp_path / "log.json").write_text(json.dumps(log))
    with zipfile.ZipFile(tmp_path / "log.eval", "w") as archive:
        for sample in log.pop("samples"):
            archive.writestr(f"samples/{sample['id']}_epoch_{sample['epoch']}.json", json.dumps(sample))
        archive.writestr("header.json", json.dumps(log))
    done = adopt(read(tmp_path / "log.json"), tmp_path / "one", "log")
    assert outcomes(done) == {
        ("a", 0): "right",
        ("a", 1): "wrong",
        ("b", 0): "error",
        ("b", 1): "truncated",
    }
    first, second = done.samples[:2]
    assert (second.thoughts, first.generated, first.seconds) == ("hm", 20, 1.5)
    assert done.items["a"].question == "2+2?"
    assert done.manifest.cap == 99
    assert adopt(read(tmp_path / "log.eval"), tmp_path / "two", "log").table() == done.table()


def own_run(tmp_path: Path) -> Run:
    said = {
        "2+2?": "<think>\nhm\n</think>\n\nIt is \\boxed{4}.",
        "2+3?": "<think>\nhm\n</think>\n\nIt is \\boxed{6}.",
    }
    engine = scripted({asked(question): text for question, text in said.items()}, context=400)
    return asyncio.run(run(Plan(SUITE, Asking(), k=2), engine, tmp_path / "own"))


def test_our_run_as_their_log_comes_back_as_it_was(tmp_path: Path) -> None:
    own = own_run(tmp_path)
    path = inspect_logs.write(own, tmp_path / "logs")
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d.*_sums_.*\.json", path.name)  # as `view` looks for
    again = adopt(read(path), tmp_path / "again", "log")
    assert outcomes(again) == outcomes(own)
    for ours, theirs in zip(own.samples, again.samples, strict=True):
        assert (theirs.text, theirs.thoughts, theirs.generated) == (ours.text, ours.thoughts, ours.generated)


def test_their_library_reads_our_log(tmp_path: Path) -> None:
    log = pytest.importorskip("inspect_ai.log")
    read = log.read_eval_log(str(inspect_logs.write(own_run(tmp_path), tmp_path / "logs")))
    assert read.status == "success"
    assert read.results.scores[0].metrics["accuracy"].value == 0.5
    assert [sample.scores["mull"].value for sample in read.samples] == ["C", "C", "I", "I"]


# vLLM


def batch_line(id: str, *texts: str, **more: Any) -> dict[str, Any]:
    choices = [{"message": {"content": text}, "finish_reason": "stop"} for text in texts]
    usage = {"prompt_tokens": 5, "completion_tokens": 10 * len(texts)}
    body = {"model": "org/model", "choices": choices, "usage": usage}
    return {"id": "x", "custom_id": id, "response": {"status_code": 200, "body": body}, "error": None, **more}


def test_a_batch_of_vllm_gets_its_gold_answers_from_the_suite(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "out.jsonl",
        batch_line("a", "\\boxed{4}", "\\boxed{5}"),
        batch_line("b#0", "\\boxed{5}"),
        batch_line("b#1", response={"status_code": 500, "body": {}}, error="too busy"),
    )
    done = adopt(read(path, SUITE), tmp_path / "run", "out")
    assert outcomes(done) == {("a", 0): "right", ("a", 1): "wrong", ("b", 0): "right", ("b", 1): "error"}
    assert (done.manifest.model["name"], done.manifest.suite) == ("org/model", "sums")
    assert done.samples[0].generated == 10
    assert done.items["a"].question == ""  # the suite forbids copies
    with pytest.raises(MullError, match="name the suite"):
        read(path)
    with pytest.raises(MullError, match="no question 'c'"):
        read(lines(tmp_path / "other.jsonl", batch_line("c", "4")), SUITE)


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85"])
def test_only_a_newline_ends_a_line(tmp_path: Path, end: str) -> None:
    """Other ends of lines may stand in a text as they are."""
    records = [batch_line("a", f"So{end}\\boxed{{4}}"), batch_line("b", "\\boxed{5}")]
    (tmp_path / "out.jsonl").write_text("\r\n".join(json.dumps(each, ensure_ascii=False) for each in records))
    found = read(tmp_path / "out.jsonl", SUITE)
    assert [each.text for each in found.outputs] == [f"So{end}\\boxed{{4}}", "\\boxed{5}"]


def test_an_import_that_was_interrupted_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = read(lines(tmp_path / "out.jsonl", batch_line("a", "\\boxed{4}")), SUITE)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mull.bench.interchange.foreign.by_grader", interrupted)
        with pytest.raises(KeyboardInterrupt):
            adopt(foreign, tmp_path / "run", "out")
    assert outcomes(adopt(foreign, tmp_path / "run", "out")) == {("a", 0): "right"}


# Neither


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not JSON objects"),
        ("[1]\n", "not JSON objects"),
        ('{"a": 1}\n{"b"', "line 2: not JSON"),
        ('{"gold": "4", "text": "5"}\n', "mull grade FILE"),
        ('{"eval": {}, "samples": []}', "not a log of inspect_ai"),
        ('{"resps": [["4"]]}', "line 1: no 'doc_id'"),
    ],
)
def test_what_is_neither_is_told_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "x.jsonl").write_text(text)
    with pytest.raises(MullError, match=told) as raised:
        read(tmp_path / "x.jsonl")
    assert "\n" not in str(raised.value)


def test_an_archive_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.eval").write_bytes(b"PK nothing")
    with pytest.raises(MullError, match="not a log of inspect_ai"):
        read(tmp_path / "x.eval")


def test_a_folder_that_holds_a_run_is_left_alone(tmp_path: Path) -> None:
    path = lines(tmp_path / "out.jsonl", batch_line("a", "\\boxed{4}"))
    adopt(read(path, SUITE), tmp_path / "run", "out")
    with pytest.raises(MullError, match="holds a run already"):
        adopt(read(path, SUITE), tmp_path / "run", "out")
