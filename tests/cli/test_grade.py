"""`mull grade`: verdicts, reasons, a summary; bad input is named by file and line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from mull.cli.grade import grade
from mull.errors import MullError

RECORDS = [
    {"gold": "1/2", "text": "Half of it.\nThe answer is $0.5$."},
    {"gold": "204", "text": "So $N = \\boxed{205}$."},
    {"gold": "7", "text": ""},
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "answers.jsonl"
    path.write_text("\n\n".join(map(json.dumps, RECORDS)) + "\n", encoding="utf-8")
    return path


def output(*arguments: str) -> str:
    result = CliRunner().invoke(grade, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_verdicts_and_summary(file: Path) -> None:
    lines = output(str(file)).splitlines()
    assert lines[:3] == ["line 1: equal", "line 3: unequal", "line 5: unequal"]
    assert lines[3].split() == ["equal", "1", "33.3%"]
    assert lines[5].split() == ["undecided", "0", "0.0%"]


def test_json(file: Path) -> None:
    *verdicts, summary = map(json.loads, output(str(file), "--json").splitlines())
    assert [verdict["equal"] for verdict in verdicts] == [True, False, False]
    assert verdicts[0]["answer"] == "$0.5$"
    assert summary["records"] == 3
    assert summary["unequal"] == 2


def test_explain_shows_the_place_and_the_reason(file: Path) -> None:
    shown = output(str(file), "--explain")
    assert "Half of it.⏎The answer is $0.5$." in shown
    assert "205 is not 204" in shown or "204 is not 205" in shown
    assert "no answer found" in shown


def test_columns_have_names(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text(json.dumps({"key": 5, "output": "5.0"}), encoding="utf-8")
    assert "line 1: equal" in output(str(path), "--gold", "key", "--text", "output")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no records"),
        ("{", "line 1: not a JSON object"),
        ("[1]", "line 1: not a JSON object"),
        ('{"gold": "1"}', '"text" is missing'),
        ('{"gold": true, "text": "1"}', '"gold" is missing or no text'),
    ],
)
def test_bad_files_are_named(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(content, encoding="utf-8")
    result = CliRunner().invoke(grade, [str(path)])
    assert isinstance(result.exception, MullError)
    assert message in str(result.exception)
