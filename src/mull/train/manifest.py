"""The manifest of a trained model: what it was made from, with what, on what, and what it scores.

`make` writes one from the folders of finished runs; `Manifest.load` reads one. The published
manifest lies beside the embedded model. Seeds are few because everything is a pure function of
them: a problem of (tasks version, split, family, level, index), the training stream of (seed,
pool), a chain of (seed, path, position).
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

from mull import tasks
from mull.bench.suites.families import FIRST
from mull.errors import MullError
from mull.model.checkpoint import EMBEDDED
from mull.tasks import base
from mull.train import machine
from mull.train.evaluate import LIMIT, Score

FORMAT = 1
NAME = "manifest.json"
PUBLISHED = EMBEDDED / NAME
POINTS = 60  # of a curve


class ManifestError(MullError):
    """A manifest, or what it is to be made from, cannot be read."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of training. `tokens` were learned from, or, in reinforcement learning, sampled.

    commit   of the code that began it
    data     fingerprint of every batch (`data.digest`); "" where data comes from the model itself
    measure  of the curve: "loss" (nats a learned token) or "reward" (share of right chains)
    curve    (tokens so far, measure), thinned
    """

    name: str
    settings: dict[str, Any]
    steps: int
    tokens: int
    seconds: float
    data: str
    measure: str
    curve: list[tuple[int, float]]
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """See the module's docstring; hashes are SHA-256, times UTC."""

    created: str
    commit: str
    packages: dict[str, str]
    machine: dict[str, Any]
    seeds: dict[str, int]
    hashes: dict[str, str]
    stages: list[Stage]
    evaluation: dict[str, Any]
    scores: list[Score]

    @property
    def seconds(self) -> float:
        return sum(stage.seconds for stage in self.stages)

    @property
    def tokens(self) -> int:
        return sum(stage.tokens for stage in self.stages)

    def save(self, path: Path) -> None:
        """Write it as JSON, whole or not at all."""
        values = {"format": FORMAT} | asdict(self) | {"scores": [score.json() for score in self.scores]}
        aside = path.with_name(path.name + ".tmp")
        aside.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        aside.replace(path)

    @classmethod
    def load(cls, path: Path) -> Manifest:
        """Raises ManifestError for a file that is missing, damaged, or of another format."""
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            if raw.pop("format") != FORMAT:
                raise ManifestError(f"{path}: was written by another version of mull.")
            raw["stages"] = [_stage(each) for each in raw["stages"]]
            raw["scores"] = [_score(each) for each in raw["scores"]]
            return cls(**raw)
        except OSError as error:
            raise ManifestError(f"{path}: cannot be read ({error.strerror}).") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ManifestError(f"{path}: not a manifest ({type(error).__name__}: {error!s:.80}).") from None


def make(runs: dict[str, Path], model: Path, scores: Sequence[Score], limit: int = LIMIT) -> Manifest:
    """The manifest of the model in folder `model`, made by the finished `runs` (folders, by stage name)."""
    stages = [stage(name, folder) for name, folder in runs.items()]
    families = Path(tasks.__file__).parent
    return Manifest(
        created=time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
        commit=stages[0].commit or machine.commit(),
        packages=machine.packages(),
        machine=machine.describe(),
        seeds={"tasks": base.VERSION} | {each.name: each.settings["seed"] for each in stages},
        hashes={
            "weights": hash_of(model / "model.safetensors"),
            "tokenizer": hash_of(model / "tokenizer.json"),
            "scorer": hash_of(families / "scorer.py"),
            "tasks": hash_of(*sorted(families.glob("*.py"))),
            "problems": _hash_of_problems(scores),
        },
        stages=stages,
        evaluation={"split": "test", "first": FIRST, "limit": limit, "sampling": "greedy"},
        scores=list(scores),
    )


def stage(name: str, folder: Path) -> Stage:
    """What the folder of a run says: its last save and its log."""
    try:
        state = torch.load(folder / "state.pt", weights_only=True, mmap=True)
    except OSError as error:
        raise ManifestError(f"{folder / 'state.pt'}: {error.strerror}. Pass the folder of a run.") from None
    records = read_log(folder / "log.jsonl")
    measure = "reward" if any("reward" in record for record in records) else "loss"
    curve, tokens = [], 0
    for record in records:
        if measure in record:
            tokens = record.get("tokens", tokens + record.get("sampled", 0))
            curve.append((tokens, record[measure]))
    return Stage(
        name,
        state["plan"],
        state["step"],
        state["tokens"],
        round(state["seconds"], 1),
        state.get("data", ""),
        measure,
        thinned(curve),
        state.get("commit", ""),
    )


def read_scores(path: Path) -> list[Score]:
    """Scores as `evaluate` writes them: a JSON array, or one object a line (a torn last line is left out)."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    try:
        if text.lstrip().startswith("["):
            return [_score(raw) for raw in json.loads(text)]
        lines = text.split("\n")[:-1]
        return [_score(json.loads(line)) for line in lines]
    except (ValueError, KeyError, TypeError) as error:
        raise ManifestError(f"{path}: holds no scores ({error!s:.80}). Evaluate again.") from None


def read_log(path: Path) -> list[dict[str, Any]]:
    """Records of a `log.jsonl` by step, each kind once: those repeated after a crash count as repeated.

    A line torn by the crash is left out.
    """
    found: dict[tuple[int, bool], dict[str, Any]] = {}
    lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        found[record["step"], "held_out" in record] = record
    return sorted(found.values(), key=lambda record: record["step"])


def thinned(curve: Sequence[tuple[int, float]], points: int = POINTS) -> list[tuple[int, float]]:
    """At most so many points, evenly spaced, first and last among them."""
    if len(curve) <= points:
        return list(curve)
    return [curve[round(k * (len(curve) - 1) / (points - 1))] for k in range(points)]


def hash_of(*paths: Path) -> str:
    """SHA-256 of a file; of several, of their names and contents."""
    if len(paths) == 1:
        return sha256(paths[0].read_bytes()).hexdigest()
    whole = sha256()
    for path in paths:
        whole.update(f"{path.name} {hash_of(path)}\n".encode())
    return whole.hexdigest()


def _hash_of_problems(scores: Sequence[Score]) -> str:
    """Of the questions and answers the scores are about."""
    whole = sha256()
    for score in sorted(scores, key=lambda each: (each.family, each.level)):
        family = tasks.get(score.family)
        for index in range(FIRST, FIRST + score.count):
            problem = family.problem("test", score.level, index)
            whole.update(f"{problem.question}\n{problem.answer}\n".encode())
    return whole.hexdigest()


def _stage(raw: dict[str, Any]) -> Stage:
    return Stage(**raw | {"curve": [(int(tokens), float(value)) for tokens, value in raw["curve"]]})


def _score(raw: dict[str, Any]) -> Score:
    names = ("family", "level", "count", "right", "tokens", "capped", "looped")
    right, count = raw["new_wording"]
    return Score(
        **{name: raw[name] for name in names}, new_wording=(right, count), faithful=raw.get("faithful")
    )
