"""Our loss for reinforcement learning and TRL's, on the same recorded chains: one number, one gradient.

Chains are sampled by our engine. TRL gets them through its `rollout_func` and does everything else itself:
rewards, advantages, masks, log-probabilities, clipping, the sum.
"""

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
from torch import Tensor

from mull import tasks
from mull.model.checkpoint import Checkpoint
from mull.train.adapters import trl as adapter
from mull.train.adapters.rows import Selection, row
from mull.train.adapters.trl import Machine, Plan, preset
from mull.train.online import load
from mull.train.rl import advantages, logprobs, padded, rl_loss
from mull.train.rollout import Episode, Group, rollout, sampler

pytest.importorskip("trl")
pytestmark = pytest.mark.trl

GROUPS, SAMPLES, LIMIT = 3, 4, 200


@pytest.fixture(scope="module")
def recorded() -> list[Group]:
    """Groups with right and wrong chains, one chain of each cut off before its end."""
    checkpoint = Checkpoint.open()
    problems = [tasks.get(name).problem("train", 2, index) for index in range(8) for name in tasks.names()]
    with sampler(load(checkpoint), checkpoint, 64, LIMIT) as engine:
        found = rollout(engine, problems, SAMPLES, LIMIT, seed=3)
    groups = [[cut(group[0]), *group[1:]] for group in found]
    return [group for group in groups if 0 < sum(each.reward for each in group) < SAMPLES - 1][:GROUPS]


def cut(episode: Episode, tokens: int = 7) -> Episode:
    return replace(
        episode,
        completion=episode.completion[:-tokens],
        logprobs=episode.logprobs[:-tokens],
        reward=0.0,
        ended=False,
    )


def theirs(groups: list[Group], out: Path) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Loss, advantages and gradients as TRL has them."""
    from trl import GRPOConfig, GRPOTrainer

    chains = [each for group in groups for each in group]
    plan = Plan(out=out, steps=1, selection=Selection(families=("remainders",), levels=(2,), count=1))
    settings = preset("rl", plan, Machine(gpu=False, bf16=False, vllm=False)) | dict(
        num_generations=SAMPLES,
        per_device_train_batch_size=len(chains),
        gradient_accumulation_steps=1,
        max_completion_length=LIMIT,
    )

    def replay(*_: Any) -> dict[str, Any]:
        return dict(
            prompt_ids=[each.prompt for each in chains],
            completion_ids=[each.completion for each in chains],
            logprobs=None,
        )

    folder = Checkpoint.open().folder
    tokenizer = adapter._tokenizer(folder)
    inputs = [{name: row(each.problem, bare=True)[name] for name in ("prompt", "truth")} for each in chains]
    trainer = GRPOTrainer(
        model=str(folder),
        reward_funcs=adapter.reward(tokenizer),
        args=GRPOConfig(**settings),
        train_dataset=adapter._dataset(plan, ("prompt", "truth")),
        processing_class=tokenizer,
        rollout_func=replay,
    )
    trainer.model.train()
    trainer.current_gradient_accumulation_steps = 1
    batch = trainer._generate_and_score_completions(inputs)
    old = batch["old_per_token_logps"] = torch.zeros(batch["completion_ids"].shape)
    for number, each in enumerate(chains):
        old[number, : len(each.completion)] = torch.tensor(each.logprobs)
    loss = trainer._compute_loss(trainer.model, batch)
    loss.backward()
    gradients = {name: weight.grad for name, weight in trainer.model.named_parameters()}
    return loss.detach(), batch["advantages"], gradients


def ours(groups: list[Group]) -> tuple[Tensor, dict[str, Tensor]]:
    """Loss and gradients as our trainer has them."""
    model = load(Checkpoint.open())
    pairs = [pair for group in groups for pair in zip(group, advantages(group), strict=True)]
    batch = padded([(episode, gain) for episode, gain in pairs if episode.ended])
    loss = rl_loss(
        logprobs(model, batch.ids, batch.learn),
        batch.sampler_logprobs,
        batch.advantages,
        batch.learn[:, 1:],
        constant=GROUPS * SAMPLES * LIMIT,
    )
    loss.backward()
    return loss.detach(), {name: weight.grad for name, weight in model.named_parameters()}


@pytest.mark.parametrize("spread", [0.0, 0.3], ids=["on policy", "off policy, clipped"])
def test_the_same_loss_and_the_same_gradient(recorded: list[Group], spread: float, tmp_path: Path) -> None:
    """`spread` is how far, in the mean, the sampler is made to have been from the model that learns."""
    rng = Random(0)
    groups = [
        [replace(each, logprobs=[rng.gauss(value, spread) for value in each.logprobs]) for each in group]
        for group in recorded
    ]
    their_loss, their_advantages, their_gradients = theirs(groups, tmp_path)
    our_loss, our_gradients = ours(groups)
    expected = [gain for group in groups for gain in advantages(group)]
    assert their_advantages.tolist() == pytest.approx(expected)
    assert our_loss.item() == pytest.approx(their_loss.item(), abs=1e-5)
    assert our_gradients.keys() == their_gradients.keys()
    mine, wanted = (
        torch.cat([found[name].flatten() for name in their_gradients])
        for found in (our_gradients, their_gradients)
    )
    assert (mine - wanted).abs().max() <= 1e-5
    assert (mine - wanted).norm() <= 1e-4 * wanted.norm()  # both are float32
