"""The training network is transformers' Qwen2, and starts with the attention it is meant to have."""

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from mull.model.config import Config, Rope
from mull.train.export import CHAT_TEMPLATE, export
from mull.train.init import initialize
from mull.train.model import Qwen2, embedded_config, rotate
from mull.train.muon import Muon, orthogonalize


def small(vocab_size: int = 700) -> Config:
    return Config(
        architecture="qwen2",
        hidden_size=64,
        intermediate_size=96,
        num_layers=2,
        num_heads=4,
        num_kv_heads=2,
        head_dim=32,
        vocab_size=vocab_size,
        context=256,
        norm_eps=1e-6,
        rope=Rope(theta=1000.0),
        tied_embeddings=False,
    )


@pytest.fixture
def model() -> Qwen2:
    """Small, with every weight away from its starting value (zeros would hide mistakes)."""
    model = Qwen2(small())
    initialize(model, seed=1)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.1 * torch.randn(weight.shape, generator=generator)
    return model


@torch.no_grad()
def test_exported_model_is_the_same_in_transformers(
    model: Qwen2, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    folder = export(model, tokenizer, tmp_path / "model", torch.float32)
    peer = AutoModelForCausalLM.from_pretrained(folder)
    ids = torch.randint(0, 600, (3, 90), generator=torch.Generator().manual_seed(0))
    assert (model(ids) - peer(ids).logits).abs().max() < 1e-4
    assert peer.generation_config.eos_token_id[0] == tokenizer.token_to_id("<|im_end|>")
    assert not peer.generation_config.do_sample


def test_exported_tokenizer_is_the_same_in_transformers(
    model: Qwen2, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    peer = PreTrainedTokenizerFast.from_pretrained(export(model, tokenizer, tmp_path / "model"))
    text = "x=12, [7,8] yes\nUsing 3, 7, 8 and 25, make 54. Δ"
    assert peer(text).input_ids == tokenizer.encode(text).ids
    assert peer.decode(peer(text).input_ids) == text
    assert (peer.eos_token, peer.pad_token) == ("<|im_end|>", "<|endoftext|>")
    messages = [{"role": "user", "content": text}]
    rendered = peer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    assert rendered == f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n<think>\n"
    assert peer.chat_template == CHAT_TEMPLATE


def test_only_learned_tokens_count(model: Qwen2) -> None:
    ids = torch.randint(0, 600, (2, 20), generator=torch.Generator().manual_seed(0))
    learn = torch.zeros(2, 20, dtype=torch.bool)
    learn[0, 5] = learn[1, 19] = True
    logits = model(ids).log_softmax(-1)
    wanted = -torch.stack([logits[0, 4, ids[0, 5]], logits[1, 18, ids[1, 19]]])
    assert torch.allclose(model.losses(ids, learn), wanted, atol=1e-5)


@torch.no_grad()
def test_induction_start_looks_back_and_finds_what_followed() -> None:
    """Layer 0 attends 1, 2 and 3 tokens back; layer 1's last head, softly, to what followed last time."""
    config = embedded_config(700)
    model = Qwen2(config)
    initialize(model, seed=0)
    generator = torch.Generator().manual_seed(5)
    first = torch.randperm(600, generator=generator)[:40]
    ids = torch.cat((first, first))[None]
    x = model.model.embed_tokens(ids)
    cos, sin = model.cos[:80], model.sin[:80]
    attended = []
    for layer in model.model.layers:
        h, attention = layer.input_layernorm(x), layer.self_attn
        query, key = (
            rotate(p(h).view(1, 80, -1, 64).transpose(1, 2), cos, sin)
            for p in (attention.q_proj, attention.k_proj)
        )
        scores = query @ key.repeat_interleave(2, 1).mT / 8
        scores.masked_fill_(torch.ones(80, 80, dtype=torch.bool).triu(1), -torch.inf)
        attended.append(scores.softmax(-1)[0])
        x = layer(x, cos, sin)
    for head, offset in {0: 1, 1: 2, 2: 3}.items():
        looked = attended[0][head].argmax(-1)[10:]
        assert torch.equal(looked, torch.arange(10, 80) - offset)
    second = torch.arange(40, 80)
    followed = attended[1][3][second, second - 39].mean()
    assert followed > 8 * (1 / second).mean()  # than by chance


def test_alike_tokens_start_close() -> None:
    model = Qwen2(small())
    initialize(model, seed=0, alike=[(300, 301)])
    weight = model.model.embed_tokens.weight
    assert torch.cosine_similarity(weight[300], weight[301], dim=0) > 0.8
    assert abs(torch.cosine_similarity(weight[300], weight[302], dim=0)) < 0.5


@pytest.mark.parametrize("shape", [(1, 48, 48), (2, 64, 24), (2, 24, 64)])
def test_orthogonalize_makes_singular_values_one(shape: tuple[int, ...]) -> None:
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonalize(matrices))
    assert values.min() > 0.5
    assert values.max() < 1.3


def test_muon_agrees_with_torch() -> None:
    """Up to bfloat16, in which torch computes the update."""
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(48, 32, generator=generator)
    ours, theirs = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.clone())
    optimizers = [
        Muon([ours], lr=0.02, momentum=0.95, weight_decay=0.01),
        torch.optim.Muon([theirs], lr=0.02, momentum=0.95, weight_decay=0.01),
    ]
    for _ in range(5):
        ours.grad = torch.randn(48, 32, generator=generator)
        theirs.grad = ours.grad.clone()
        for optimizer in optimizers:
            optimizer.step()
    moved = (theirs - start).norm()
    assert (ours - theirs).norm() < 0.02 * moved
