"""`mull tasks`: what sample prints, score can score; bad input is named by file and line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mull import tasks as families
from mull.cli.tasks import tasks
from mull.tasks import TaskError


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(tasks, arguments, input=stdin)


def output(*arguments: str, stdin: str | None = None) -> str:
    result = run(*arguments, stdin=stdin)
    assert result.exit_code == 0, result.output
    return result.output


def records(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_without_a_command_it_lists_all_families() -> None:
    assert output() == output("list")
    assert [line.split()[0] for line in output().splitlines() if "levels 1-5" in line] == [*families.names()]
    assert [record["name"] for record in records(output("list", "--json"))] == [*families.names()]


@pytest.mark.parametrize("name", families.names())
def test_what_sample_prints_scores_one(name: str) -> None:
    lines = output("sample", name, "--level", "2", "--split", "test", "-n", "3", "--trace", "--json")
    drawn = records(lines)
    assert [record["index"] for record in drawn] == [0, 1, 2]
    assert {record["split"] for record in drawn} == {"test"}
    *scored, summary = records(output("score", "-", "--json", stdin=lines))
    assert [record["score"] for record in scored] == [1, 1, 1]
    assert summary == {
        "groups": [{"family": name, "level": 2, "records": 3, "right": 3}],
        "records": 3,
        "right": 3,
    }


def test_sample_starts_at_the_index_and_shows_planted_mistakes() -> None:
    one = output("sample", "equations", "--index", "7", "--trace", "--slips", "1")
    assert "wrong, need" in one
    problem = families.get("equations").problem("train", 1, 7)
    assert one.startswith(problem.question)
    assert one.rstrip().endswith(families.final(problem))
    assert output("sample", "equations", "--index", "7") == f"{problem.question}\n  {problem.answer}\n"


def test_score_reads_a_file_and_sums_up(tmp_path: Path) -> None:
    coordinates = {"family": "addition", "level": 1, "split": "test", "index": 0}
    answer = families.get("addition").problem("test", 1, 0).answer
    rows = [
        {**coordinates, "text": f"\\boxed{{{answer}}}"},
        {**coordinates, "output": "I do not know"},
        {"problem": coordinates, "text": f"\\boxed{{{answer}}}."},
    ]
    file = tmp_path / "answers.jsonl"
    file.write_text("\n\n".join(json.dumps(row) for row in rows) + "\n")
    assert output("score", str(file)).splitlines() == [
        "line 1: addition 1 test 0: 1",
        "line 3: addition 1 test 0: 0",
        "line 5: addition 1 test 0: 1",
        "addition        level 1          2 of 3    66.7%",
        "all                              2 of 3    66.7%",
    ]


GOOD = '{"family": "addition", "level": 1, "split": "test", "index": 0, "text": "\\\\boxed{1}"}'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense", "not a JSON object"),
        ("[" * 100_000, "not a JSON object"),
        ("[1]", "a record is an object with"),
        ('{"problem": 3, "text": ""}', "a record is an object with"),
        ('{"text": "x"}', '"family" is missing or is not a string'),
        (GOOD.replace("addition", "chess"), "no task family 'chess'"),
        (GOOD.replace('"level": 1', '"level": 9'), "addition has levels 1 to 5, not 9"),
        (GOOD.replace('"level": 1', '"level": true'), '"level" is missing or is not a whole number'),
        (GOOD.replace('"index": 0', '"index": 0.5'), '"index" is missing or is not a whole number'),
        (GOOD.replace('"test"', '"validation"'), "no split 'validation'"),
        (GOOD.replace('"text"', '"answer"'), "the model's output is missing"),
        (GOOD.replace('"index"', '"key": "1+1", "index"'), "drawn by another version of mull"),
    ],
)
def test_a_bad_record_is_named_and_the_ones_before_it_are_scored(line: str, message: str) -> None:
    result = run("score", "-", stdin=f"{GOOD}\n{line}\n")
    assert isinstance(result.exception, TaskError)
    assert str(result.exception).startswith("<stdin>, line 2: ")
    assert message in str(result.exception)
    assert result.output.splitlines()[0].startswith("line 1: addition")


def test_files_that_hold_no_records(tmp_path: Path) -> None:
    empty, binary = tmp_path / "empty.jsonl", tmp_path / "binary.jsonl"
    empty.write_text("\n")
    binary.write_bytes(b"\xff\xfe\x00")
    assert "holds no records" in str(run("score", str(empty)).exception)
    assert "not UTF-8 text" in str(run("score", str(binary)).exception)
    assert "No such file" in run("score", str(tmp_path / "none")).output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sample", "chess"], "no task family 'chess'"),
        (["sample", "addition", "--level", "0"], "addition has levels 1 to 5, not 0"),
    ],
)
def test_sample_names_what_does_not_exist(arguments: list[str], message: str) -> None:
    assert message in str(run(*arguments).exception)
