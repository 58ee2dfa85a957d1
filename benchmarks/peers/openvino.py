"""openvino-genai's continuous batching pipeline. It has no way to go on from a kept prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino
import openvino_genai as genai

from benchmarks.peers import Dtype


class Genai:
    """Prefix caching is off, so that the prompts' share can be measured and taken off."""

    whole = True

    def __init__(self, model: str, dtype: Dtype, threads: int) -> None:
        scheduler = genai.SchedulerConfig()
        scheduler.cache_size = 2  # GB
        scheduler.max_num_seqs = 64
        scheduler.max_num_batched_tokens = 4096
        scheduler.enable_prefix_caching = False
        settings: dict[str, Any] = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
        if dtype == "f32":
            settings["INFERENCE_PRECISION_HINT"] = "f32"
        self.pipeline = genai.ContinuousBatchingPipeline(model, scheduler, "CPU", settings)

    def prefill(self, prompts: Sequence[Sequence[int]], copies: int, room: int) -> None:
        self.prompts = [openvino.Tensor(np.array([prompt], np.int64)) for prompt in prompts]
        self.copies = copies
        self.first = self.decode(1, 0.0)[0][0]

    def decode(self, new: int, temperature: float) -> list[list[int]]:
        settings = genai.GenerationConfig()
        settings.max_new_tokens = new
        settings.ignore_eos = True
        settings.do_sample = temperature > 0
        if temperature:
            settings.temperature, settings.top_k, settings.top_p = temperature, 1 << 30, 1.0
            settings.num_return_sequences = self.copies
        results = self.pipeline.generate(self.prompts, [settings] * len(self.prompts))
        return [[int(id) for id in ids] for result in results for ids in result.m_generation_ids]
