"""A tiny random model that mostly says one of two words, one of which ends the chain, and a reward for it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from mull.train import reject, rl
from mull.train.export import export
from mull.train.init import initialize
from mull.train.model import Qwen2
from mull.train.online import Run
from tests.train.test_model import small

KINDS: dict[str, tuple[type, type]] = {"rl": (rl.Plan, rl.Run), "reject": (reject.Plan, reject.Run)}
SETTINGS = dict(
    families=("addition", "knights"), levels=(1, 2), samples=8, limit=8, rate=1e-2, warmup=1, held_out=2
)
OWN = {"rl": dict(groups=4, most=8), "reject": dict(problems=6, batch=512)}


def tiny(folder: Path, tokenizer: Tokenizer) -> Path:
    """A random model, exported. Tokens 300 and 301 have 40 % each, all others share the rest."""
    model = Qwen2(small(tokenizer.get_vocab_size()))
    initialize(model, seed=3)
    with torch.no_grad():
        model.model.embed_tokens.weight[:, 0] = 4.0  # all tokens share it: a constant for the output to read
        model.lm_head.weight[[300, 301], 0] = 2.0
    return export(model, tokenizer, folder, torch.float32)


def begin(kind: str, start: Path, out: Path, **changes: Any) -> Run:
    """A run in which every token with an even id ends the chain."""
    plan, run = KINDS[kind]
    made = run(plan(start=start, out=out, **(SETTINGS | OWN[kind] | dict(steps=6) | changes)))
    even = range(0, made.model.config.vocab_size, 2)
    made.checkpoint.__dict__["stop_ids"] = frozenset(even)  # a cached property
    return made


def brief(_: object, text: str) -> float:
    """The toy's reward: the first token is the last. True of every second chain at first."""
    return float(not text)


def silent(_: str) -> None:
    pass


def weights(out: Path) -> dict[str, torch.Tensor]:
    """Those of the last save."""
    found: dict[str, torch.Tensor] = torch.load(out / "state.pt", weights_only=True)["model"]
    return found


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def killed_and_resumed(kind: str, start: Path, out: Path) -> None:
    """Run in a process of its own, kill it after its first save, and run it to the end."""
    command = [sys.executable, "-c", SCRIPT, kind, str(start), str(out)]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (out / "state.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL  # in the middle, not after the end
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)


SCRIPT = """
import sys, torch
from pathlib import Path
from unittest import mock
from tests.train.toys import begin, brief
from mull.train.online import train
torch.set_num_threads(1)
with mock.patch("mull.train.rollout.reward", brief):
    train(begin(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), steps=25, save_every=0.0), resume=True)
"""
