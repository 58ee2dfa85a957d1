"""transformers' `generate`, with its default (dynamic) cache and SDPA attention."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import AutoModelForCausalLM, DynamicCache

from benchmarks.peers import Dtype


class Generate:
    """One padded-free batch. What prefill kept is passed in as the cache, so decode only decodes."""

    whole = False

    def __init__(self, model: str, dtype: Dtype, threads: int) -> None:
        torch.set_num_threads(threads)
        kind = torch.float32 if dtype == "f32" else torch.bfloat16
        self.model = AutoModelForCausalLM.from_pretrained(
            model, dtype=kind, attn_implementation="sdpa"
        ).eval()
        self.model.generation_config.eos_token_id = None
        self.model.generation_config.pad_token_id = 0

    @torch.inference_mode()
    def prefill(self, prompts: Sequence[Sequence[int]], copies: int, room: int) -> None:
        ids = torch.tensor(prompts)
        self.cache = DynamicCache(config=self.model.config)
        self.model(ids, past_key_values=self.cache, use_cache=True, logits_to_keep=1).logits.argmax(-1)
        if copies > 1:
            self.cache.batch_repeat_interleave(copies)
            ids = ids.repeat_interleave(copies, 0)
        self.ids = ids

    @torch.inference_mode()
    def decode(self, new: int, temperature: float) -> list[list[int]]:
        length = self.ids.shape[1]
        self.cache.crop(length - 1 - self.cache.get_seq_length())
        choice = dict(do_sample=True, temperature=temperature, top_k=0, top_p=1.0) if temperature else {}
        out = self.model.generate(
            self.ids,
            attention_mask=torch.ones_like(self.ids),
            past_key_values=self.cache,
            max_new_tokens=new,
            **({"do_sample": False} | choice),
        )
        found: list[list[int]] = out[:, length:].tolist()
        return found
