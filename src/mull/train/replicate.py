"""The whole recipe in one go: from problem generators to a released model, and how it compares.

Stages run one after the other, offline: tasks, tokenizer, budget, supervised, reinforcement (where the
time allows), evaluation, release, and a verdict. What a stage has found is in `replicate.json` when it
is done; after `kill -9` a finished stage is not repeated, and the one that was interrupted goes on from
its own last save.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Any

import torch
from tokenizers import Tokenizer

from mull import api, tasks
from mull.tasks import Family
from mull.train import manifest, online, rl, sft, verdict
from mull.train import tokenizer as tokenizers
from mull.train.budget import REINFORCED_FROM, Budget, budget, probe, short_warmup
from mull.train.evaluate import LIMIT, Attempt, Score, evaluate
from mull.train.release import release
from mull.train.saves import TrainingError
from mull.train.verdict import Verdict

STATE = "replicate.json"
CHECKED = 20  # problems of each family, level and split that the first stage looks at

_SUPERVISED = sft.Plan(out=Path())
_REINFORCEMENT = rl.Plan(out=Path(), start=Path())

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """One replication. `tokens`, `steps` and `count` follow from `minutes` where they are not given."""

    out: Path
    minutes: float = 10.0
    seed: int = 0
    supervised: sft.Plan = _SUPERVISED  # the rest of its settings: out, seed and tokens are set here
    reinforcement: rl.Plan = _REINFORCEMENT  # likewise; its families too
    tokens: int | None = None
    steps: int | None = None  # of reinforcement learning; None: by the minutes, if there are enough
    count: int | None = None  # problems of a family and level in the evaluation
    levels: tuple[int, ...] = (1, 2, 3, 4)
    limit: int = LIMIT  # new tokens of an answer
    tokenizer: Callable[[], Tokenizer] = tokenizers.build
    against: Path = manifest.PUBLISHED

    @property
    def families(self) -> list[Family]:
        return [tasks.get(name) for name, _ in self.supervised.mix.families]

    @property
    def reinforced(self) -> bool:
        return self.steps is not None or self.minutes >= REINFORCED_FROM


def recall(out: Path) -> tuple[float, int] | None:
    """Minutes and seed of the replication begun in `out`, if there is one."""
    path = out / STATE
    if not path.exists():
        return None
    state = _read(path)
    return state["minutes"], state["seed"]


def replicate(plan: Plan, resume: bool = False, say: Say = print) -> Verdict | None:
    """Run what is left of all stages. The model is in OUT/model; None without a manifest to compare with."""
    return Replication(plan, resume, say).run()


class Replication:
    """A replication: its plan, and what is known so far."""

    def __init__(self, plan: Plan, resume: bool, say: Say) -> None:
        self.plan, self.say = plan, say
        self.path = plan.out / STATE
        if self.path.exists() and not resume:
            raise TrainingError(
                f"{self.path}: a run is there. Continue it with --resume, or choose another --out."
            )
        if self.path.exists():
            self.state = _read(self.path)
            for name, value in (("minutes", plan.minutes), ("seed", plan.seed)):
                if self.state[name] != value:
                    raise TrainingError(
                        f"{self.path}: was begun with --{name} {self.state[name]:g}, not {value:g}. "
                        "Leave it out with --resume, or choose another --out."
                    )
        else:
            plan.out.mkdir(parents=True, exist_ok=True)
            self.state = {"minutes": plan.minutes, "seed": plan.seed, "done": {}}

    def run(self) -> Verdict | None:
        stages: dict[str, Callable[[], Any]] = {
            "tasks": self._tasks,
            "tokenizer": self._tokenizer,
            "budget": self._budget,
            "supervised": self._supervised,
            **({"reinforcement": self._reinforcement} if self.plan.reinforced else {}),
            "evaluation": self._evaluation,
            "release": self._release,
        }
        for number, (name, work) in enumerate(stages.items(), 1):
            title = f"[{number}/{len(stages)}] {name}"
            if name in self.state["done"]:
                self.say(f"{title}: done before")
                continue
            self.say(f"{title}, about {self._left(stages):.1f} min left in all")
            began = time.perf_counter()
            found = work()
            self.state["done"][name] = {"seconds": round(time.perf_counter() - began, 1), "found": found}
            self._save()
        return self._verdict()

    def _left(self, stages: Iterable[str]) -> float:
        """Minutes for the stages that are not done: as planned, until the budget knows better."""
        if "budget" not in self.state["done"]:
            return self.plan.minutes
        expected = {
            "supervised": self.budget.supervised_seconds,
            "reinforcement": self.budget.reinforcement_seconds,
            "evaluation": self.budget.evaluation_seconds,
        }
        return sum(expected.get(name, 0) for name in stages if name not in self.state["done"]) / 60

    def _tasks(self) -> dict[str, int]:
        """Every family makes problems here that its own solver solves, and keeps the two splits apart."""
        checked = 0
        for family in self.plan.families:
            for level in self.plan.levels:
                keys = {}
                for split in ("train", "test"):
                    problems = [family.problem(split, level, index) for index in range(CHECKED)]
                    keys[split] = {problem.key for problem in problems}
                    for problem in problems:
                        text = tasks.worked(problem, family.trace(problem, Random(0)))
                        if family.score(problem, text) != 1.0:
                            raise TrainingError(f"{problem.key}: its own solution is not right.")
                    checked += len(problems)
                if keys["train"] & keys["test"]:
                    raise TrainingError(f"{family.name}, level {level}: a problem is in both splits.")
        self.say(f"  {checked} problems of {len(self.plan.families)} families checked")
        return {"checked": checked}

    def _tokenizer(self) -> str:
        path = self.plan.out / "supervised" / "tokenizer.json"  # where the next stage looks for it
        path.parent.mkdir(parents=True, exist_ok=True)
        tokenizer = self.plan.tokenizer()
        tokenizer.save(str(path))
        self.say(f"  {tokenizer.get_vocab_size()} entries")
        return manifest.hash_of(path)

    def _budget(self) -> dict[str, Any]:
        plan = self.plan
        tokenizer = plan.out / "supervised" / "tokenizer.json"
        speed = probe(plan.supervised, tokenizer, plan.families)
        found = budget(plan.minutes, speed, len(plan.families) * len(plan.levels))
        found = replace(found, tokens=plan.tokens or found.tokens, count=plan.count or found.count)
        self.say(
            f"  {speed.training:,.0f} tokens a second in training, {speed.answering:,.0f} in answering, "
            f"{torch.get_num_threads()} threads: {found.tokens:,} tokens of training, "
            f"{found.count} problems of each family and level in the evaluation"
        )
        return found.json()

    @property
    def budget(self) -> Budget:
        return Budget.parse(self.state["done"]["budget"]["found"])

    def _supervised(self) -> str:
        model = sft.train(self._supervised_plan, resume=True, say=self._indented)
        return str(model.relative_to(self.plan.out))

    def _reinforcement(self) -> dict[str, Any]:
        """Reinforcement learning, kept if the same few held-out problems are not answered worse after it."""
        plan = self.plan
        run = rl.Run(
            replace(
                plan.reinforcement,
                out=plan.out / "reinforcement",
                start=self._model,
                seed=plan.seed,
                steps=plan.steps,
                minutes=None if plan.steps else self.budget.reinforcement_seconds / 60,
                families=tuple(family.name for family in plan.families),
            )
        )
        model = online.train(run, resume=True, say=self._indented)
        checks = [r["held_out"] for r in manifest.read_log(run.plan.out / "log.jsonl") if "held_out" in r]
        before, after = (fmean(check.values()) for check in (checks[0], checks[-1]))
        kept = after >= before
        self.say(
            f"  held-out problems, greedy: {before:.1%} before, {after:.1%} after; "
            f"the {'reinforced' if kept else 'supervised'} model is taken"
        )
        return {"model": str(model.relative_to(plan.out)), "before": before, "after": after, "kept": kept}

    @property
    def _supervised_plan(self) -> sft.Plan:
        plan, tokens = self.plan.supervised, self.budget.tokens
        warmup = short_warmup(plan, tokens)
        out = self.plan.out / "supervised"
        return replace(plan, out=out, seed=self.plan.seed, tokens=tokens, warmup=warmup)

    def _evaluation(self) -> None:
        """Score by score into a file, so that an interrupted evaluation goes on where it was."""
        kept = self._scores()
        known = {(score.family, score.level) for score in kept}
        lines = "".join(json.dumps(score.json()) + "\n" for score in kept)
        self._scores_path.write_text(lines, encoding="utf-8")  # without what an interruption tore

        def seen(score: Score, _: list[Attempt]) -> None:
            with self._scores_path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(score.json()) + "\n")
            low, high = score.interval
            self.say(
                f"  {score.family:<16} level {score.level}  {score.right / score.count:6.1%}  "
                f"[{low:.2f}, {high:.2f}]  {score.tokens:4.0f} tokens"
            )

        engine = api.load(self._model, threads=torch.get_num_threads())
        try:
            for family in self.plan.families:
                levels = [level for level in self.plan.levels if (family.name, level) not in known]
                evaluate(engine, [family], levels, self.budget.count, limit=self.plan.limit, seen=seen)
        finally:
            engine.close()

    def _release(self) -> str:
        out = self.plan.out / "model"
        shutil.rmtree(out, ignore_errors=True)  # left by an interruption in this very stage
        stages = ["supervised", *(["reinforcement"] if self._reinforced else [])]
        runs = {name: self.plan.out / name for name in stages}
        made = release(runs, self._model, self._scores(), out, self.plan.limit)
        return made.hashes["weights"]

    def _verdict(self) -> Verdict | None:
        out, against = self.plan.out, self.plan.against
        self.say(f'the model is in {out / "model"}\n  mull ask --model {out / "model"} "What is 394 + 323?"')
        if not against.exists():
            self.say(f"{against}: no manifest is published there, so there is nothing to compare with.")
            return None
        found = verdict.compare(
            manifest.Manifest.load(out / "model" / manifest.NAME), manifest.Manifest.load(against)
        )
        (out / "verdict.txt").write_text(f"{found}\n", encoding="utf-8")
        self.say(f"\n{found}")
        return found

    @property
    def _model(self) -> Path:
        """The best so far."""
        done = self.state["done"]
        found = done["reinforcement"]["found"]["model"] if self._reinforced else done["supervised"]["found"]
        return self.plan.out / str(found)

    @property
    def _reinforced(self) -> bool:
        found = self.state["done"].get("reinforcement", {}).get("found")
        return bool(found and found["kept"])

    @property
    def _scores_path(self) -> Path:
        return self.plan.out / "scores.jsonl"

    def _scores(self) -> list[Score]:
        return manifest.read_scores(self._scores_path)

    def _indented(self, text: str) -> None:
        self.say("\n".join(f"  {line}" for line in text.split("\n")))

    def _save(self) -> None:
        aside = self.path.with_suffix(".tmp")
        aside.write_text(json.dumps(self.state, indent=1) + "\n", encoding="utf-8")
        aside.replace(self.path)


def _read(path: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: cannot be read ({error!s:.80}). Choose another --out.") from None
    return state
