"""Rejection-sampling fine-tuning: what reinforcement learning has to beat in the same time.

A step samples chains of many problems, keeps right ones of those that are sometimes solved (the
shortest, no two alike), and trains on them once as in supervised training. STaR (Zelikman et
al. 2022, arXiv 2203.14465) without hints; RFT (Yuan et al. 2023, arXiv 2308.01825) in rounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import torch

from mull.engine.sampling import mix
from mull.train import online
from mull.train.data import Batch, by_length, collate
from mull.train.online import AT_ONCE, Record, figures, pass_rate
from mull.train.rollout import Episode, Group, rollout, sampler


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(online.Plan):
    problems: int = 32  # sampled in one step
    between: tuple[float, float] = (0.2, 0.8)  # pass rates of the problems that are learned from
    keep: int = 4  # right chains of a problem
    batch: int = 3072  # tokens of one update, padding included


class Run(online.Run):
    plan: Plan

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.plan = plan

    def learn(self) -> Record:
        plan = self.plan
        seed = mix(plan.seed, self.step)
        with sampler(self.model, self.checkpoint, AT_ONCE, plan.limit) as engine:
            problems = self.curriculum.draw(plan.problems)
            groups = rollout(engine, problems, plan.samples, plan.limit, seed)
        for group in groups:
            self.curriculum.learn(group[0].problem, pass_rate(group))
        low, high = plan.between
        kept = [e for group in groups if low <= pass_rate(group) <= high for e in best(group, plan.keep)]
        batches = by_length(kept, len, plan.batch)
        Random(seed).shuffle(batches)
        norms = [self._update(collate([episode.sample for episode in batch])) for batch in batches]
        return dict(**figures(groups), learned=len(kept), norm=max(norms, default=0.0))

    def _update(self, batch: Batch) -> float:
        self.optimizer.zero_grad()
        self.model.losses(batch.ids, batch.learn).mean().backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.plan.clip)
        self.optimizer.step()
        return norm.item()


def best(group: Group, keep: int) -> list[Episode]:
    """The `keep` shortest right chains, no two alike."""
    right = {tuple(episode.completion): episode for episode in group if episode.reward}
    return sorted(right.values(), key=lambda episode: (len(episode.completion), episode.completion))[:keep]
