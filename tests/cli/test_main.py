"""The entry point: how commands end that fail."""

import sys
from io import StringIO

import pytest

from mull.cli.main import cli, main


def fails(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Run the command, which ends in this error."""

    def raise_it(**_: object) -> None:
        raise error

    monkeypatch.setattr(cli, "main", raise_it)
    main()


def test_a_file_that_cannot_be_had_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        fails(monkeypatch, PermissionError(13, "Permission denied", "/runs/scores.json"))
    assert end.value.code == 1
    assert capsys.readouterr().err == "mull: /runs/scores.json: Permission denied.\n"


def test_other_errors_of_the_system_keep_their_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OSError, match="out of sockets"):
        fails(monkeypatch, OSError("out of sockets"))


def test_a_reader_who_has_had_enough_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", StringIO())  # it is closed
    with pytest.raises(SystemExit) as end:
        fails(monkeypatch, BrokenPipeError())
    assert end.value.code == 0
