"""Suites: rows of every layout that the known ones have (made up here), declarations, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mull import tasks
from mull.bench import suites
from mull.bench.judge import by_family, by_grader
from mull.bench.record import Item
from mull.bench.suites import Suite, families
from mull.bench.suites.declare import of_dict, read
from mull.bench.suites.rows import PART, hub, local
from mull.errors import MullError


def written(path: Path, *rows: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif path.suffix == ".csv":
        with path.open("w", newline="") as file:
            table = csv.DictWriter(file, rows[0])
            table.writeheader()
            table.writerows(rows)
    elif path.suffix == ".parquet":
        arrow = pytest.importorskip("pyarrow")
        pytest.importorskip("pyarrow.parquet").write_table(arrow.Table.from_pylist([*rows]), path)
    else:
        path.write_text(json.dumps({"canary": "none", "examples": rows}))
    return path


def load(name: str, path: Path) -> Suite:
    return suites.load(name, data=path)


@pytest.mark.parametrize("name", suites.names())
def test_each_suite_says_what_has_to_be_known(name: str) -> None:
    about = suites.about(name)
    assert about.name == name
    assert all((about.title, about.source, about.rights, about.advice, about.errata, about.published))


@pytest.mark.parametrize("ending", [".jsonl", ".json", ".csv", ".parquet"])
def test_rows_are_read_from_every_kind_of_file(tmp_path: Path, ending: str) -> None:
    rows = [{"problem": "1+1?", "answer": "2"}, {"problem": "say\n“é”", "answer": "é"}]
    found = list(local(written(tmp_path / f"test{ending}", *rows)))
    assert [{name: row[name] for name in ("problem", "answer")} for row in found] == rows


def test_both_layouts_of_aime_are_the_same_questions(tmp_path: Path) -> None:
    tail = "\nPlease reason step by step, and put your final answer within \\boxed{}."
    one = load("aime24", written(tmp_path / "a.jsonl", {"id": "x", "problem": "How many?", "answer": "204"}))
    other = load("aime24", written(tmp_path / "b.jsonl", {"prompt": f"How many?{tail}", "answer": 204}))
    assert [each.question for each in one.items] == [each.question for each in other.items] == ["How many?"]
    assert [each.gold for each in other.items] == ["204"]
    assert not one.about.shown
    assert one.kept(one.items[0]).question == ""


def test_the_gold_answer_of_gsm8k_stands_behind_its_mark(tmp_path: Path) -> None:
    row = {"question": "How much?", "answer": "3*4 = <<3*4=12>>12\n#### 1,012"}
    (item,) = load("gsm8k", written(tmp_path / "t.jsonl", row)).items
    assert item.gold == "1,012"
    assert by_grader(item, "So it is \\boxed{1012}.").equal


@pytest.mark.parametrize(
    "row",
    [
        {
            "question": {
                "stem": "Where?",
                "choices": [{"label": "A", "text": "here"}, {"label": "B", "text": "there"}],
            }
        },
        {"question": "Where?", "choices": {"label": ["A", "B"], "text": ["here", "there"]}},
    ],
)
def test_both_layouts_of_commonsenseqa_are_the_same_question(tmp_path: Path, row: dict[str, Any]) -> None:
    suite = load("commonsenseqa", written(tmp_path / "t.jsonl", {"id": "q", "answerKey": "B", **row}))
    assert suite.items == (Item("q", "Where?\n(A) here\n(B) there", "B"),)
    assert suite.asked(suite.items[0]).startswith("Where?\n(A) here\n(B) there\n\nPlease")
    assert by_grader(suite.items[0], "It is \\boxed{\\text{(B)}}").equal


def test_tasks_of_bbh_are_groups_in_both_layouts(tmp_path: Path) -> None:
    rows = ({"input": "( [", "target": "] )"}, {"input": "True or", "target": "True"})
    for name in ("dyck.json", "web_of_lies.json"):
        written(tmp_path / "files" / name, *rows)
    written(tmp_path / "hub" / "dyck" / "test-00000-of-00001.parquet", *rows)
    files, parquet = load("bbh", tmp_path / "files"), load("bbh", tmp_path / "hub")
    assert [(each.id, each.group) for each in files.items] == [
        ("dyck/1", "dyck"),
        ("dyck/2", "dyck"),
        ("web_of_lies/1", "web_of_lies"),
        ("web_of_lies/2", "web_of_lies"),
    ]
    assert parquet.items == files.items[:2]
    assert len(files.first(1).items) == 2
    assert files.first(1).data == files.data


def test_choices_of_gpqa_are_shuffled_the_same_way_every_time(tmp_path: Path) -> None:
    rows = [
        {
            "Record ID": f"rec{number}",
            "Question": f"What? {number}",
            "Correct Answer": "right",
            **{f"Incorrect Answer {wrong}": f"wrong {wrong}" for wrong in (1, 2, 3)},
            "High-level domain": "Physics",
        }
        for number in range(40)
    ]
    path = written(tmp_path / "gpqa_diamond.csv", *rows)
    suite = load("gpqa", path)
    assert suite == load("gpqa", path)
    assert {each.gold for each in suite.items} == set("ABCD")
    for each in suite.items:
        assert f"({each.gold}) right" in each.question.splitlines()
        assert each.group == "Physics"


def test_a_declaration_of_ones_own(tmp_path: Path) -> None:
    written(tmp_path / "rows.jsonl", {"q": {"text": "2+2?"}, "sol": "so\n#### 4", "lev": 2})
    (tmp_path / "my.toml").write_text(
        'name = "mine"\ndata = "rows.jsonl"\nquestion = "q.text"\nanswer = "sol"\nafter = "####"\n'
        'group = "lev"\nprompt = "{question} Use {braces}."\n'
    )
    suite = suites.load(str(tmp_path / "my.toml"))
    assert suite.items == (Item("1", "2+2?", "4", "lev 2"),)
    assert suite.asked(suite.items[0]) == "2+2? Use {braces}."
    assert suite.about.rights == "not stated"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has no name"),
        ('name = "x"\nmood = "good"', "no entry 'mood'"),
        ('name = "x"\nanswer = 3', "must be text or a list of texts"),
        ('name = "x"\njudge = "me"', "no judge 'me'"),
        ('name = "x"\nhub = "a/b"', "which files of a/b"),
        ('name = "x"\nprompt = "hello"', "where the question goes"),
        ("name = ", "not TOML"),
        ('name = "x"', "where are the rows"),
        ('name = "x"\ndata = "none.jsonl"', "cannot be read"),
        ('name = "x"\ndata = "my.toml"', "line 1: not JSON"),
    ],
)
def test_what_is_wrong_in_a_declaration_is_told_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "my.toml").write_text(text)
    with pytest.raises(MullError, match=told) as raised:
        read(tmp_path / "my.toml").load()
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "holds no questions"),
        ([{"question": "2+2?"}], r"row 1: no column answer.*it has question"),
        ([{"question": "2+2?", "answer": " "}], "row 1: no column answer"),
        ([{"id": "a", "question": "2+2?", "answer": "4"}] * 2, "2 questions have the id 'a'"),
        ([{"id": id, "question": "2+2?", "answer": "4"} for id in "ab"], "every question stands there twice"),
        ([[1]], "line 1: not a JSON object"),
    ],
)
def test_what_is_wrong_in_rows_is_told_with_its_place(tmp_path: Path, rows: list[Any], told: str) -> None:
    with pytest.raises(MullError, match=told):
        of_dict({"name": "x"}, "x", tmp_path).load(written(tmp_path / "rows.jsonl", *rows))


def test_ragged_rows_of_csv(tmp_path: Path) -> None:
    """Cells that no column has are left over; a row that ends early lacks what it lacks."""
    path = tmp_path / "test.csv"
    path.write_text("question,answer\n1+1?,2,3,4\n2+2?,4\n")
    own = of_dict({"name": "x"}, "x", tmp_path)
    assert [(item.question, item.gold) for item in own.load(path).items] == [("1+1?", "2"), ("2+2?", "4")]
    path.write_text("question,result\n1+1?,2,3\n")
    with pytest.raises(MullError, match=r"row 1: no column answer or .* \(it has question, result\)"):
        own.load(path)


def test_what_is_no_csv_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "test.csv", {"question": "1+1?", "answer": "2"})
    with monkeypatch.context() as patch:
        patch.setattr("mull.bench.suites.rows.FIELD", 4)
        with pytest.raises(MullError, match=r"test.csv: not CSV \(field larger"):
            list(local(path))
    assert len(list(local(path))) == 1


def test_a_hub_that_cannot_be_reached_says_what_to_do() -> None:
    with pytest.raises(MullError, match="--data") as raised:
        list(hub("nobody/nothing-at-all", ["*.jsonl"]))
    assert "\n" not in str(raised.value)


def test_rows_of_the_hub_are_those_of_the_files_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "main" / "test-00000-of-00001.parquet", {"question": "a", "answer": "1"})
    written(tmp_path / "main" / "train-00000-of-00001.parquet", {"question": "b", "answer": "2"})
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: str(tmp_path))
    assert list(hub("any/thing", ["main/test-*.parquet"])) == [{PART: "main", "question": "a", "answer": "1"}]
    with pytest.raises(MullError, match="has no files"):
        list(hub("any/thing", ["other-*"]))


def test_families_by_level_and_their_scorer() -> None:
    suite = suites.load("tasks:countdown:2-3", limit=3)
    assert [each.group for each in suite.items] == ["countdown/2"] * 3 + ["countdown/3"] * 3
    assert len({each.question for each in suite.items}) == 6
    assert suite.data == suites.load("tasks:countdown:2-3", limit=1).data
    for item in suite.items:
        right = by_family(item, f"So \\boxed{{{item.gold}}}.")
        assert (right.equal, right.final, right.span) == (True, item.gold, (3, 3 + len(item.gold) + 8))
        assert not by_family(item, "So \\boxed{1+1}.").equal
        assert by_family(item, "I gave up").found is False
    every = suites.load("tasks:all", limit=1)
    assert {each.group for each in every.items} == {
        f"{n}/{lv}" for n in tasks.names() for lv in families.LEVELS
    }


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("tasks:nothing", "no task family"),
        ("tasks:countdown:9", "no levels '9'"),
        ("tasks:countdown:3-1", "no levels '3-1'"),
        ("tasks:countdown:x", "write 3, or 1-3"),
        ("aime23", "no suite 'aime23': use aime24"),
    ],
)
def test_suites_that_there_are_not(name: str, told: str) -> None:
    with pytest.raises(MullError, match=told):
        suites.load(name)


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), min_size=1, max_size=5))
def test_the_digest_is_of_questions_and_answers_whatever_their_order(pairs: list[tuple[str, str]]) -> None:
    items = [Item(str(number), *pair) for number, pair in enumerate(pairs)]
    whole = suites.suite.digest(items)
    assert suites.suite.digest(items[::-1]) == whole
    other = Item(items[0].id, items[0].question + "?", items[0].gold)
    assert suites.suite.digest([other, *items[1:]]) != whole
