"""An exported GGUF answers in llama.cpp as it does here: same prompt ids, same greedy tokens.

llama.cpp is built from source: `make test-peers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mull.export.gguf import to_gguf
from mull.model.checkpoint import EMBEDDED, Checkpoint
from mull.tasks import Problem
from tests.export.agreement import NEAR_TIE, Written, ours, partings, problems
from tests.export.conftest import SHAPES, Make

pytestmark = pytest.mark.peers

F32 = 0  # ggml's number of the type


def load(path: Path) -> Any:
    """With keys and values in float32: llama.cpp's default of float16 is no float32 run."""
    llama_cpp = pytest.importorskip("llama_cpp")

    floats = dict(type_k=F32, type_v=F32, flash_attn=False)
    return llama_cpp.Llama(str(path), n_ctx=1024, n_threads=1, logits_all=True, verbose=False, **floats)


def prompt_of(llama: Any, question: str) -> list[int]:
    """By llama.cpp's tokenizer and the chat template in the file."""
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    template = llama.metadata["tokenizer.chat_template"]
    formatter = Jinja2ChatFormatter(template, eos_token="<|im_end|>", bos_token="")
    text = formatter(messages=[{"role": "user", "content": question}]).prompt
    ids: list[int] = llama.tokenize(text.encode(), add_bos=False, special=True)
    return ids


def theirs(path: Path, asked: Sequence[Problem], limit: int) -> list[Written]:
    """What llama.cpp writes, from the question's text on, to where it thinks the turn ends."""
    llama = load(path)
    import llama_cpp

    vocabulary = llama_cpp.llama_model_get_vocab(llama._model.model)
    found = []
    for problem in asked:
        prompt, new = prompt_of(llama, problem.question), list[int]()
        for id in llama.generate(prompt, temp=0.0, repeat_penalty=1.0):
            new.append(id)
            if llama_cpp.llama_vocab_is_eog(vocabulary, id) or len(new) == limit:
                break
        found.append(Written(prompt, new))
    llama.close()
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_random_checkpoints(make: Make, shape: str, tmp_path: Path) -> None:
    source = make(shape)
    path = to_gguf(Checkpoint.open(source), tmp_path / "model.gguf", "f32")
    asked = problems(6)
    margins = partings(source, ours(source, asked, 24), theirs(path, asked, 24))
    assert all(margin <= NEAR_TIE for margin in margins), margins


@pytest.mark.parametrize("dtype", ["f16", "bf16", "q8_0"])
def test_shorter_numbers_say_nearly_the_same(make: Make, dtype: Any, tmp_path: Path) -> None:
    """The logits of a prompt, over all of them: what rounding the weights does, and nothing wrong beside."""
    source = make("qwen2")
    whole = to_gguf(Checkpoint.open(source), tmp_path / "f32.gguf", "f32")
    short = to_gguf(Checkpoint.open(source), tmp_path / "short.gguf", dtype)
    assert short.stat().st_size < 0.75 * whole.stat().st_size
    (question,) = problems(1)
    logits = []
    for path in (whole, short):
        llama = load(path)
        llama.eval(prompt_of(llama, question.question))
        logits.append(np.array(llama.scores[llama.n_tokens - 1]))
        llama.close()
    assert np.corrcoef(*logits)[0, 1] > 0.999


@pytest.mark.parametrize("text", ["It's 12*13 = 156.\n\n", "[7,8,11] \\boxed{3}\n  x", "naïve 思考 😀\t"])
def test_text_becomes_the_same_ids(make: Make, text: str, tmp_path: Path) -> None:
    source = Checkpoint.open(make("qwen2"))
    llama = load(to_gguf(source, tmp_path / "model.gguf", "f32"))
    assert llama.tokenize(text.encode(), add_bos=False, special=False) == source.tokenizer.encode(text)
    llama.close()


def test_the_embedded_model(tmp_path: Path) -> None:
    path = to_gguf(Checkpoint.open(), tmp_path / "embedded.gguf", "f32")
    asked = problems(108)
    margins = partings(EMBEDDED, ours(EMBEDDED, asked, 640), theirs(path, asked, 640))
    assert all(margin <= NEAR_TIE for margin in margins), margins
