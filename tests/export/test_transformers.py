"""An exported folder answers in transformers as it does here: same prompt ids, same greedy tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from mull.export.folder import to_folder
from mull.model.checkpoint import EMBEDDED, Checkpoint
from mull.tasks import Problem
from tests.export.agreement import NEAR_TIE, Written, ours, partings, problems
from tests.export.conftest import SHAPES, Make

AT_ONCE = 12


def theirs(folder: Path, asked: Sequence[Problem], limit: int) -> list[Written]:
    """What transformers writes, from the question's text on, with its own tokenizer and chat template."""
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ends = set(model.generation_config.eos_token_id)
    found = []
    for start in range(0, len(asked), AT_ONCE):
        chats = [[{"role": "user", "content": one.question}] for one in asked[start : start + AT_ONCE]]
        settings = dict(return_dict=True, return_tensors="pt", padding=True)
        inputs = tokenizer.apply_chat_template(chats, add_generation_prompt=True, **settings)
        out = model.generate(**inputs, max_new_tokens=limit, do_sample=False)
        width = inputs["input_ids"].shape[1]
        for ids, mask, row in zip(inputs["input_ids"], inputs["attention_mask"], out, strict=True):
            new = row[width:].tolist()
            end = next((k + 1 for k, id in enumerate(new) if id in ends), len(new))
            found.append(Written(ids[mask.bool()].tolist(), new[:end]))
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_random_checkpoints(make: Make, shape: str, tmp_path: Path) -> None:
    source = make(shape)
    folder = to_folder(Checkpoint.open(source), tmp_path / "hf", "f32")
    asked = problems(6)
    assert partings(source, ours(source, asked, 24), theirs(folder, asked, 24)) == []


@pytest.mark.parametrize("count", [12, pytest.param(108, marks=pytest.mark.slow)])
def test_the_embedded_model(count: int, tmp_path: Path) -> None:
    folder = to_folder(Checkpoint.open(), tmp_path / "hf", "f32")
    asked = problems(count)
    margins = partings(EMBEDDED, ours(EMBEDDED, asked, 640), theirs(folder, asked, 640))
    assert all(margin <= NEAR_TIE for margin in margins), margins
