"""Training learns, and a killed run that resumes ends in the same weights, bit for bit."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from mull.train.data import Mix
from mull.train.saves import TrainingError
from mull.train.sft import Plan, begin, further, train
from tests.train.test_model import small

MIX = Mix(families=(("addition", 1.0),), levels=((1, 1.0),))
SETTINGS = dict(tokens=20_000, mix=MIX, batch=(512, 1024), warmup=5, held_out=2, shape=small, log_every=10)


def plan(out: Path, **changes: object) -> Plan:
    return Plan(out=out, **{**SETTINGS, **changes})  # type: ignore[arg-type]


def silent(_: str) -> None:
    pass


def weights(folder: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = torch.load(folder / "state.pt", weights_only=True)["model"]
    return found


def test_the_loss_falls(tmp_path: Path) -> None:
    folder = train(plan(tmp_path, tokens=60_000), say=silent)
    losses = [record["loss"] for record in _log(tmp_path) if "loss" in record]
    assert losses[0] > 3.5
    assert losses[-1] < 1.7
    held_out = [record["held_out"]["addition"] for record in _log(tmp_path) if "held_out" in record]
    assert held_out[-1] < 2.5
    assert {file.name for file in folder.iterdir()} == {
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }


def test_a_resumed_run_is_the_same_run(tmp_path: Path) -> None:
    train(plan(tmp_path / "whole"), say=silent)
    half = plan(tmp_path / "half")
    run = begin(half)
    for _ in range(12):
        run.advance()
    run.save(half.out / "state.pt")
    for _ in range(3):
        run.advance()  # lost: the run dies here
    train(half, resume=True, say=silent)
    whole, resumed = weights(tmp_path / "whole"), weights(tmp_path / "half")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


KILLED = """
import sys, torch
from pathlib import Path
torch.set_num_threads(1)
from tests.train.test_sft import plan, train
train(plan(Path(sys.argv[1]), tokens=40_000, save_every=0.003), resume=True)
"""


def test_kill_nine_loses_only_what_came_after_the_last_save(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path / "killed")]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    state = tmp_path / "killed" / "state.pt"
    deadline = time.monotonic() + 60
    while not state.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL  # in the middle, not after the end
    assert state.exists()
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
    train(plan(tmp_path / "whole", tokens=40_000), say=silent)
    whole, killed = weights(tmp_path / "whole"), weights(tmp_path / "killed")
    assert all(torch.equal(whole[name], killed[name]) for name in whole)


def test_an_interrupt_ends_the_step_and_saves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes in the middle of a step, between the two optimizers."""
    stopped = plan(tmp_path / "stopped")
    step, steps = torch.optim.AdamW.step, iter(range(100))

    def interrupt(self: torch.optim.AdamW) -> None:
        if next(steps) == 6:
            os.kill(os.getpid(), signal.SIGINT)
        step(self)

    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train(stopped, say=silent)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert torch.load(stopped.out / "state.pt", weights_only=True)["step"] == 7
    train(stopped, resume=True, say=silent)
    train(plan(tmp_path / "whole"), say=silent)
    whole, resumed = weights(tmp_path / "whole"), weights(tmp_path / "stopped")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_a_run_is_never_overwritten_or_mixed_up(tmp_path: Path) -> None:
    run = begin(plan(tmp_path))
    run.save(tmp_path / "state.pt")
    with pytest.raises(TrainingError, match="--resume"):
        train(plan(tmp_path), say=silent)
    with pytest.raises(TrainingError, match="seed = 0, not 1"):
        train(plan(tmp_path, seed=1), resume=True, say=silent)
    with pytest.raises(TrainingError, match="--minutes or --tokens"):
        train(plan(tmp_path, minutes=1.0), say=silent)


def test_the_schedule_warms_up_stays_and_falls(tmp_path: Path) -> None:
    schedule = plan(tmp_path, warmup=60, flat=0.3, floor=0.01)
    assert schedule.factor(0.0, 0) == pytest.approx(1 / 60)
    assert schedule.factor(0.3, 500) == 1.0
    assert schedule.factor(0.65, 900) == pytest.approx(0.5)
    assert schedule.factor(1.0, 2000) == pytest.approx(0.01)


def _log(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_a_finished_model_is_trained_further(tmp_path: Path) -> None:
    first = train(plan(tmp_path / "first"), say=silent)
    later = further(plan(tmp_path / "later", tokens=4_000, seed=1), first)
    run = begin(later)
    expected = load_file(first / "model.safetensors")
    assert all(
        torch.equal(weight.bfloat16(), expected[name]) for name, weight in run.model.state_dict().items()
    )
    assert run.advance() < 2.5
    assert (tmp_path / "later" / "tokenizer.json").read_bytes() == (first / "tokenizer.json").read_bytes()
    with pytest.raises(TrainingError, match="trained here"):
        begin(further(plan(tmp_path / "none"), tmp_path / "nothing"))
