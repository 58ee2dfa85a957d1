import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mull.model.boxes import Boxes
from mull.model.formats import boxed

CASES = [
    ("", None),
    ("no box", None),
    (r"\boxed{42}", "42"),
    (r"\boxed{}", ""),
    (r"\boxed{1} then \boxed{2}", "2"),
    (r"\boxed{1} then \boxed{2", "1"),
    (r"\boxed{\frac{1}{2}}.", r"\frac{1}{2}"),
    (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
    (r"\boxed{\}", None),
    (r"\boxed{a \\}", r"a \\"),  # a line break, then the closing brace
    (r"\boxed{a \\\} b}", r"a \\\} b"),  # a line break, then an escaped brace
    (r"\\boxed{7}", "7"),  # as in a JSON or Python string
    (r"\boxed {8}", "8"),
    (r"\boxed  {8}", None),
    (r"\boxed8", None),
    (r"\boxes{8}", None),
    (r"\boxed{x = \boxed{5}}", "5"),  # the last \boxed from the right
    (r"\boxed{ \boxed{5}", "5"),
    ("} } \\boxed{3} }", "3"),
    ("\\boxed{a\nb}", "a\nb"),
    (r"\boxed{\text{中文 😀}}", r"\text{中文 😀}"),
]


@pytest.mark.parametrize(("text", "content"), CASES)
def test_boxed(text: str, content: str | None) -> None:
    assert boxed(text) == content
    by_character = Boxes()
    for character in text:
        by_character.feed(character)
        by_character = by_character.copy()
    assert by_character.content == content


def test_a_copy_is_independent() -> None:
    boxes = Boxes()
    boxes.feed("\\boxed{1")
    twin = boxes.copy()
    twin.feed("7")
    twin.feed("}")
    boxes.feed("2}")
    assert (twin.content, boxes.content) == ("17", "12")


fragments = st.lists(
    st.sampled_from(["\\boxed{", "\\boxed {", "\\", "{", "}", "b", "boxed", "boxe", " ", "x", "\\{", "\\}"]),
    max_size=14,
).map("".join)


@settings(max_examples=300)
@given(fragments, st.data())
def test_every_split_gives_the_same_box(text: str, data: st.DataObject) -> None:
    whole = Boxes()
    whole.feed(text)
    boxes, rest = Boxes(), text
    while rest:
        count = data.draw(st.integers(1, len(rest)))
        boxes.feed(rest[:count])
        boxes = boxes.copy()
        rest = rest[count:]
        seen = Boxes()
        seen.feed(text[: len(text) - len(rest)])
        assert (boxes.content, boxes.start) == (seen.content, seen.start)
    assert (boxes.content, boxes.start) == (whole.content, whole.start)
    if whole.content is not None:
        assert whole.start is not None
        assert whole.content in text[whole.start :]
        assert text.startswith("\\boxed", whole.start)


@pytest.mark.parametrize(
    "text", ["\\boxed{" * 150_000, "{" * 10**6, "\\" * 10**6, "\\boxed{" + "x{" * 400_000]
)
def test_hostile_text_takes_linear_time(text: str) -> None:
    boxes, start = Boxes(), time.perf_counter()
    for place in range(0, len(text), 4):
        boxes.feed(text[place : place + 4])
    boxes.feed("}" * 1000)
    assert time.perf_counter() - start < 5
