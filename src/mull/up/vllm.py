"""`vllm serve` for strategies: its command line, and the arithmetic of memory before it is started."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from mull.engine.sampling import CONFIDENT
from mull.errors import MullError
from mull.model.config import Config
from mull.model.shapes import kv_bytes_per_token, weight_bytes

SHARE = 0.9  # of a GPU's memory that vLLM takes (--gpu-memory-utilization), for all but activations
LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Fit:
    """Bytes on each GPU, and what is left for keys and values.

    tokens  that all chains together may hold; a shared prefix counts once
    """

    gpus: int
    weights: int
    per_token: int
    memory: int
    context: int

    @property
    def tokens(self) -> int:
        return max(0, int(self.memory * SHARE) - self.weights) // self.per_token

    @property
    def chains(self) -> float:
        """Of full length."""
        return self.tokens / self.context

    def __str__(self) -> str:
        weights, memory = self.weights / 1e9, self.memory / 1e9
        return (
            f"{self.gpus} GPU{'s' if self.gpus > 1 else ''} of {memory:.0f} GB: on each, weights take "
            f"{weights:.1f} GB and leave {max(0.0, SHARE * memory - weights):.1f} GB for keys and values of "
            f"{self.per_token / 1e3:.0f} kB a token: {self.tokens:,} tokens, "
            f"{self.chains:.1f} chains of {self.context:,}"
        )


def fit(
    config: Config,
    memory: int,
    *,
    tensor: int = 1,
    pipeline: int = 1,
    context: int | None = None,
    weights: int | None = None,
) -> Fit:
    """What fits on `tensor` times `pipeline` GPUs of so many bytes.

    weights  bytes of all weights; None takes them in bfloat16

    Keys and values are divided over GPUs by head: more GPUs than heads of keys hold copies. Activations are
    left out; they take a few GB, so what is left is an upper bound.
    """
    if config.num_heads % tensor:
        raise MullError(
            f"--tensor-parallel {tensor} does not divide the model's {config.num_heads} attention heads."
        )
    if pipeline > config.num_layers:
        raise MullError(
            f"--pipeline-parallel {pipeline} is more than the model's {config.num_layers} layers."
        )
    total = weight_bytes(config, "bf16") if weights is None else weights
    layers = -(-config.num_layers // pipeline) / config.num_layers  # of the fullest stage
    heads = max(1, -(-config.num_kv_heads // tensor)) / config.num_kv_heads
    return Fit(
        tensor * pipeline,
        int(total / tensor * layers),
        int(kv_bytes_per_token(config, "bf16") * heads * layers),
        memory,
        min(context or config.context, config.context),
    )


def command(
    model: str,
    *,
    program: str = "vllm",
    host: str = "127.0.0.1",
    port: int = 8000,
    name: str | None = None,
    tensor: int = 1,
    pipeline: int = 1,
    context: int | None = None,
    ray: bool = False,
    more: Sequence[str] = (),
) -> list[str]:
    """The command line of stock `vllm serve`.

    Prefixes are cached, since forks and rewinds send theirs again; the server tells of what it found cached,
    for the ledger, and the chances of the likeliest tokens. `more` goes to vLLM as it is.
    """
    said = [program, "serve", model, "--host", host, "--port", str(port)]
    said += ["--enable-prefix-caching", "--enable-prompt-tokens-details", "--max-logprobs", str(CONFIDENT)]
    said += ["--served-model-name", name] if name else []
    said += ["--tensor-parallel-size", str(tensor)] if tensor > 1 else []
    said += ["--pipeline-parallel-size", str(pipeline)] if pipeline > 1 else []
    said += ["--max-model-len", str(context)] if context else []
    said += ["--distributed-executor-backend", "ray"] if ray else []
    return [*said, *more]


def gpu_memory() -> int | None:
    """Bytes of this machine's smallest GPU, as nvidia-smi says; None where there is none."""
    if shutil.which("nvidia-smi") is None:
        return None
    asked = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=True).stdout.split()
        return min(int(one) for one in told) * (1 << 20)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
