"""TRL: supervised training and reinforcement learning of Qwen2 and Qwen3 models of any size.

`SFTTrainer` and `GRPOTrainer` do the work, on one process or under `accelerate launch` on many. Ours are
the rows, the reward and a preset for reasoning; every setting of theirs can be changed. Nothing is sent
anywhere: no telemetry, no reports, no look at the hub once the model is here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mull.errors import MullError
from mull.model.checkpoint import Checkpoint
from mull.tasks import scorer
from mull.train.adapters.rows import Selection

TURN_END = "<|im_end|>"  # of ChatML; base models of Qwen have the template but another end of text
THINK = "<think>"

Settings = dict[str, Any]


class TrlError(MullError):
    """A run with TRL that cannot start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run. `settings` are fields of TRL's SFTConfig or GRPOConfig, and win over the preset."""

    out: Path
    steps: int
    selection: Selection
    model: str | None = None  # folder or hub name; None: the embedded model
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Machine:
    """What a preset depends on."""

    gpu: bool
    bf16: bool  # the GPU computes with it
    vllm: bool  # is installed

    @classmethod
    def probe(cls) -> Machine:
        import torch

        gpu = torch.cuda.is_available()
        return cls(gpu, gpu and torch.cuda.is_bf16_supported(), find_spec("vllm") is not None)


def preset(stage: str, plan: Plan, machine: Machine) -> Settings:
    """The settings of a stage, "sft" or "rl", before the user's own."""
    common = dict(
        output_dir=str(plan.out),
        max_steps=plan.steps,
        seed=plan.seed,
        warmup_steps=plan.steps // 30,
        save_steps=100,
        save_total_limit=2,
        report_to="none",
        use_cpu=not machine.gpu,
        bf16=machine.bf16,
        gradient_checkpointing=machine.gpu,
        per_device_train_batch_size=4,
    )
    if stage == "sft":
        return common | dict(
            learning_rate=1e-5,
            lr_scheduler_type="cosine",
            gradient_accumulation_steps=4,
            max_length=4096,
            logging_steps=10,
        )
    return common | dict(
        # Dr. GRPO (arXiv 2503.20783): no division by the group's deviation, none by a chain's own length.
        loss_type="dr_grpo",
        scale_rewards="none",
        beta=0.0,
        # DAPO (arXiv 2503.14476): the wider upper clip; chains that were cut off teach nothing.
        epsilon=0.2,
        epsilon_high=0.28,
        mask_truncated_completions=True,
        num_generations=16,
        max_completion_length=4096,
        learning_rate=1e-6,
        gradient_accumulation_steps=16,
        use_vllm=machine.gpu and machine.vllm,
        vllm_mode="colocate",
        logging_steps=1,
    )


def sft(plan: Plan, resume: bool = False) -> Path:
    """Train on the worked thoughts. Returns the folder of the model."""
    folder = _prepare(plan, resume)
    from trl import SFTConfig, SFTTrainer

    tokenizer = _tokenizer(folder)
    config = _config(
        SFTConfig, preset("sft", plan, Machine.probe()) | {"eos_token": tokenizer.eos_token}, plan
    )
    trainer = SFTTrainer(
        model=str(folder),
        args=config,
        train_dataset=_dataset(plan, ("prompt", "completion")),
        processing_class=tokenizer,
    )
    return _finish(trainer, plan, resume)


def rl(plan: Plan, resume: bool = False) -> Path:
    """Reinforcement learning with the scorer as the only reward. Returns the folder of the model."""
    folder = _prepare(plan, resume)
    from trl import GRPOConfig, GRPOTrainer

    tokenizer = _tokenizer(folder)
    trainer = GRPOTrainer(
        model=str(folder),
        reward_funcs=reward(tokenizer),
        args=_config(GRPOConfig, preset("rl", plan, Machine.probe()), plan),
        train_dataset=_dataset(plan, ("prompt", "truth")),
        processing_class=tokenizer,
    )
    return _finish(trainer, plan, resume)


def reward(tokenizer: Any) -> Callable[..., list[float]]:
    """The scorer as TRL calls it: 1.0 for a right answer of a chain that ended, else 0.0.

    It decodes the ids itself: TRL's own text lacks the tokens that a tokenizer calls special, among them
    the embedded model's tags around its thoughts. Thoughts that the prompt opened must have been closed.
    """
    ends = {tokenizer.eos_token_id, tokenizer.pad_token_id}
    asked = [dict(role="user", content="")]
    prompt = tokenizer.apply_chat_template(asked, add_generation_prompt=True, tokenize=False)
    opened = THINK if prompt.rstrip().endswith(THINK) else ""

    def right(*, completion_ids: Sequence[Sequence[int]], truth: Sequence[str], **_: Any) -> list[float]:
        return [
            scorer.compute_score(solution_str=opened + tokenizer.decode(ids[:-1]), ground_truth=each)
            if ids and ids[-1] in ends
            else 0.0
            for ids, each in zip(completion_ids, truth, strict=True)
        ]

    return right


def _prepare(plan: Plan, resume: bool) -> Path:
    """The model's folder, fetched if it is a hub name; the process made quiet before TRL is imported."""
    if any(plan.out.glob("checkpoint-*")) != resume:
        raise TrlError(
            f"{plan.out}: there is no saved run to continue."
            if resume
            else f"{plan.out}: a run is there. Continue it with --resume, or choose another --out."
        )
    for name in ("HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
        os.environ.setdefault(name, "1")
    if missing := [name for name in ("torch", "trl", "datasets", "accelerate") if find_spec(name) is None]:
        raise TrlError(f"--backend trl needs {', '.join(missing)}: pip install 'mull[trl]'")
    folder = Checkpoint.open(plan.model).folder
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    return folder


def _tokenizer(folder: Path) -> Any:
    # Not AutoTokenizer: for Qwen2 it exchanges what tokenizer.json says for what it thinks Qwen2 has.
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    if not tokenizer.chat_template:
        raise TrlError(f"{folder}: has no chat template. Begin with a chat (instruct) model.")
    if TURN_END in tokenizer.chat_template and TURN_END in tokenizer.get_vocab():
        tokenizer.eos_token = TURN_END
    return tokenizer


def _config(kind: type, settings: Settings, plan: Plan) -> Any:
    known = [each.name for each in fields(kind)]
    for name in plan.settings:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            raise TrlError(f"{kind.__name__} has no setting {name!r}{f': {near[0]}?' if near else '.'}")
    try:
        return kind(**settings | dict(plan.settings))
    except (ValueError, TypeError) as error:
        raise TrlError(f"{kind.__name__}: {' '.join(str(error).split())}") from None


def _dataset(plan: Plan, columns: Sequence[str]) -> Any:
    from datasets import Dataset

    found = plan.selection.rows("train")
    return Dataset.from_list([{name: row[name] for name in columns} for row in found])


def _finish(trainer: Any, plan: Plan, resume: bool) -> Path:
    trainer.train(resume_from_checkpoint=resume)
    trainer.save_model(str(plan.out / "model"))
    trainer.accelerator.wait_for_everyone()
    return plan.out / "model"
