"""Both ways of learning from own chains: they learn, stop, resume and die without losing their way."""

import json
import os
import signal
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from mull import api
from mull.errors import MullError
from mull.train.online import train
from mull.train.saves import TrainingError
from tests.train.toys import KINDS, begin, brief, killed_and_resumed, same, silent, tiny, weights

both = pytest.mark.parametrize("kind", list(KINDS))


@pytest.fixture(scope="module")
def start(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny(tmp_path_factory.mktemp("start"), tokenizer)


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mull.train.rollout.reward", brief)


@both
def test_the_reward_rises(kind: str, start: Path, tmp_path: Path) -> None:
    """A bandit with two arms, a token that ends the chain and one that does not; half of it at first."""
    changes = dict(families=("addition",), limit=1, samples=32, rate=6e-3) | (
        dict(mask_truncated=False) if kind == "rl" else {}
    )
    folder = train(begin(kind, start, tmp_path, steps=20, **changes), say=silent)
    rewards = [record["reward"] for record in _log(tmp_path) if "reward" in record]
    assert sum(rewards[:2]) / 2 < 0.65
    assert sum(rewards[-3:]) / 3 > 0.8
    api.load(folder).close()  # the result can be used


@both
def test_a_resumed_run_is_the_same_run(kind: str, start: Path, tmp_path: Path) -> None:
    train(begin(kind, start, tmp_path / "whole"), say=silent)
    half = begin(kind, start, tmp_path / "half")
    half.plan.out.mkdir()
    for _ in range(3):
        half.advance()
    half.save(half.plan.out / "state.pt")
    half.advance()  # lost: the run dies here
    train(begin(kind, start, tmp_path / "half"), resume=True, say=silent)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "half"))


def test_kill_nine_loses_only_what_came_after_the_last_save(start: Path, tmp_path: Path) -> None:
    killed_and_resumed("rl", start, tmp_path / "killed")
    train(begin("rl", start, tmp_path / "whole", steps=25), say=silent)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "killed"))


def test_an_interrupt_ends_the_step_and_saves(start: Path, tmp_path: Path) -> None:
    run = begin("rl", start, tmp_path / "stopped")

    def interrupt(line: str) -> None:
        if line.startswith("step    2"):
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(run, say=interrupt)
    assert run.step == 2
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    train(begin("rl", start, tmp_path / "stopped"), resume=True, say=silent)
    train(begin("rl", start, tmp_path / "whole"), say=silent)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "stopped"))


def test_a_run_is_never_overwritten_or_mixed_up(start: Path, tmp_path: Path) -> None:
    begin("rl", start, tmp_path).save(tmp_path / "state.pt")
    with pytest.raises(TrainingError, match="--resume"):
        train(begin("rl", start, tmp_path), say=silent)
    with pytest.raises(TrainingError, match="samples = 8, not 4"):
        train(begin("rl", start, tmp_path, samples=4), resume=True, say=silent)
    with pytest.raises(TrainingError, match="--minutes or --steps"):
        begin("rl", start, tmp_path, minutes=1.0)
    with pytest.raises(MullError, match="no such folder"):
        begin("rl", tmp_path / "nothing", tmp_path)


def test_the_rate_warms_up_and_falls_to_nothing(start: Path, tmp_path: Path) -> None:
    run = begin("rl", start, tmp_path, steps=100, warmup=5)
    factors = {}
    for run.step in (0, 50, 99):
        factors[run.step] = run.factor
    assert factors == {0: pytest.approx(0.2), 50: pytest.approx(0.5), 99: pytest.approx(0.01)}


@both
def test_the_log_tells_what_happened(kind: str, start: Path, tmp_path: Path) -> None:
    said: list[str] = []
    train(begin(kind, start, tmp_path, steps=2, check_every=1), say=said.append)
    records = _log(tmp_path)
    steps = [record for record in records if "reward" in record]
    checks = [record["held_out"] for record in records if "held_out" in record]
    assert [record["step"] for record in steps] == [1, 2]
    assert {"truncated", "length", "groups", "with_signal", "sampled", "tokens_per_second"} <= steps[0].keys()
    assert steps[0]["rates"].keys() == checks[0].keys() == {"addition", "knights"}
    assert len(checks) == 3  # before the first step and after each
    assert sum("(right)" in line or "(wrong)" in line for line in said) == 3


def _log(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
