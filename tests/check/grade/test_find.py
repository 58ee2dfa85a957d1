"""Where the answer is found in a text, and where it is not."""

import pytest

from mull import grade
from mull.check.grade.find import find


@pytest.mark.parametrize(
    ("text", "answer", "source"),
    [
        (r"Maybe \boxed{3}, no: \boxed{4}.", r"\boxed{4}", "box"),
        (r"\boxed{3} and \boxed{4}", r"\boxed{3} and \boxed{4}", "boxes in a list"),
        ("The answer is 12, I think.\nWait. The answer is 13.", "13", "answer statement"),
        ("The answer is not 12, it is 13.", "13", "answer statement"),
        ("So we have **about 7** of them.", "about 7", "bold"),
        ("<answer> 5 </answer>", "5", "answer tag"),
        ('Here: {"reasoning": "a lot", "answer": "5"}', '{"reasoning": "a lot", "answer": "5"}', "JSON"),
        ("First 3, then 4.\nAltogether that is 7 apples.", "7 apples", "last sentence"),
        ("$x+1$", "$x+1$", "whole text"),
        ("an ellipse", "an ellipse", "whole text"),
        ("Die Antwort ist 12.", "12", "answer statement"),
        ("答案是12。", "12", "answer statement"),
    ],
)
def test_place_and_source(text: str, answer: str, source: str) -> None:
    found = find(text)[0]
    assert (text[found.start : found.end], found.source) == (answer, source)


@pytest.mark.parametrize("text", ["", " \n ", "<think>It is 5.</think>", "<think>\\boxed{5}</think>\n"])
def test_no_answer(text: str) -> None:
    verdict = grade("5", text)
    assert (verdict.equal, verdict.stage, verdict.span) == (False, "none", None)


def test_what_a_model_says_after_its_turn_is_not_read() -> None:
    assert grade("5", "The answer is 5.<|im_end|>\n<|im_start|>user\nAnd 2+2?").equal
    assert grade("5", r"\boxed{5}<|im_end|>\boxed{6}").equal


def test_the_span_points_into_the_text() -> None:
    text = "Let me think.\n\nSo the final answer is $\\frac{3}{4}$. Good."
    verdict = grade("0.75", text)
    assert verdict.span is not None
    assert text[slice(*verdict.span)] == verdict.answer == "$\\frac{3}{4}$"
    assert "3/4" in verdict.reason


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("I think it's B", "B"),
        ("It can't be A, so C", "C"),
        ("D. Because the others fail", "D"),
        ("The correct option is (A).", "A"),
        ("A is wrong and so is C, therefore **B**.", "B"),
        ("I say B, so A is wrong.", "B"),
        (r"\boxed{\text{(E) } 12}", "E"),
        ("Je choisis C, non A", "C"),
    ],
)
def test_choices_in_prose(text: str, letter: str) -> None:
    assert [other for other in "ABCDE" if grade(other, text).equal] == [letter]
