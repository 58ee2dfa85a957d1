"""What a voice says of a chain, however the tokens come and whenever somebody asks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mull.model.formats import Tagged
from mull.serve.voice import PATIENCE, Said, Unsaid, Voice

STOPS = ("END", "D.", "\n\n")
TEXTS = st.text("a \nEND.<", max_size=40)


class Listener:
    """A voice, a chain to speak for, and what a client would show of it."""

    def __init__(self, stops: tuple[str, ...] = ()) -> None:
        self.shown = {"thought": "", "answer": ""}
        self.times = self.stirred = 0
        self.chain: Any = SimpleNamespace(pieces=[], text="")
        self.voice = Voice(Tagged(starts_open=False), self.tell, self.stir, stops)
        self.voice.follow(self.chain)

    def tell(self, what: Said | Unsaid) -> None:
        self.times += 1
        shown = self.shown[what.kind]
        self.shown[what.kind] = shown + what.text if isinstance(what, Said) else shown[: -what.chars]

    def stir(self) -> None:
        self.stirred += 1

    def draw(self, piece: str) -> None:
        self.chain.pieces.append(piece)
        self.voice.heard()

    def rewind(self, length: int) -> None:
        del self.chain.pieces[length:]
        self.chain.text = "".join(self.chain.pieces)
        self.voice.again()


def cut(text: str) -> str:
    """Up to the first stop string."""
    return text[: min((at for stop in STOPS if (at := text.find(stop)) >= 0), default=len(text))]


@given(TEXTS, TEXTS, st.lists(st.integers(0, 90), max_size=30).map(sorted), st.sets(st.integers(0, 30)))
def test_all_pieces_together_are_the_text_up_to_a_stop(
    thoughts: str, answer: str, cuts: list[int], asked: set[int]
) -> None:
    text = f"<think>{thoughts}</think>{answer}"
    listener = Listener(STOPS)
    for number, (a, b) in enumerate(zip([0, *cuts], [*cuts, len(text)], strict=True)):
        listener.draw(text[a:b])
        if number in asked:
            listener.voice.more()
        assert thoughts.strip().startswith(listener.shown["thought"])
        assert cut(answer.strip()).startswith(listener.shown["answer"])
    listener.voice.end(thoughts.strip(), answer.strip())
    assert listener.shown["answer"] == cut(answer.strip()).rstrip()
    assert listener.shown["answer"] == listener.voice.said("answer")


@given(
    st.lists(st.sampled_from(["a", " ", "\n", "b c", "</think>", "EN", "D"]), max_size=20), st.integers(0, 20)
)
def test_behind_a_rewind_it_says_what_it_would_have_said(pieces: list[str], length: int) -> None:
    rewound, straight = Listener(STOPS), Listener(STOPS)
    for piece in ["<think>", *pieces]:
        rewound.draw(piece)
    rewound.rewind(length)
    for piece in ["<think>", *pieces][:length]:
        straight.draw(piece)
    straight.voice.more()
    for listener in (rewound, straight):
        listener.draw("x")
        listener.voice.more()
    assert rewound.shown == straight.shown


def test_the_first_text_is_said_at_once_and_more_of_it_when_somebody_asks() -> None:
    listener = Listener()
    for piece in ("<think>", "1", " 2", " 3"):
        listener.draw(piece)
    assert (listener.shown["thought"], listener.stirred) == ("1", 4)
    listener.voice.more()
    assert listener.shown["thought"] == "1 2 3"
    assert listener.times == 2


def test_where_nobody_asks_little_is_told() -> None:
    listener = Listener()
    for _ in range(PATIENCE * 10):
        listener.draw("x")
    assert listener.times == 10
    assert len(listener.shown["answer"]) > PATIENCE * 9
