"""verl 0.9.1 reads what we write for it: its own config, data set, reward loader and reward manager.

`make test-verl` runs this in an environment of its own: verl pins other versions than we do.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from mull.model.checkpoint import Checkpoint
from mull.train.adapters import verl as adapter
from mull.train.adapters.rows import Selection
from tests.train.adapters.test_rows import launched

pytest.importorskip("verl")
pytestmark = pytest.mark.verl

SELECTION = Selection.parse((), "1,2,3", 12, bare=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return adapter.export(SELECTION, 6, tmp_path_factory.mktemp("verl"))


def composed(arguments: list[str]) -> Any:
    from hydra import compose, initialize_config_module

    with initialize_config_module("verl.trainer.config", version_base=None):
        return compose("ppo_trainer", overrides=arguments)


@pytest.fixture(scope="module")
def config(folder: Path) -> Any:
    command = launched(folder, "1")
    assert command[:2] == ["-m", "verl.trainer.main_ppo"]
    return composed(command[2:])


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast.from_pretrained(Checkpoint.open().folder)


@pytest.mark.parametrize(("nodes", "gpus"), [("1", 8), ("8", 64)])
def test_the_launch_command_passes_verls_own_checks(tmp_path: Path, nodes: str, gpus: int) -> None:
    from verl.trainer.ppo.utils import need_critic, need_reference_policy
    from verl.utils.config import omega_conf_to_dataclass, validate_config

    config = composed(launched(adapter.export(SELECTION, 1, tmp_path), nodes)[2:])
    validate_config(config, need_reference_policy(config), need_critic(config))
    actor = omega_conf_to_dataclass(config.actor_rollout_ref.actor)
    assert config.trainer.n_gpus_per_node * config.trainer.nnodes == gpus
    assert (actor.clip_ratio_low, actor.clip_ratio_high, actor.use_kl_loss) == (0.2, 0.28, False)
    assert actor.loss_agg_mode == "seq-mean-token-sum-norm"
    assert actor.loss_scale_factor == config.data.max_response_length
    assert not config.algorithm.norm_adv_by_std_in_grpo


def test_the_rows_are_read_by_verls_data_set(folder: Path, config: Any, tokenizer: Any) -> None:
    from verl.utils.dataset.rl_dataset import RLHFDataset

    found = RLHFDataset(str(folder / "train.parquet"), tokenizer, config.data)
    assert len(found) == json.loads((folder / "manifest.json").read_text())["rows"]["train"]
    assert found[0]["reward_model"]["style"] == "rule"
    assert found[0]["raw_prompt"][0]["role"] == "user"


def test_the_reward_is_loaded_and_called_by_verl(config: Any, tokenizer: Any) -> None:
    """Its reward manager decodes the ids and scores them: every right answer 1, every other 0."""
    import numpy as np
    import torch
    from tensordict import TensorDict
    from verl import DataProto
    from verl.trainer.ppo.reward import get_custom_reward_fn, load_reward_manager

    assert get_custom_reward_fn(config) is not None
    manager = load_reward_manager(config, tokenizer)

    def scored(text: str, row: dict[str, Any]) -> float:
        ids = torch.tensor([tokenizer.encode(f"{text}<|im_end|>")])
        given = adapter.convert(row)
        given = {name: given[name] for name in ("data_source", "reward_model", "extra_info")}
        other = {name: np.array([value], dtype=object) for name, value in given.items()}
        batch = TensorDict(dict(responses=ids, attention_mask=torch.ones_like(ids)), batch_size=1)
        data = DataProto(batch=batch, non_tensor_batch=other)
        found = manager.loop.run_until_complete(manager.run_single(data))
        assert found["reward_extra_info"]["acc"] == found["reward_score"]
        return float(found["reward_score"])

    rows = SELECTION.rows("test")
    assert len({json.loads(row["truth"])["form"] for row in rows}) > 1
    for row in rows:
        answer = row["completion"][0]["content"].rpartition("</think>")[2]
        assert scored(answer, row) == 1
        assert scored(answer.replace("\\boxed{", "\\boxed{no "), row) == 0
