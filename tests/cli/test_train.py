"""`mull train`: options reach the plan, and sampling is reported; the training itself is tested elsewhere."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from mull import tasks
from mull.cli.train import train
from mull.model.checkpoint import EMBEDDED
from mull.train import online, sft
from mull.train import tokenizer as tokenizers
from mull.train.evaluate import Score
from mull.train.manifest import Manifest, hash_of
from mull.train.online import Run
from tests.train.test_sft import plan, silent


@pytest.mark.parametrize("kind", ["rl", "reject"])
def test_options_reach_the_plan(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[tuple[Run, bool]] = []

    def record(run: Run, resume: bool, **_: object) -> Path:
        runs.append((run, resume))
        return tmp_path / "model"

    monkeypatch.setattr(online, "train", record)
    options = ["--from", str(EMBEDDED), "--out", str(tmp_path), "--threads", "1"]
    named = ["--minutes", "2.5", "--family", "countdown", "--family", "knights", "--seed", "3", "--resume"]
    for more in (["--steps", "7"], named):
        result = CliRunner().invoke(train, [kind, *options, *more])
        assert result.exit_code == 0, result.output
        assert str(tmp_path / "model") in result.output
    (first, fresh), (second, resumed) = runs
    assert (first.plan.steps, first.plan.families, fresh) == (7, tasks.names(), False)
    assert (second.plan.minutes, second.plan.seed, resumed) == (2.5, 3, True)
    assert second.plan.families == ("countdown", "knights")


def test_a_start_is_required(tmp_path: Path) -> None:
    result = CliRunner().invoke(train, ["rl", "--out", str(tmp_path), "--steps", "1"])
    assert result.exit_code == 2
    assert "--from" in result.output


def test_evaluate_reports_several_samples(tmp_path: Path) -> None:
    out = tmp_path / "scores.json"
    options = ["--family", "addition", "--levels", "1", "--count", "3", "--samples", "4", "--threads", "1"]
    result = CliRunner().invoke(train, ["evaluate", *options, "--out", str(out)])
    assert result.exit_code == 0, result.output
    [score] = json.loads(out.read_text())
    assert (score["family"], score["count"], score["samples"]) == ("addition", 3, 4)
    assert list(score["passed"]) == list(score["majority"]) == ["1", "2", "4"]
    assert score["passed"]["1"] <= score["passed"]["4"]
    assert "pass@4" in result.output
    assert "maj@4" in result.output


@pytest.mark.parametrize("command", ["evaluate", "study"])
def test_where_results_go_is_tried_before_the_work(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the work has begun")

    monkeypatch.setattr("mull.api.load", never)
    (tmp_path / "file").touch()
    for bad in (tmp_path, tmp_path / "file" / "scores.json"):
        error = CliRunner().invoke(train, [command, "--out", str(bad)]).exception
        assert isinstance(error, OSError), error


def test_the_folder_of_the_results_is_made(tmp_path: Path) -> None:
    out = tmp_path / "new" / "scores.json"
    options = ["--family", "addition", "--levels", "1", "--count", "1", "--threads", "1"]
    result = CliRunner().invoke(train, ["evaluate", *options, "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert len(json.loads(out.read_text())) == 1


def test_a_release_has_model_manifest_and_card(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    tokenizers.build(samples=10).save(str(run / "tokenizer.json"))
    sft.train(plan(run, tokens=2_000), say=silent)
    scores, out = tmp_path / "scores.json", tmp_path / "release"
    scores.write_text(json.dumps([Score("addition", 1, 10, 7, (2, 5), 60.0, 0, 0).json()]))
    options = ["release", "--scores", str(scores), "--out", str(out)]
    assert CliRunner().invoke(train, [*options, "--run", f"supervised={run}"]).exit_code == 0
    assert "| addition | 70 (40–89) |" in (out / "README.md").read_text()
    assert Manifest.load(out / "manifest.json").hashes["tokenizer"] == hash_of(out / "tokenizer.json")
    assert "NAME=FOLDER" in str(CliRunner().invoke(train, [*options, "--run", str(run)]).exception)
