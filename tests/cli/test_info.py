import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mull.cli.info import info
from mull.errors import CheckpointError
from tests.model.builders import QWQ_PREVIEW, TINY, save_checkpoint, save_json


def run(*arguments: str) -> str:
    result = CliRunner().invoke(info, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize("as_file", [True, False])
def test_qwq_preview_from_its_config_alone(tmp_path: Path, as_file: bool) -> None:
    path = save_json(tmp_path / "qwq" / "config.json", QWQ_PREVIEW)
    name = str(path if as_file else path.parent)
    table = run(name)
    for fact in (
        "64, 5,120 wide, 27,648 inside",
        "40 heads of 128, 8 for keys and values",
        "152,064, input and output embeddings not tied",
        "32,768 tokens, rotary base 1,000,000",
        "32,763,876,352 (31,206,740,992 without embeddings)",
        "bf16 65.5 GB, int8 33.6 GB, int4 19.6 GB",
        "bf16 262 MB per 1,000 tokens",
    ):
        assert fact in table
    facts = json.loads(run(name, "--json"))
    assert facts["parameters"] == 32_763_876_352
    assert facts["kv_bytes_per_token"]["bf16"] == 262_144
    if not as_file:
        assert "no weights there" in table
        assert "tokenizer.json: not found" in table
        assert facts["stops"] == {"151645": ""}


def test_a_whole_checkpoint(tmp_path: Path) -> None:
    sampling = {"temperature": 0.7, "top_p": 0.8, "top_k": 20}
    yarn = {"rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 256}}
    folder = save_checkpoint(tmp_path / "tiny", TINY | yarn, generation_config=sampling)
    table = run(str(folder))
    assert table.splitlines()[0] == "tiny"
    for fact in (
        "complete, BF16,",
        "in 1 file",
        "1,024 tokens, rotary base 10,000, yarn × 4",
        "<think>…</think>, opened by the prompt",
        "<|im_end|> (",
        "temperature 0.7, top_p 0.8, top_k 20, min_p 0, repetition_penalty 1",
        "runner cpu",
        "runner reference",
        "runner torch",
    ):
        assert fact in table
    facts = json.loads(run(str(folder), "--json"))
    assert facts["weights"]["dtypes"] == ["BF16"]
    assert facts["weights"]["bytes"] == (folder / "model.safetensors").stat().st_size
    assert sorted(facts["stops"].values()) == ["<|endoftext|>", "<|im_end|>"]
    assert facts["thinking"]["kind"] == "tagged"
    assert facts["sampling"]["top_k"] == 20
    assert set(facts["runners"]) == {"cpu", "reference", "torch"}


def test_a_broken_file_is_shown_beside_what_is_sound(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path / "tiny")
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[:-1])
    save_json(folder / "generation_config.json", {"temperature": "hot"})
    table = run(str(folder))
    assert "truncated" in table
    assert "temperature must be" in table
    assert "opened by the prompt" in table


def test_without_a_config_there_is_nothing_to_say(tmp_path: Path) -> None:
    for name in (tmp_path, tmp_path / "nothing.json"):
        with pytest.raises(CheckpointError, match="not found"):
            CliRunner().invoke(info, [str(name)], catch_exceptions=False)


def test_torch_is_not_imported(tmp_path: Path) -> None:
    path = save_json(tmp_path / "config.json", QWQ_PREVIEW)
    code = (
        "import sys; from mull.cli.info import info; info.main([sys.argv[1]], standalone_mode=False);"
        "assert not {'torch', 'transformers', 'huggingface_hub'} & set(sys.modules)"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(path)],
        env={"PYTHONPATH": ":".join(sys.path), "PATH": ""},
        timeout=60,
        check=True,
    )
