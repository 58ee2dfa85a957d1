"""The embedded model on servers that others have made answers as it does here: `make test-servers`.

In float32 everywhere, and token for token, except where our two best logits lie so near to each other that
rounding decides (see `tests/export/agreement.py`).
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

import mull
from mull.engine import Sampling
from mull.engine.remote import RemoteEngine
from mull.export.folder import to_folder
from mull.export.gguf import to_gguf
from mull.guard.rescue import LoopGuard
from mull.model.chat import Message, render
from mull.model.checkpoint import EMBEDDED, Checkpoint
from mull.think.line import Line, follow
from mull.think.meter import Meter
from mull.think.strategies import STRATEGIES
from mull.think.trace import Trace
from tests.export.agreement import NEAR_TIE, Written, ours, partings, problems

pytestmark = pytest.mark.peers

HERE = Path(__file__).parents[3]
LLAMA = Path(os.environ.get("MULL_LLAMA", HERE / ".venv-llama/bin/python"))
VLLM = Path(os.environ.get("MULL_VLLM", HERE / ".venv-vllm/bin/vllm"))
QUESTION = "Make 81 from 7, 8 and 11."


@pytest.fixture(scope="module", params=["vllm", "llama.cpp"])
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RemoteEngine]:
    folder = tmp_path_factory.mktemp("served")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = {"vllm": _vllm, "llama.cpp": _llama}[request.param]
    server = start(folder, port)
    try:
        _wait(server, f"http://127.0.0.1:{port}/v1/models")
        yield mull.connect(f"http://127.0.0.1:{port}/v1", tokenizer="embedded")
    finally:
        server.terminate()
        server.wait(60)


def _vllm(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """By `mull up`. The CPU wheel's own name hides its version from it, so that is put where it looks."""
    if not VLLM.exists():
        pytest.skip("vLLM is not there: make test-servers")
    told = folder / "named" / "vllm-0.32.0+cpu.dist-info" / "METADATA"
    told.parent.mkdir(parents=True)
    told.write_text("Metadata-Version: 2.1\nName: vllm\nVersion: 0.32.0+cpu\n")
    model = to_folder(Checkpoint.open(), folder / "model", "f32")
    up = [
        sys.executable,
        "-m",
        "mull",
        "up",
        "vllm",
        str(model),
        "--program",
        str(VLLM),
        "--name",
        "embedded",
    ]
    more = ["--port", str(port), "--dtype", "float32", "--enforce-eager", "--max-num-seqs", "16"]
    program = folder / "vllm.sh"  # mull runs with its own path, vLLM with the one that it needs
    program.write_text(f'#!/bin/sh\nPYTHONPATH={told.parents[1]} exec {VLLM} "$@"\n')
    program.chmod(0o755)
    up[up.index(str(VLLM))] = str(program)
    return subprocess.Popen([*up, *more], env={**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1"})


def _llama(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Keys and values in float32 (type 0): llama.cpp's default of float16 is no float32 run."""
    if not LLAMA.exists():
        pytest.skip("llama.cpp's server is not there: make test-servers")
    model = to_gguf(Checkpoint.open(), folder / "model.gguf", "f32")
    command = [str(LLAMA), "-m", "llama_cpp.server", "--model", str(model), "--model_alias", "embedded"]
    command += ["--port", str(port), "--n_ctx", "2048", "--n_threads", "1", "--logits_all", "true"]
    command += ["--type_k", "0", "--type_v", "0", "--interrupt_requests", "false"]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": ""})


def _wait(server: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + 300
    while time.monotonic() < until and server.poll() is None:
        try:
            if httpx2.get(url, timeout=5).status_code == 200:
                return
        except httpx2.HTTPError:
            pass
        time.sleep(0.5)
    raise AssertionError("the server did not come up")


def test_what_it_can_do(engine: RemoteEngine) -> None:
    can = engine.abilities
    assert can.bias
    assert can.seed
    assert can.top_k
    assert can.confident
    if engine.model["runner"] == "server vllm":
        assert (can.tokens, can.ids, can.cache, can.stop_ids, can.echo) == (True, "names", True, True, True)
        assert can.salt
    else:
        assert (can.tokens, can.ids, can.cache, can.stop_ids) == (False, "text", None, False)


def test_greedy_tokens_are_those_of_the_local_engine(engine: RemoteEngine) -> None:
    asked = problems(36)

    async def one(question: str) -> Written:
        prompt = render([Message("user", question)], engine.tokenizer, format=engine.format)
        async with engine.open(prompt, sampling=Sampling(temperature=0.0)) as chain:
            await chain.think(640)
            return Written(prompt, chain.new_ids)

    async def everything() -> list[Written]:
        return list(await asyncio.gather(*(one(problem.question) for problem in asked)))

    margins = partings(EMBEDDED, ours(EMBEDDED, asked, 640), asyncio.run(everything()))
    assert all(margin <= NEAR_TIE for margin in margins), margins


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_strategies(engine: RemoteEngine, strategy: str) -> None:
    options: dict[str, Any] = {"n": 4} if strategy in ("vote", "best", "auto") else {}
    before = engine.statistics.spend.generated
    answer = mull.ask(QUESTION, engine=engine, strategy=strategy, **options)
    assert answer.final == "(11*8)-7"
    assert answer.ledger.tokens.generated == engine.statistics.spend.generated - before


def test_a_guard_rescues_from_a_loop(engine: RemoteEngine) -> None:
    """A model that is made to say one thing for ever."""
    (space,) = engine.tokenizer.encode(" ")

    async def program() -> Trace:
        trace = Trace()
        meter = Meter(engine, trace=trace)
        prompt = render([Message("user", QUESTION)], engine.tokenizer, format=engine.format)
        async with meter.open(prompt, sampling=Sampling(temperature=0.0, bias={space: 60.0})) as chain:
            await follow(chain, meter, Line(guards=(LoopGuard(),)))
        return trace

    rescues = asyncio.run(program()).notes("loop")
    assert [note["did"] for note in rescues][:3] == [
        "rewound",
        "rewound and redirected",
        "rewound and closed",
    ]


def test_a_killed_chain_is_not_drawn_any_further(engine: RemoteEngine) -> None:
    async def program() -> float:
        async with engine.open(engine.tokenizer.encode("1, 2, 3,"), sampling=Sampling()) as chain:
            thinking = asyncio.create_task(chain.think())
            while len(chain.new_ids) < 3:
                await asyncio.sleep(0.005)
            chain.stop("enough")
            await thinking
        started = time.monotonic()
        async with engine.open(engine.tokenizer.encode("1, 2, 3,")) as chain:  # a free place at once
            await chain.think(1)
        return time.monotonic() - started

    assert asyncio.run(program()) < 2
