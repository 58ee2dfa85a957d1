"""The whole recipe, tiny: all stages, a verdict, and a killed run that goes on where it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from mull import api
from mull.train import budget, online, rl, sft
from mull.train.budget import Budget, Speed
from mull.train.manifest import Manifest
from mull.train.replicate import Plan, recall, replicate
from mull.train.saves import TrainingError
from tests.train.test_model import small
from tests.train.test_sft import MIX, silent

SUPERVISED = sft.Plan(
    out=Path(), mix=MIX, shape=small, batch=(512, 1024), warmup=5, held_out=2, log_every=10, save_every=0.003
)


def plan(out: Path, tokenizer: Tokenizer | None = None, **changes: object) -> Plan:
    settings = dict(minutes=1.0, supervised=SUPERVISED, tokens=12_000, count=8, levels=(1, 2), limit=48)
    if tokenizer is not None:
        settings["tokenizer"] = lambda: tokenizer
    return Plan(out=out, **{**settings, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, tokenizer: Tokenizer) -> tuple[Path, list[str]]:
    """A finished replication, and what it said. Nothing is published to compare with."""
    out, said = tmp_path_factory.mktemp("replicate") / "run", list[str]()
    assert replicate(plan(out, tokenizer, against=out / "nothing.json"), say=said.append) is None
    return out, said


def test_it_goes_through_all_stages(done: tuple[Path, list[str]]) -> None:
    out, said = done
    text = "\n".join(said)
    for stage in ("tasks", "tokenizer", "budget", "supervised", "evaluation", "release"):
        assert f"] {stage}, about" in text
    assert "no manifest is published there" in text
    assert {file.name for file in (out / "model").iterdir()} == {
        "README.md",
        "config.json",
        "generation_config.json",
        "manifest.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "words.txt",
    }
    made = Manifest.load(out / "model" / "manifest.json")
    assert [(score.family, score.level, score.count) for score in made.scores] == [
        ("addition", 1, 8),
        ("addition", 2, 8),
    ]
    assert made.tokens >= 12_000
    assert made.evaluation["limit"] == 48
    assert api.ask("What is 24 + 13?", engine=api.load(out / "model"), max_tokens=40).text


def test_a_finished_one_repeats_nothing_but_the_verdict(done: tuple[Path, list[str]]) -> None:
    out, _ = done
    said: list[str] = []
    published = out / "model" / "manifest.json"
    began = time.perf_counter()
    found = replicate(plan(out, against=published), resume=True, say=said.append)
    assert time.perf_counter() - began < 2
    assert found is not None
    assert found.same
    assert sum(line.endswith(": done before") for line in said) == 6
    assert "The same as the published model" in (out / "verdict.txt").read_text()


def test_another_seed_is_another_model(
    done: tuple[Path, list[str]], tmp_path: Path, tokenizer: Tokenizer
) -> None:
    out, _ = done
    published = out / "model" / "manifest.json"
    found = replicate(plan(tmp_path / "other", tokenizer, seed=1, against=published), say=silent)
    assert found is not None
    assert any(line.startswith("seed of supervised: 1 here, 0 published") for line in found.differing)
    assert any(line.startswith("data of supervised") for line in found.differing)
    assert "weights: the same, bit for bit" not in found.differing


@pytest.mark.parametrize("kept", [True, False])
def test_reinforcement_is_kept_only_if_it_does_no_harm(
    kept: bool, tmp_path: Path, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    accuracies = iter([0.5, 0.6] if kept else [0.5, 0.4])

    def check(run: online.Run, _: object) -> dict[str, object]:
        return dict(step=run.step, held_out={"addition": next(accuracies)})

    monkeypatch.setattr(online, "check", check)
    short = rl.Plan(out=Path(), start=Path(), levels=(1,), samples=4, groups=1, most=1, limit=16, held_out=2)
    said: list[str] = []
    settings = plan(tmp_path, tokenizer, tokens=2_000, steps=2, reinforcement=short)
    replicate(replace(settings, against=tmp_path / "nothing.json"), say=said.append)
    assert any(line.endswith(f"the {'reinforced' if kept else 'supervised'} model is taken") for line in said)
    made = Manifest.load(tmp_path / "model" / "manifest.json")
    assert [stage.name for stage in made.stages] == ["supervised", "reinforcement"][: 1 + kept]
    if kept:
        assert (made.stages[1].measure, made.stages[1].steps, made.stages[1].data) == ("reward", 2, "")
    came_from = load_file(tmp_path / ("reinforcement" if kept else "supervised") / "model/model.safetensors")
    released = load_file(tmp_path / "model" / "model.safetensors")
    assert all(torch.equal(released[name], came_from[name]) for name in came_from)


def test_what_was_begun_is_not_mixed_up(done: tuple[Path, list[str]]) -> None:
    out, _ = done
    assert recall(out) == (1.0, 0)
    assert recall(out / "nothing") is None
    with pytest.raises(TrainingError, match="--resume"):
        replicate(plan(out))
    with pytest.raises(TrainingError, match="was begun with --minutes 1, not 2"):
        replicate(plan(out, minutes=2.0), resume=True)


KILLED = """
import sys, torch
from pathlib import Path
from tokenizers import Tokenizer
torch.set_num_threads(1)
from tests.train.test_replicate import plan, replicate
replicate(plan(Path(sys.argv[1]), Tokenizer.from_file(sys.argv[2])))
"""


def test_kill_nine_repeats_no_finished_stage(
    done: tuple[Path, list[str]], tmp_path: Path, tokenizer: Tokenizer
) -> None:
    """Killed while it trains; the model is the one that the undisturbed run made, bit for bit."""
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    out = tmp_path / "killed"
    command = [sys.executable, "-c", KILLED, str(out), str(tmp_path / "tokenizer.json")]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (out / "supervised" / "state.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert set(json.loads((out / "replicate.json").read_text())["done"]) == {"tasks", "tokenizer", "budget"}
    said: list[str] = []
    published = done[0] / "model" / "manifest.json"
    found = replicate(plan(out, tokenizer, against=published), resume=True, say=said.append)
    assert sum(line.endswith(": done before") for line in said) == 3
    assert any("resumed at step" in line for line in said)
    assert found is not None
    assert "weights: the same, bit for bit" in found.differing
    assert not any(line.startswith("data of") for line in found.differing)


def test_an_interrupted_evaluation_goes_on(tmp_path: Path, tokenizer: Tokenizer) -> None:
    settings = plan(tmp_path, tokenizer, tokens=2_000, against=tmp_path / "nothing.json")

    def stop_at_level_2(text: str) -> None:
        if "level 2" in text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replicate(settings, say=stop_at_level_2)
    scores = tmp_path / "scores.jsonl"
    scores.write_text(scores.read_text().splitlines(keepends=True)[0] + '{"family": "addi')  # torn
    said: list[str] = []
    replicate(settings, resume=True, say=said.append)
    assert sum("addition" in line and "level" in line for line in said) == 1
    assert len(Manifest.load(tmp_path / "model" / "manifest.json").scores) == 2


@pytest.mark.parametrize("minutes", [2, 10, 120])
def test_the_budget_fits_the_time(minutes: float) -> None:
    found = budget.budget(minutes, Speed(training=3000, answering=4000), cells=24)
    spent = found.tokens / 3000 + found.reinforcement_seconds + found.evaluation_seconds
    assert spent < minutes * 60
    assert (found.reinforcement_seconds > 0) is (minutes >= 60)
    assert found.tokens / 3000 > 0.45 * minutes * 60
    low, high = budget.COUNTS
    assert low <= found.count <= high
    assert Budget.parse(json.loads(json.dumps(found.json()))) == found


def test_a_short_run_warms_up_shortly() -> None:
    usual = sft.Plan(out=Path(), batch=(1000, 2000), grow=0.5, warmup=60)
    assert budget.short_warmup(usual, 400_000) == 30  # of 300 steps: 200 small ones, 100 large ones
    assert budget.short_warmup(usual, 10_000_000) == 60
    assert budget.short_warmup(usual, 1) == 1


def test_more_time_is_more_of_everything() -> None:
    short, long = (budget.budget(minutes, Speed(3000, 4000), 24) for minutes in (10, 120))
    assert long.tokens > 9 * short.tokens
    assert long.count > short.count
