"""Programs of others against our server: what they show of thoughts and answers, and what a fuzzer finds.

`make test-clients`, in an environment of its own.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serve.house import House, house

pytestmark = pytest.mark.clients

KEY = "key-of-the-tests"
THOUGHTS, ANSWER = "Two and two are four.", "The answer is \\boxed{4}."
EXAMPLES = os.environ.get("EXAMPLES", "200")  # of each operation


@pytest.fixture(scope="module")
def locked() -> Iterator[House]:
    with house(key=KEY, seconds=2.0, read_seconds=5.0) as made:
        yield made


def program(*arguments: str, folder: Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """One of the programs that are installed beside this Python."""
    found = Path(sys.executable).parent / arguments[0]
    known = {**os.environ, "LLM_USER_PATH": str(folder), "HOME": str(folder), "NO_COLOR": "1"}
    return subprocess.run(
        [found, *arguments[1:]],
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=folder,
        env=known,
        check=False,
    )


@pytest.mark.parametrize("how", [(), ("--no-stream",)])
def test_llm_shows_thoughts_and_answer_over_responses(
    locked: House, tmp_path: Path, how: tuple[str, ...]
) -> None:
    url = f"{locked.url}/v1"
    done = program("llm", "openai", "endpoint", url, "2+2?", "-m", "script", "--key", KEY, "--responses",
                   *how, folder=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ANSWER
    if not how:
        assert THOUGHTS in done.stderr


def test_llm_shows_the_answer_over_chat_completions(locked: House, tmp_path: Path) -> None:
    done = program("llm", "openai", "endpoint", f"{locked.url}/v1", "2+2?", "-m", "script", "--key", KEY,
                   folder=tmp_path)  # fmt: skip
    assert done.stdout.strip() == ANSWER, done.stderr


@pytest.mark.parametrize("provider", ["openai", "hosted_vllm", "deepseek"])
@pytest.mark.parametrize("stream", [False, True])
def test_litellm_gives_thoughts_once(locked: House, provider: str, stream: bool) -> None:
    litellm = pytest.importorskip("litellm")
    reply = litellm.completion(
        model=f"{provider}/script",
        messages=[{"role": "user", "content": "2+2?"}],
        api_base=f"{locked.url}/v1",
        api_key=KEY,
        stream=stream,
    )
    if stream:
        deltas = [chunk.choices[0].delta for chunk in reply]
        thoughts = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
        answer = "".join(delta.content or "" for delta in deltas)
    else:
        message = reply.choices[0].message
        thoughts, answer = message.reasoning_content, message.content
    assert (thoughts, answer) == (THOUGHTS, ANSWER)


def test_inspect_reads_thoughts_and_usage(locked: House) -> None:
    model = pytest.importorskip("inspect_ai.model")
    asked = model.get_model("openai-api/mull/script", base_url=f"{locked.url}/v1", api_key=KEY)
    output = asyncio.run(asked.generate("2+2?"))
    content = output.choices[0].message.content
    reasoning = [part.reasoning for part in content if part.type == "reasoning"]
    assert reasoning == [THOUGHTS]
    assert output.completion == ANSWER
    assert output.usage.reasoning_tokens == 24


def test_a_fuzzer_finds_nothing(locked: House, tmp_path: Path) -> None:
    """Valid and invalid requests made from our own document. A field's meaning may forbid what its type does
    not, so that valid data are refused (400) is no failure; all else is: 5xx, other bodies than documented,
    invalid data accepted, keys not asked for."""
    done = program(
        "st", "run", f"{locked.url}/openapi.json", "-H", f"Authorization: Bearer {KEY}", "-n", EXAMPLES,
        "--exclude-checks", "positive_data_acceptance", "--request-timeout", "20",
        folder=tmp_path, timeout=1700,
    )  # fmt: skip
    (tmp_path / "st.txt").write_text(done.stdout)
    assert done.returncode == 0, done.stdout[-8000:]
    assert locked.idle(20)
    assert locked.chat().status == 200
