"""Patterns become all the sentences they stand for."""

from mull.tasks.phrases import every, follow


def test_choices_multiply_and_may_be_empty_or_nested() -> None:
    assert every("[Find|Compute] it[ now|].", "Go.") == (
        "Find it now.",
        "Find it.",
        "Compute it now.",
        "Compute it.",
        "Go.",
    )
    assert every("[a [b|c]|d] {x}") == ("a b {x}", "d {x}", "a c {x}")


def test_no_sentence_comes_twice() -> None:
    assert every("[a|b]", "[b|c]") == ("a", "b", "c")


def test_sentences_follow_one_another_in_all_ways() -> None:
    assert follow(("a.", "b."), ("c?", "d?")) == ("a. c?", "a. d?", "b. c?", "b. d?")
