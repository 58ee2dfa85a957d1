"""`mull serve`: what its options become. The server itself is tested in tests/serve."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from mull import api
from mull.cli.serve import serve
from mull.serve import command
from mull.serve.config import Settings


def test_keys_of_the_environment_may_have_blanks_around_them(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Settings] = []
    monkeypatch.setattr(api, "load", lambda *_, **__: None)
    monkeypatch.setattr(command, "listen", lambda *given, **_: made.append(given[1]))
    environment: dict[str, Any] = {"MULL_API_KEY": "key-of-anna, key-of-bert ,"}
    result = CliRunner().invoke(serve, ["--api-key", "key-of-carl"], env=environment, catch_exceptions=False)
    assert result.exit_code == 0
    assert made[0].keys == ("key-of-carl", "key-of-anna", "key-of-bert")
