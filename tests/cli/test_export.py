"""`mull export`: what it writes is a model that answers like the one it was made from."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

import mull
from mull.cli.export import export
from mull.errors import MullError
from tests.model.builders import save_checkpoint


def run(*arguments: str) -> Result:
    return CliRunner().invoke(export, arguments)


def test_a_folder_that_answers_the_same(tmp_path: Path) -> None:
    out = tmp_path / "embedded"
    result = run("--to", "hf", "--out", str(out), "--dtype", "f32")
    assert result.exit_code == 0
    assert str(out) in result.output
    question = "What is 24 + 13?"
    assert mull.ask(question, engine=mull.load(out)).thoughts == mull.ask(question).thoughts
    assert (out / "README.md").exists()


def test_one_file_for_llamacpp(tmp_path: Path) -> None:
    folder, out = save_checkpoint(tmp_path / "tiny"), tmp_path / "tiny.gguf"
    result = run(str(folder), "--to", "gguf", "--out", str(out), "--dtype", "q8_0")
    assert result.exit_code == 0
    assert out.read_bytes()[:4] == b"GGUF"


def test_what_does_not_go_together(tmp_path: Path) -> None:
    result = run("--to", "hf", "--out", str(tmp_path / "x"), "--dtype", "q8_0")
    assert isinstance(result.exception, MullError)
    assert "GGUF only" in str(result.exception)
    assert "no such folder" in str(
        run("/nowhere/at/all", "--to", "gguf", "--out", str(tmp_path / "x")).exception
    )
