"""The TRL backend as far as it goes without TRL: presets, the reward, options, messages."""

import json
import sys
from dataclasses import dataclass, fields
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner
from transformers import PreTrainedTokenizerFast

from mull import tasks
from mull.cli.train import train
from mull.errors import MullError
from mull.model.checkpoint import Checkpoint
from mull.train.adapters import trl
from mull.train.adapters.rows import Selection, row
from mull.train.adapters.trl import Machine, Plan, TrlError, preset

CPU = Machine(gpu=False, bf16=False, vllm=False)
GPU = Machine(gpu=True, bf16=True, vllm=True)


def plan(out: Path = Path("out"), **more: object) -> Plan:
    selection = Selection.parse(("addition",), "1", 4, bare=True)
    return Plan(out=out, steps=30, selection=selection, **more)  # type: ignore[arg-type]


def test_rl_is_dr_grpo_with_the_upper_clip_of_dapo() -> None:
    found = preset("rl", plan(), GPU)
    expected = dict(
        loss_type="dr_grpo",
        scale_rewards="none",
        beta=0.0,
        epsilon=0.2,
        epsilon_high=0.28,
        mask_truncated_completions=True,
    )
    assert found | expected == found


@pytest.mark.parametrize("stage", ["sft", "rl"])
def test_the_machine_decides_precision_memory_and_sampler(stage: str) -> None:
    cpu, gpu = (preset(stage, plan(), machine) for machine in (CPU, GPU))
    assert (cpu["use_cpu"], cpu["bf16"], cpu["gradient_checkpointing"]) == (True, False, False)
    assert (gpu["use_cpu"], gpu["bf16"], gpu["gradient_checkpointing"]) == (False, True, True)
    assert cpu["report_to"] == gpu["report_to"] == "none"
    if stage == "rl":
        assert (cpu["use_vllm"], gpu["use_vllm"]) == (False, True)


@pytest.mark.parametrize("processes", [1, 2, 8, 64])
def test_a_batch_holds_whole_groups(processes: int) -> None:
    found = preset("rl", plan(), GPU)
    chains = found["per_device_train_batch_size"] * found["gradient_accumulation_steps"] * processes
    assert chains % found["num_generations"] == 0


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast.from_pretrained(Checkpoint.open().folder)


def test_the_reward_is_for_chains_that_ended_with_a_right_answer(tokenizer: PreTrainedTokenizerFast) -> None:
    problem = tasks.get("addition").problem("train", 1, 0)
    asked = row(problem)
    right = asked["completion"][0]["content"].removeprefix("<think>\n")
    inside = right.partition("\n</think>")[0] + f"\n{tasks.final(problem)}"  # never left its thoughts
    texts = {
        f"{right}<|im_end|>": 1.0,
        right: 0.0,
        f"{inside}<|im_end|>": 0.0,
        f"{right.replace(problem.answer, 'many')}<|im_end|>": 0.0,
        "": 0.0,
    }
    ids = [tokenizer.encode(text) for text in texts]
    found = trl.reward(tokenizer)(completion_ids=ids, truth=[asked["truth"]] * len(ids), prompts=None)
    assert found == [*texts.values()]


def written(folder: Path, **changes: object) -> Path:
    """The embedded model's tokenizer with another configuration."""
    source = Checkpoint.open().folder
    (folder / "tokenizer.json").write_bytes((source / "tokenizer.json").read_bytes())
    settings = json.loads((source / "tokenizer_config.json").read_text()) | changes
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def test_a_base_models_turn_ends_where_its_template_ends_it(tmp_path: Path) -> None:
    assert trl._tokenizer(written(tmp_path, eos_token="<|endoftext|>")).eos_token == "<|im_end|>"


def test_a_model_without_a_template_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrlError, match="has no chat template"):
        trl._tokenizer(written(tmp_path, chat_template=None))


def test_an_answer_needs_no_thoughts_where_the_prompt_opens_none(tmp_path: Path) -> None:
    template = "{{ '<|im_start|>user\n' + messages[0]['content'] + '<|im_end|>\n<|im_start|>assistant\n' }}"
    tokenizer = trl._tokenizer(written(tmp_path, chat_template=template))
    problem = tasks.get("addition").problem("train", 1, 0)
    ids = tokenizer.encode(f"{tasks.final(problem)}<|im_end|>")
    assert trl.reward(tokenizer)(completion_ids=[ids], truth=[row(problem)["truth"]]) == [1.0]


@dataclass
class Config:
    learning_rate: float = 0.0
    max_steps: int = 0

    def __post_init__(self) -> None:
        if self.max_steps < 0:
            raise ValueError("max_steps:\n  below zero")


def test_settings_of_the_user_win_and_unknown_ones_are_named() -> None:
    wanted = plan(settings={"learning_rate": 2.0})
    assert trl._config(Config, {"learning_rate": 1.0, "max_steps": 5}, wanted) == Config(2.0, 5)
    with pytest.raises(TrlError, match=r"Config has no setting 'lerning_rate': learning_rate\?"):
        trl._config(Config, {}, plan(settings={"lerning_rate": 2.0}))
    with pytest.raises(TrlError, match="Config: max_steps: below zero"):
        trl._config(Config, {"max_steps": -1}, plan())
    assert {"max_steps", "seed"} <= set(preset("sft", plan(), CPU))
    assert [each.name for each in fields(Config)] == ["learning_rate", "max_steps"]


def test_what_must_be_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(trl, "find_spec", lambda name: None if name == "trl" else find_spec("json"))
    with pytest.raises(TrlError, match=r"needs trl: pip install 'mull\[trl\]'"):
        trl.rl(plan(tmp_path))
    assert "trl" not in sys.modules


def test_a_run_is_neither_overwritten_nor_made_up(tmp_path: Path) -> None:
    with pytest.raises(TrlError, match="no saved run to continue"):
        trl.sft(plan(tmp_path), resume=True)
    (tmp_path / "checkpoint-2").mkdir()
    with pytest.raises(TrlError, match="Continue it with --resume"):
        trl.sft(plan(tmp_path))


def test_the_backend_chooses_the_options() -> None:
    def options(*arguments: str) -> str:
        done = CliRunner().invoke(train, [*arguments, "--help"])
        assert done.exit_code == 0, done.output
        return done.output

    for arguments in (
        ("sft", "--backend", "trl"),
        ("rl", "--backend=trl"),
        ("sft", "--seed", "1", "--backend", "trl"),
    ):
        assert "--set NAME=VALUE" in options(*arguments)
    for arguments in (("sft",), ("sft", "--backend", "mull"), ("sft", "--backend=mull")):
        assert "--set NAME=VALUE" not in options(*arguments)
    refused = CliRunner().invoke(train, ["sft", "--backend", "nano", "--out", "x"])
    assert refused.exit_code == 2
    assert "'nano' is not one of 'mull', 'trl'" in refused.output


def test_options_reach_the_plan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[Plan] = []
    monkeypatch.setattr(trl, "rl", lambda plan, _: seen.append(plan) or plan.out / "model")
    arguments = ["rl", "--backend", "trl", "--out", str(tmp_path), "--steps", "3", "--family", "knights"]
    arguments += [
        "--levels",
        "2,3",
        "--set",
        "learning_rate=2e-6",
        "--set",
        "vllm_mode=server",
        "--count",
        "7",
    ]
    done = CliRunner().invoke(train, arguments)
    assert done.exit_code == 0, done.output
    assert f"the model is in {tmp_path / 'model'}" in done.output
    selection = Selection(families=("knights",), levels=(2, 3), count=7, bare=True)
    settings = {"learning_rate": 2e-6, "vllm_mode": "server"}
    assert seen == [Plan(out=tmp_path, steps=3, selection=selection, settings=settings)]


def test_a_setting_without_a_value_is_refused() -> None:
    done = CliRunner().invoke(
        train, ["sft", "--backend", "trl", "--out", "x", "--steps", "1", "--set", "bf16"]
    )
    assert isinstance(done.exception, MullError)
    assert str(done.exception) == "--set bf16: write NAME=VALUE, for example learning_rate=2e-6"


@pytest.mark.parametrize("name", ["cpu", "fsdp2", "zero3"])
def test_configurations_are_found(name: str) -> None:
    done = CliRunner().invoke(train, ["config", name])
    assert Path(done.output.strip()).read_text().startswith("# accelerate launch")
