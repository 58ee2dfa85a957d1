"""Reinforcement learning with verifiable rewards: Dr. GRPO (Liu et al. 2025, arXiv 2503.20783).

A step samples groups of chains with the weights as they are, gives each chain its reward minus the
mean of its group, and changes the weights once. No reference model, no value network. What Dr. GRPO
leaves out of GRPO on purpose: the division by the group's standard deviation, which favours
problems that are nearly always or nearly never solved, and the division by a chain's own length,
which makes wrong answers long.

From DAPO (Yu et al. 2025, arXiv 2503.14476): groups that are all right or all wrong teach nothing and are
replaced by others; chains cut off at the limit are left out of the loss, since they may have been
right; and where one batch is used more than once, the upper clip is the wider one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from mull.engine import LocalEngine
from mull.engine.sampling import mix
from mull.train import online
from mull.train.data import by_length, collate
from mull.train.model import Qwen2
from mull.train.online import AT_ONCE, Record, figures, pass_rate
from mull.train.rollout import Episode, Group, rollout, sampler


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(online.Plan):
    groups: int = 16  # with a signal, in one batch
    most: int = 48  # groups sampled for a batch before it is taken as it is
    updates: int = 1  # of the weights with the same batch
    clip_low: float = 0.2
    clip_high: float = 0.28
    mask_truncated: bool = True  # False: a chain that was cut off is wrong
    micro: int = 6144  # tokens of one forward and backward pass, padding included


class Run(online.Run):
    plan: Plan

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.plan = plan

    def learn(self) -> Record:
        plan = self.plan
        with sampler(
            self.model, self.checkpoint, min(plan.groups * plan.samples, AT_ONCE), plan.limit
        ) as engine:
            groups = self.collect(engine)
        learned = [
            (episode, advantage)
            for group in groups
            for episode, advantage in zip(group, advantages(group), strict=True)
            if advantage and (episode.ended or not plan.mask_truncated)
        ]
        norm = 0.0
        for _ in range(plan.updates if learned else 0):
            norm = update(self.model, self.optimizer, learned, plan)
        return dict(**figures(groups), learned=len(learned), norm=norm)

    def collect(self, engine: LocalEngine) -> list[Group]:
        """Sample until enough groups carry a signal, or `plan.most` are there. Returns all of them."""
        plan, groups = self.plan, list[Group]()
        while missing := plan.groups - sum(0 < pass_rate(group) < 1 for group in groups):
            problems = self.curriculum.draw(min(missing, plan.most - len(groups)))
            if not problems:
                break
            seed = mix(plan.seed, self.step, len(groups))
            found = rollout(engine, problems, plan.samples, plan.limit, seed)
            for group in found:
                self.curriculum.learn(group[0].problem, pass_rate(group))
            groups += found
        return groups


def advantages(group: Group) -> list[float]:
    """Each chain's reward minus the mean of its group."""
    mean = pass_rate(group)
    return [episode.reward - mean for episode in group]


def rl_loss(
    logprobs: Tensor,
    sampler_logprobs: Tensor,
    advantages: Tensor,
    mask: Tensor,
    *,
    constant: float,
    clip_low: float = 0.2,
    clip_high: float = 0.28,
) -> Tensor:
    """Dr. GRPO's loss: the clipped policy gradient, summed over tokens, over a constant.

        - 1 / constant  *  sum over tokens with mask of
              min(ratio * A, clip(ratio, 1 - clip_low, 1 + clip_high) * A)
        ratio = exp(logprobs - sampler_logprobs)

    logprobs, sampler_logprobs, mask (bool) `[chains, time]`; advantages A `[chains]`. Returns a scalar.

    Liu et al. 2025, arXiv 2503.20783, equation 3 and listing 1, with the two clips of DAPO (arXiv
    2503.14476, equation 8). The constant is there chains times the most tokens of a chain. With one
    update per batch the ratio is 1, nothing is clipped, and the gradient is that of - A * logprob.
    """
    ratio = torch.exp(logprobs - sampler_logprobs)
    clipped = ratio.clamp(1 - clip_low, 1 + clip_high)
    gains = advantages[:, None]
    return -torch.minimum(ratio * gains, clipped * gains)[mask].sum() / constant


class MicroBatch(NamedTuple):
    """Some episodes, padded on the right. All but `advantages` `[episodes, time]`."""

    ids: Tensor
    learn: Tensor
    sampler_logprobs: Tensor  # of ids from the second on
    advantages: Tensor


def update(
    model: Qwen2, optimizer: torch.optim.Optimizer, learned: Sequence[tuple[Episode, float]], plan: Plan
) -> float:
    """One step of the optimizer on episodes with their advantages. Returns the norm of the gradient."""
    optimizer.zero_grad()
    for pairs in by_length(learned, lambda pair: len(pair[0]), plan.micro):
        batch = padded(pairs)
        loss = rl_loss(
            logprobs(model, batch.ids, batch.learn),
            batch.sampler_logprobs,
            batch.advantages,
            batch.learn[:, 1:],
            constant=plan.groups * plan.samples * plan.limit,
            clip_low=plan.clip_low,
            clip_high=plan.clip_high,
        )
        loss.backward()  # type: ignore[no-untyped-call]
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), plan.clip)
    optimizer.step()
    return norm.item()


def logprobs(model: Qwen2, ids: Tensor, learn: Tensor) -> Tensor:
    """Log-probability of each id from the second on, where it is learned; 0 elsewhere."""
    wanted = learn[:, 1:]
    return torch.zeros(wanted.shape).masked_scatter(wanted, -model.losses(ids, learn))


def padded(learned: Sequence[tuple[Episode, float]]) -> MicroBatch:
    """Episodes and their advantages as tensors."""
    batch = collate([episode.sample for episode, _ in learned])
    recorded = torch.zeros(batch.learn[:, 1:].shape)
    for row, (episode, _) in enumerate(learned):
        recorded[row, len(episode.prompt) - 1 : len(episode) - 1] = torch.tensor(episode.logprobs)
    return MicroBatch(batch.ids, batch.learn, recorded, torch.tensor([gain for _, gain in learned]))
