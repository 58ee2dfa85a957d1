"""What `vllm serve` is told, and what is said to fit."""

from __future__ import annotations

import pytest

from mull.errors import MullError
from mull.model.config import Config
from mull.up.vllm import command, fit
from tests.model.builders import QWQ_PREVIEW

QWQ = Config.parse(QWQ_PREVIEW)
GPU = 80 * 10**9


@pytest.mark.parametrize(
    ("tensor", "pipeline", "weights", "per_token", "chains"),
    [
        (1, 1, 65_527_752_704, 262_144, 0.75),  # 72 of 80 GB for both: not one chain of 32,768
        (2, 1, 32_763_876_352, 131_072, 9.1),
        (4, 1, 16_381_938_176, 65_536, 25.9),
        (1, 2, 32_763_876_352, 131_072, 9.1),
        (8, 1, 8_190_969_088, 32_768, 59.4),
    ],
)
def test_what_fits_of_qwq_32b(
    tensor: int, pipeline: int, weights: int, per_token: int, chains: float
) -> None:
    found = fit(QWQ, GPU, tensor=tensor, pipeline=pipeline)
    assert (found.gpus, found.weights, found.per_token) == (tensor * pipeline, weights, per_token)
    assert found.chains == pytest.approx(chains, abs=0.05)
    assert f"{found.tokens:,} tokens" in str(found)


def test_more_gpus_than_heads_of_keys_hold_copies() -> None:
    assert fit(QWQ, GPU, tensor=8).per_token == fit(QWQ, GPU, tensor=20).per_token


def test_fewer_bits_and_a_shorter_context_leave_more_room() -> None:
    assert fit(QWQ, GPU, weights=33 * 10**9).chains > 4
    assert fit(QWQ, GPU, context=8192).chains == pytest.approx(4 * fit(QWQ, GPU).chains)


def test_a_model_that_does_not_fit_at_all_holds_no_tokens() -> None:
    assert fit(QWQ, 24 * 10**9).tokens == 0


@pytest.mark.parametrize(
    ("gpus", "said"), [({"tensor": 3}, "does not divide"), ({"pipeline": 65}, "64 layers")]
)
def test_what_cannot_be_divided(gpus: dict[str, int], said: str) -> None:
    with pytest.raises(MullError, match=said):
        fit(QWQ, GPU, **gpus)


def test_the_command_line() -> None:
    said = command("m")
    assert said[:7] == ["vllm", "serve", "m", "--host", "127.0.0.1", "--port", "8000"]
    assert "--enable-prefix-caching" in said
    assert "--tensor-parallel-size" not in said
    many = command(
        "m", tensor=4, pipeline=2, ray=True, context=8192, name="q", more=["--quantization", "fp8"]
    )
    line = " ".join(many)
    for part in (
        "--tensor-parallel-size 4",
        "--pipeline-parallel-size 2",
        "--distributed-executor-backend ray",
        "--max-model-len 8192",
        "--served-model-name q",
    ):
        assert part in line
    assert many[-2:] == ["--quantization", "fp8"]
