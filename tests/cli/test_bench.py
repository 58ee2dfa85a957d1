"""`mull bench` on the embedded model, as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mull.bench.record import Run
from mull.cli.bench import bench
from mull.errors import MullError


def bench_with(*arguments: str) -> Result:
    return CliRunner().invoke(bench, arguments)


def output(*arguments: str) -> str:
    result = bench_with(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def told(*arguments: str) -> str:
    error = bench_with(*arguments).exception
    assert isinstance(error, MullError)
    assert "\n" not in str(error)
    return str(error)


def test_without_anything_it_lists_the_suites() -> None:
    assert output() == output("list")
    assert {"aime24", "gsm8k", "tasks:all"} <= {line.split()[0] for line in output().splitlines() if line}
    assert "Mathematical Association of America" in output("list", "aime24")
    (about,) = map(json.loads, output("list", "gsm8k", "--json").splitlines())
    assert about["rights"] == "MIT"


def test_a_run_and_the_same_command_again(tmp_path: Path) -> None:
    command = ("tasks:addition:1", "--limit", "2", "--out", str(tmp_path), "--threads", "1")
    first = bench_with(*command)
    assert "tasks:addition:1: embedded" in first.stdout
    written = (tmp_path / "samples.jsonl").read_bytes()
    assert bench_with(*command).stdout == first.stdout
    assert (tmp_path / "samples.jsonl").read_bytes() == written
    summary = json.loads(output(*command, "--json"))
    assert (summary["samples"], summary["left"], summary["folder"]) == (2, 0, str(tmp_path))
    assert summary["total_tokens"] == sum(sample.generated for sample in Run.read(tmp_path).samples)
    assert "seed: 0, not 1" in told(*command, "--seed", "1")


def test_rows_of_ones_own(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"q": "What is 3+4?", "a": 7}) + "\n")
    command = ("--data", str(rows), "--question", "q", "--answer", "a", "--prompt", "{question}")
    output(*command, "--out", str(tmp_path / "run"), "--threads", "1")
    run = Run.read(tmp_path / "run")
    assert run.manifest.suite == "rows"
    assert [(item.question, item.gold) for item in run.items.values()] == [("What is 3+4?", "7")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("aime23",), "no suite 'aime23'"),
        (("run",), "which suite"),
        (("tasks:addition", "--data", "x"), "brings its questions along"),
        (("tasks:addition", "--prompt", "{question}!"), "brings its questions and its prompt along"),
        (("--data", "no.jsonl"), "cannot be read"),
        (("tasks:addition", "--price", "much"), "write IN:OUT"),
        (("tasks:addition", "-k", "3", "--out", "unused"), "temperature"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(arguments: tuple[str, ...], message: str) -> None:
    assert message in told(*arguments)


def test_answers_judged_again(tmp_path: Path) -> None:
    output("tasks:addition:1", "--limit", "2", "--out", str(tmp_path / "run"), "--threads", "1")
    again = output("regrade", str(tmp_path / "run"), "--out", str(tmp_path / "again"))
    assert again.startswith("0 changed: ")
    assert Run.read(tmp_path / "again").table() == Run.read(tmp_path / "run").table()

    path = tmp_path / "run" / "samples.jsonl"
    path.write_text(path.read_text().replace('"outcome": "right"', '"outcome": "wrong"'))
    *flips, summary = map(json.loads, output("regrade", str(tmp_path / "run"), "--json").splitlines())
    assert summary["changed"] == len(flips) > 0
    assert {flip["before"]["outcome"] + "→" + flip["after"]["outcome"] for flip in flips} == {"wrong→right"}
    assert summary["right"] == [0, len(flips)]
    assert "wrong → right" in output("regrade", str(tmp_path / "run"))


def test_outputs_of_others_and_logs_for_them(tmp_path: Path) -> None:
    record = {"doc_id": 0, "target": "4", "arguments": [["2+2?", {}]], "resps": [["It is \\boxed{4}."]]}
    (tmp_path / "samples_sums_2026-01-01T10-00-00.jsonl").write_text(json.dumps(record) + "\n")
    output("import", str(tmp_path / "samples_sums_2026-01-01T10-00-00.jsonl"), "--out", str(tmp_path / "run"))
    assert [each.outcome for each in Run.read(tmp_path / "run").samples] == ["right"]
    (log,) = output("export", str(tmp_path / "run"), "--out", str(tmp_path / "logs")).splitlines()
    assert json.loads(Path(log).read_text())["eval"]["task"] == "sums"
