"""Model text must not be able to drive the terminal."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mull.cli.terminal import Screen, harmless
from mull.model.formats import Piece


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\nand lines", "plain\ttext\nand lines"),
        ("\x1b[2J\x1b[31mred", "[2J[31mred"),
        ("\x1b]0;title\x07", "]0;title"),
        ("\x9b31m", "31m"),
        ("a\u202eb\u2066c", "abc"),
        ("back\x08\x7f\r", "back"),
        ("Zoë 你好 💡", "Zoë 你好 💡"),
    ],
)
def test_control_characters_are_taken_out(text: str, shown: str) -> None:
    assert harmless(text) == shown


@given(st.text())
def test_nothing_harmful_survives_and_nothing_else_is_lost(text: str) -> None:
    shown = harmless(text)
    assert not any((ord(c) < 32 and c not in "\t\n") or 127 <= ord(c) < 160 for c in shown)
    assert [c for c in shown if c.isalnum()] == [c for c in text if c.isalnum()]


def test_a_screen_keeps_thoughts_and_answer_apart(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(quiet=False)
    for kind, text in (("thought", "\nHm"), ("thought", "."), ("answer", "\n\n4"), ("answer", "2")):
        screen.show(Piece(kind, text))  # type: ignore[arg-type]
    screen.end("42")
    out, err = capsys.readouterr()
    assert (out, err) == ("42\n", "Hm.\n\n")


def test_an_answer_that_was_not_told_apart_is_shown_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(quiet=True)
    screen.show(Piece("thought", "all of it"))
    screen.end("it\x1b[0m")
    assert capsys.readouterr() == ("it[0m\n", "")


@pytest.mark.parametrize(
    ("terminal", "shown"), [(False, "It is four.\n"), (True, "It is fünf\n\nIt is four.\n")]
)
def test_an_answer_whose_words_were_taken_back_ends_in_the_right_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, terminal: bool, shown: str
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    screen = Screen(quiet=False)
    screen.show(Piece("answer", "It is fünf"))
    screen.aside("[language: rewound]")
    screen.end("It is four.")
    out, err = capsys.readouterr()
    assert out == shown
    assert err.strip() == "[language: rewound]"
    assert err.startswith("\n") == terminal  # not behind the words of the answer


def test_an_answer_that_was_interrupted_keeps_what_was_said(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(quiet=False)
    screen.show(Piece("answer", "It is"))
    screen.end("")
    assert capsys.readouterr().out == "It is\n"
