"""`mull replicate`: what it refuses; the whole way is tested where the stages are."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from mull.cli.replicate import replicate
from mull.errors import MullError


def run(*arguments: str) -> Result:
    return CliRunner().invoke(replicate, arguments)


def test_help_names_time_and_place() -> None:
    output = run("--help").output
    assert "--minutes" in output
    assert "--resume" in output


def test_a_run_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "replicate.json").write_text(json.dumps({"minutes": 120, "seed": 3, "done": {}}))
    result = run("--out", str(tmp_path))
    assert isinstance(result.exception, MullError)
    assert "--resume" in str(result.exception)
    other = run("--out", str(tmp_path), "--resume", "--minutes", "10")
    assert "was begun with --minutes 120, not 10" in str(other.exception)


def test_no_time_is_no_run(tmp_path: Path) -> None:
    assert run("--minutes", "0", "--out", str(tmp_path)).exit_code == 2
    assert not list(tmp_path.iterdir())
