"""Rows and exports: right by the scorer's own word, no problem in both splits, the reward byte for byte."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from mull import tasks
from mull.tasks import TaskError, scorer
from mull.train.adapters import rows
from mull.train.adapters.rows import ExportError, Selection

KINDS = ("verl", "openrlhf", "datasets")
SELECTION = Selection.parse((), "1,2", 6, bare=False)


def export(kind: str, out: Path, selection: Selection = SELECTION) -> Path:
    target: Callable[[Selection, int, Path], Path] = import_module(f"mull.train.adapters.{kind}").export
    return target(selection, 3, out)


def lines(path: Path) -> list[rows.Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("family", tasks.names())
def test_the_answer_of_a_row_is_right_for_the_reward(family: str) -> None:
    for level in tasks.get(family).levels:
        for index in range(5):
            row = rows.row(tasks.get(family).problem("test", level, index))
            text = row["completion"][0]["content"]
            assert scorer.compute_score(solution_str=text, ground_truth=row["truth"]) == 1
            assert json.loads(json.dumps(row)) == row


def test_every_form_of_answer_has_a_hint() -> None:
    assert set(rows.HINTS) == set(scorer.FORMS)


def test_the_hint_is_left_out_of_a_bare_question() -> None:
    problem = tasks.get("countdown").problem("train", 1, 0)
    asked, bare = (rows.row(problem, bare=each)["prompt"][0]["content"] for each in (False, True))
    assert bare == problem.question
    assert asked.startswith(f"{bare}\n\n")
    assert rows.HINTS["countdown"] in asked


def test_no_question_comes_twice_and_no_problem_is_in_both_splits() -> None:
    found = rows.splits(Selection.parse(("addition", "knights"), "1", 400, bare=True), 100)
    for each in found.values():
        questions = [row["prompt"][0]["content"] for row in each]
        assert len(set(questions)) == len(questions)
    assert len(found["train"]) < 800
    train, test = ({row["key"] for row in each} for each in found.values())
    assert not train & test


def test_an_overlap_of_the_splits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    row = rows.row(tasks.get("addition").problem("train", 1, 0))
    monkeypatch.setattr(Selection, "rows", lambda *_: [row])
    with pytest.raises(ExportError, match="1 problems are in both splits"):
        rows.splits(SELECTION, 3)


@pytest.mark.parametrize(
    ("families", "levels", "message"),
    [(("sums",), "1", "no task family 'sums'"), ((), "9", "levels 1 to"), ((), "one", "write numbers")],
)
def test_what_there_is_not_is_named(families: tuple[str, ...], levels: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        Selection.parse(families, levels, 1, bare=False)


@pytest.mark.parametrize("kind", KINDS)
def test_the_folder_is_made_before_the_work(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the work has begun")

    monkeypatch.setattr(rows, "splits", never)
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        export(kind, tmp_path / "file")


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_is_the_same_every_time_and_its_manifest_has_every_hash(kind: str, tmp_path: Path) -> None:
    folders = [export(kind, tmp_path / name) for name in ("one", "two")]
    first, second = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert first == second
    manifest = json.loads(first.pop("manifest.json"))
    assert manifest["sha256"] == {
        name: hashlib.sha256(content).hexdigest() for name, content in first.items()
    }
    assert manifest["rows"]["test"] > 3 * len(tasks.names())
    assert manifest["selection"]["levels"] == [1, 2]


@pytest.mark.parametrize("kind", KINDS)
def test_the_reward_file_is_the_scorer(kind: str, tmp_path: Path) -> None:
    assert (export(kind, tmp_path) / "reward.py").read_bytes() == Path(scorer.__file__).read_bytes()


def test_the_reward_file_stands_alone(tmp_path: Path) -> None:
    """Run without site-packages and without mull: right for every answer, wrong for every other's."""
    export("openrlhf", tmp_path)
    program = """
import json, runpy
reward_func = runpy.run_path("reward.py")["reward_func"]
for line in open("answers.jsonl", encoding="utf-8"):
    row = json.loads(line)
    print(reward_func([row["prompt"] + row["text"]], [row["prompt"]], [row["label"]])["rewards"])
"""
    found = SELECTION.rows("test")
    wrong = "<think>\n\n</think>\n\nThe answer is \\boxed{no}."
    texts = [(row["completion"][0]["content"], row["truth"]) for row in found]
    texts += [(wrong, row["truth"]) for row in found]
    answers = [dict(prompt="<|im_start|>user\n", text=text, label=truth) for text, truth in texts]
    rows.write_lines(tmp_path / "answers.jsonl", answers)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1.0"] * len(found) + ["0.0"] * len(found)


def test_openrlhf_rewards_no_answer_inside_thoughts_that_the_prompt_opened() -> None:
    problem = tasks.get("addition").problem("train", 1, 0)
    prompt, truth = "<|im_start|>assistant\n<think>\n", rows.row(problem)["truth"]
    inside, behind = (f"{close}{tasks.final(problem)}<|im_end|>" for close in ("", "\n</think>\n\n"))
    found = scorer.reward_func([prompt + inside, prompt + behind], [prompt] * 2, [truth] * 2)
    assert found["rewards"] == found["scores"] == [0.0, 1.0]
    alone = scorer.reward_func([prompt + behind], [prompt], [truth])
    assert alone["rewards"] == 1.0  # a number: it becomes the one entry of a tensor


@pytest.mark.parametrize("end", ["<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<｜end▁of▁sentence｜>"])
def test_a_token_that_ends_the_turn_is_no_part_of_the_answer(end: str) -> None:
    problem = tasks.get("addition").problem("train", 1, 0)
    assert scorer.boxed(tasks.final(problem) + end) == problem.answer
    assert scorer.boxed(f"{tasks.final(problem)}{end} or not") is None


def test_verl_reads_its_own_columns(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    found = parquet.read_table(export("verl", tmp_path) / "test.parquet").to_pylist()
    assert len(found) == len(SELECTION.rows("test")[: len(found)]) > 0
    for row in found:
        assert set(row) == {"data_source", "prompt", "ability", "reward_model", "extra_info"}
        assert row["data_source"] == f"mull/{row['extra_info']['family']}"
        assert row["prompt"][0]["role"] == "user"
        assert row["reward_model"]["style"] == "rule"
        assert json.loads(row["reward_model"]["ground_truth"])["form"] in scorer.FORMS


def test_openrlhf_and_datasets_read_theirs(tmp_path: Path) -> None:
    for row in lines(export("openrlhf", tmp_path / "o") / "train.jsonl"):
        assert set(row) == {"prompt", "label", "datasource"}
    folder = export("datasets", tmp_path / "d")
    assert lines(folder / "train.jsonl") == SELECTION.rows("train")
    assert "path: train.jsonl" in (folder / "README.md").read_text()


def test_parquet_without_pyarrow_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ExportError, match=r"pip install 'mull\[parquet\]'"):
        export("verl", tmp_path)


@pytest.mark.parametrize(
    ("kind", "nodes", "expected"),
    [
        ("verl", "1", ["trainer.nnodes=1", "data.train_batch_size=64", "fsdp_config.offload_policy=True"]),
        ("verl", "8", ["trainer.nnodes=8", "data.train_batch_size=512", "fsdp_config.offload_policy=False"]),
        ("openrlhf", "1", ["--actor.num_nodes 1", "--vllm.num_engines 4"]),
        ("openrlhf", "8", ["--actor.num_nodes 8", "--vllm.num_engines 32"]),
    ],
)
def test_the_launch_command(kind: str, nodes: str, expected: list[str], tmp_path: Path) -> None:
    """What the shell makes of it, on one node of 8 GPUs and on eight; extra arguments come last."""
    command = launched(export(kind, tmp_path / "a folder"), nodes, "more=1")
    joined = " ".join(command)
    assert all(each in joined for each in expected)
    assert any(str(tmp_path / "a folder" / "reward.py") in each for each in command)
    assert command[-1] == "more=1"


def launched(folder: Path, nodes: str, *more: str) -> list[str]:
    """Arguments with which `train.sh` in the folder calls python."""
    programs = folder / "programs"
    programs.mkdir()
    python = programs / "python3"
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", str(folder / "train.sh"), *more],
        env={**os.environ, "PATH": path, "NODES": nodes},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()
