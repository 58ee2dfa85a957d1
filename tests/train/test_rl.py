"""The loss of Dr. GRPO, its advantages, and what a step does and does not change."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from mull import tasks
from mull.model.checkpoint import Checkpoint
from mull.train import rl
from mull.train.reject import best
from mull.train.rl import advantages, logprobs, padded, rl_loss
from mull.train.rollout import Episode, reward, rollout, sampler
from tests.train.toys import begin, brief, tiny

PROBLEM = tasks.get("addition").problem("train", 1, 0)


def episode(reward: float, completion: tuple[int, ...] = (3, 4), ended: bool = True) -> Episode:
    return Episode(PROBLEM, [1, 2], list(completion), [-1.0] * len(completion), "", reward, ended)


@pytest.fixture(scope="module")
def start(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny(tmp_path_factory.mktemp("start"), tokenizer)


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=32))
def test_advantages_of_a_group_cancel(rewards: list[float]) -> None:
    found = advantages([episode(each) for each in rewards])
    assert sum(found) == pytest.approx(0, abs=1e-9)
    if len(set(rewards)) == 1:
        assert set(found) == {0.0}


def test_the_loss_by_hand() -> None:
    """Ratios 1, 2 and 0.5; the mask takes one of them out, the clips at 0.8 and 1.28 hold the others."""
    sampled = torch.zeros(2, 3)
    now = torch.tensor([1.0, 2.0, 0.5]).log().repeat(2, 1)
    mask = torch.tensor([[True, True, True], [True, False, True]])
    loss = rl_loss(now, sampled, torch.tensor([0.75, -0.25]), mask, constant=10.0)
    right = 0.75 * (1 + 1.28 + 0.5)
    wrong = -0.25 * (1 + 0.8)
    assert loss.item() == pytest.approx(-(right + wrong) / 10)


def test_the_gradient_passes_only_where_the_mask_is_set_and_the_clip_is_not() -> None:
    sampled = torch.zeros(2, 3)
    now = torch.tensor([[0.0, 1.0, -1.0], [0.0, 1.0, -1.0]], requires_grad=True)
    mask = torch.tensor([[True, True, True], [True, True, True]])
    rl_loss(now, sampled, torch.tensor([1.0, -1.0]), mask, constant=1.0).backward()
    assert now.grad is not None
    assert (now.grad != 0).tolist() == [[True, False, True], [True, True, False]]
    now.grad = None
    mask[0, 0] = mask[1, 1] = False
    rl_loss(now, sampled, torch.tensor([1.0, -1.0]), mask, constant=1.0).backward()
    assert (now.grad != 0).tolist() == [[False, False, True], [True, False, False]]


def test_on_policy_the_gradient_is_that_of_reinforce() -> None:
    now = torch.randn(3, 5, generator=torch.Generator().manual_seed(0), requires_grad=True)
    gains, mask = torch.tensor([0.5, -0.25, -0.25]), torch.ones(3, 5, dtype=torch.bool)
    rl_loss(now, now.detach(), gains, mask, constant=7.0).backward()
    assert torch.allclose(now.grad, -gains[:, None].expand(3, 5) / 7)


def test_the_sampler_and_the_trainer_agree(start: Path) -> None:
    """Recorded and recomputed log-probabilities are within 1e-4 of each other (float32 both)."""
    checkpoint = Checkpoint.open(start)
    model = rl.online.load(checkpoint)
    problems = [tasks.get("countdown").problem("train", 1, index) for index in range(3)]
    with sampler(model, checkpoint, 12, 40) as engine:
        groups = rollout(engine, problems, 4, 40, seed=1)
    assert [len(group) for group in groups] == [4, 4, 4]
    episodes = [each for group in groups for each in group]
    batch = padded([(each, 1.0) for each in episodes])
    with torch.no_grad():
        found = logprobs(model, batch.ids, batch.learn)
    assert batch.learn.sum() == sum(len(each.completion) for each in episodes)
    assert (found - batch.sampler_logprobs).abs().max() < 1e-4
    assert found.min() < -1


def test_groups_are_alike_only_in_their_prompt(start: Path) -> None:
    checkpoint = Checkpoint.open(start)
    model = rl.online.load(checkpoint)
    with sampler(model, checkpoint, 8, 10) as engine:
        one, again, other = (rollout(engine, [PROBLEM], 4, 10, seed=seed)[0] for seed in (1, 1, 2))
    assert one == again
    assert len({tuple(each.completion) for each in (*one, *other)}) == 8
    assert len({tuple(each.prompt) for each in one}) == 1


def test_a_sampler_keeps_the_weights_it_was_made_from(start: Path) -> None:
    checkpoint = Checkpoint.open(start)
    model = rl.online.load(checkpoint)
    with sampler(model, checkpoint, 4, 10) as engine:
        before = rollout(engine, [PROBLEM], 2, 10, seed=1)
        with torch.no_grad():
            for weight in model.parameters():
                weight += 0.5
        assert rollout(engine, [PROBLEM], 2, 10, seed=1) == before


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_groups_without_signal_change_nothing(
    value: float, start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mull.train.rollout.reward", lambda *_: value)
    run = begin("rl", start, tmp_path, limit=60)  # every chain ends
    before = {name: weight.clone() for name, weight in run.model.state_dict().items()}
    record = run.advance()
    assert record["groups"] == 8  # replaced up to the bound
    assert record["with_signal"] == record["learned"] == 0
    assert all(torch.equal(weight, before[name]) for name, weight in run.model.state_dict().items())


@pytest.mark.parametrize("masked", [True, False])
def test_truncated_chains_are_counted_and_not_learned_from(
    masked: bool, start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mull.train.rollout.reward", brief)
    run = begin("rl", start, tmp_path, limit=2, mask_truncated=masked, groups=2, most=2)
    record = run.advance()
    assert 0 < record["truncated"] < 1
    chains = 2 * 8
    cut = round(record["truncated"] * chains)
    assert record["learned"] == (chains - cut if masked else chains)


def test_more_updates_with_one_batch_go_further(
    start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mull.train.rollout.reward", brief)
    runs = [begin("rl", start, tmp_path, updates=updates, rate=1e-3) for updates in (1, 3)]
    before = runs[0].model.lm_head.weight.clone()
    moved = []
    for run in runs:
        run.advance()
        moved.append((run.model.lm_head.weight - before).norm().item())
    assert 0 < moved[0] < moved[1]


def test_an_answer_counts_only_behind_closed_thoughts() -> None:
    answer = tasks.final(PROBLEM)
    assert reward(PROBLEM, f"1+1\n</think>\n\n{answer}") == 1.0
    assert reward(PROBLEM, f"1+1\n{answer}") == 0.0
    assert reward(PROBLEM, f"1+1\n</think>\n\n</think>{answer}") == 0.0
    assert reward(PROBLEM, "1+1\n</think>\n\nThe answer is \\boxed{-5}.") == 0.0


def test_what_rejection_sampling_keeps() -> None:
    group = [
        episode(1.0, (5, 6, 7)),
        episode(0.0, (5,)),
        episode(1.0, (5, 6, 7)),
        episode(1.0, (9, 9)),
        episode(1.0, (8, 8)),
    ]
    assert [each.completion for each in best(group, 2)] == [[8, 8], [9, 9]]
    assert [each.completion for each in best(group, 9)] == [[8, 8], [9, 9], [5, 6, 7]]
