import json
import re
import time
from itertools import pairwise, product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mull.model.formats import PREVIEW_SYSTEM, Format, Piece, Reader, Tagged, Tagless, detect
from mull.model.tokenizer import Tokenizer
from tests.model.builders import CHATML_TOKENS, DEEPSEEK_TOKENS, tokenizer_json

OPEN = Tagged()
CLOSED = Tagged(starts_open=False)
TAGLESS = Tagless()


def parts(pieces: list[Piece]) -> tuple[str, str]:
    assert all(piece.text for piece in pieces)
    thoughts = "".join(piece.text for piece in pieces if piece.kind == "thought")
    return thoughts, "".join(piece.text for piece in pieces if piece.kind == "answer")


def read(format: Format, text: str) -> tuple[str, str]:
    reader = format.reader()
    return parts(reader.feed(text) + reader.finish())


STREAMED = [
    # format, text, thoughts, answer
    (OPEN, "hm</think>yes", "hm", "yes"),
    (OPEN, "hm\n</think>\n\nyes\n", "hm", "yes\n"),
    (OPEN, "hm\n\n\n</think> \n yes", "hm\n", "yes"),
    (OPEN, "no end", "no end", ""),  # cut off while thinking: all of it is thought
    (OPEN, "no end\n", "no end\n", ""),
    (OPEN, "", "", ""),
    (OPEN, "</think>yes", "", "yes"),
    (OPEN, "<think>\nhm</think>yes", "hm", "yes"),  # the model repeats the prompt's tag
    (OPEN, "\n <think>hm</think>yes", "hm", "yes"),
    (OPEN, "what does <think> mean?</think>yes", "what does <think> mean?", "yes"),
    (OPEN, "hm</think>a tag is </think>, see", "hm", "a tag is </think>, see"),
    (OPEN, "hm</think>b<think>c</think>d", "hm", "b<think>c</think>d"),
    (OPEN, "a < b, a </thin b</think>c", "a < b, a </thin b", "c"),
    (OPEN, "hm</think", "hm</think", ""),
    (OPEN, "hm</think>", "hm", ""),
    (OPEN, "hm</think>\n\n", "hm", ""),
    (CLOSED, "<think>\nhm\n</think>\n\nyes", "hm", "yes"),
    (CLOSED, "  <think>hm</think>yes", "hm", "yes"),
    (CLOSED, "yes", "", "yes"),
    (CLOSED, "yes <think>no</think>", "", "yes <think>no</think>"),
    (CLOSED, "<thin", "", "<thin"),
    (CLOSED, "  ", "", "  "),
    (Tagged("[THINK]", "[/THINK]"), "hm[/THINK]yes", "hm", "yes"),
    (TAGLESS, "hm\n\n**Final Answer**\n\n\\[ \\boxed{5} \\]", "hm", "\\[ \\boxed{5} \\]"),
    (TAGLESS, "hm\n**Final Answer:** five", "hm", "five"),
    (TAGLESS, "hm\n**Final answer**: five", "hm", "five"),
    (TAGLESS, "**Final Answer**\nfive", "", "five"),
    (TAGLESS, "then **Final Answer** follows\nhm", "then **Final Answer** follows\nhm", ""),
    (TAGLESS, "a\n**Final Answer**\nb\n**Final Answer**\nc", "a", "b\n**Final Answer**\nc"),
    (TAGLESS, "a\n**Final Ans", "a\n**Final Ans", ""),
    (TAGLESS, "*a**Final Answer**b", "*a**Final Answer**b", ""),
    (TAGLESS, "no marker", "no marker", ""),
]


@pytest.mark.parametrize(("format", "text", "thoughts", "answer"), STREAMED)
def test_streamed(format: Format, text: str, thoughts: str, answer: str) -> None:
    assert read(format, text) == (thoughts, answer)
    reader, pieces = format.reader(), []
    for character in text:
        pieces += reader.feed(character)
        reader = reader.copy()
    assert parts(pieces + reader.finish()) == (thoughts, answer)


SPLIT = [
    (OPEN, "hm</think>yes", "hm", "yes"),
    (OPEN, "no end", "no end", ""),
    (CLOSED, "hm\n</think>\n\nyes", "hm", "yes"),  # closed, never opened
    (CLOSED, "<think>hm</think>yes", "hm", "yes"),
    (CLOSED, "yes", "", "yes"),
    (TAGLESS, "a\n\nb\n\n**Final Answer**\n\n5", "a\n\nb", "5"),
    (TAGLESS, "a\n\nb\n\nso it is 5.\n", "a\n\nb", "so it is 5."),
    (TAGLESS, "a\n \n\nb", "a", "b"),
    (TAGLESS, "a\n\nso \\boxed{5}\n\nHope that helps!", "a", "so \\boxed{5}\n\nHope that helps!"),
    (TAGLESS, "a\n\n\\boxed{5}\n\nwait\n\n\\boxed{6}.", "a\n\n\\boxed{5}\n\nwait", "\\boxed{6}."),
    (TAGLESS, "one line", "", "one line"),
    (TAGLESS, "a\n\nb\n\n**Final Answer**\n\n", "a", "b"),  # cut off before the answer
    (TAGLESS, "**Final Answer**", "", "**Final Answer**"),
    (TAGLESS, "", "", ""),
]


@pytest.mark.parametrize(("format", "text", "thoughts", "answer"), SPLIT)
def test_split(format: Format, text: str, thoughts: str, answer: str) -> None:
    assert format.split(text) == (thoughts, answer)


TAG_ATOMS = ("<think>", "</think>", "<", "</", "thi", "nk>", "\n", "\n\n", " ", "word", "中😀")
FINAL_ATOMS = (
    "**",
    "*",
    "**Final Answer**",
    "**Final answer:**",
    "**Final",
    " Answer",
    ":",
    "**Final Answer:",
)
BOX_ATOMS = ("\\boxed{", "}", "{", "\\", "boxed")
atoms = st.sampled_from(TAG_ATOMS + FINAL_ATOMS + BOX_ATOMS)
model_texts = st.lists(atoms | st.text(max_size=3), max_size=14).map("".join)
formats = st.sampled_from([OPEN, CLOSED, TAGLESS])


def state(reader: Reader) -> tuple[object, ...]:
    return reader.phase, reader.boxed


@settings(max_examples=400)
@given(formats, model_texts, st.data())
@example(TAGLESS, "a\n\n\n**Final Answer:**: b", None)
def test_every_split_of_the_text_reads_the_same(
    format: Format, text: str, data: st.DataObject | None
) -> None:
    whole = format.reader()
    expected = parts(whole.feed(text) + whole.finish())
    if data is None:
        cuts = list(range(len(text) + 1))
    else:
        cuts = sorted({0, len(text), *data.draw(st.lists(st.integers(0, len(text)), max_size=8))})
    reader, pieces = format.reader(), []
    for begin, end in pairwise(cuts):
        pieces += reader.feed(text[begin:end])
        reader = reader.copy()
    assert parts(pieces + reader.finish()) == expected
    assert state(reader) == state(whole)


@given(formats, model_texts)
def test_a_copy_is_independent(format: Format, text: str) -> None:
    reader, untouched = format.reader(), format.reader()
    pieces = reader.feed(text)
    untouched.feed(text)
    twin = reader.copy()
    twin.feed("</think>\n**Final Answer**\n\\boxed{other}")
    assert state(reader) == state(untouched)
    assert parts(pieces + reader.finish()) == read(format, text)


MARKER = re.compile(r"(\s*<think>\s*|\n{0,2}</think>\s*|\n{0,2}\*\*[Ff]inal [Aa]nswer:?\*\*[\s:]*)?")
TWO_MARKERS = re.compile(r"(\s*<think>\s*)?(\n{0,2}</think>\s*)?")


@given(formats, model_texts)
def test_nothing_is_lost(format: Format, text: str) -> None:
    """Text = marker, thoughts, marker, answer, where a marker may be absent."""
    thoughts, answer = read(format, text)
    assert text.endswith(answer)
    rest = text[: len(text) - len(answer)]
    if not thoughts:
        assert TWO_MARKERS.fullmatch(rest) or MARKER.fullmatch(rest)
        return
    splits = [m.start() for m in re.finditer(f"(?={re.escape(thoughts)})", rest)]
    assert any(MARKER.fullmatch(rest[:at]) and MARKER.fullmatch(rest[at + len(thoughts) :]) for at in splits)


FINALS = [f"**{f}inal {a}nswer{colon}**" for f, a, colon in product("Ff", "Aa", ("", ":"))]
CLOSERS = ["\n" * n + marker for n in range(3) for marker in ("</think>", *FINALS)]


@given(formats, model_texts)
def test_only_what_may_become_a_marker_is_held_back(format: Format, text: str) -> None:
    reader = format.reader()
    reader.feed(text)
    held = "".join(piece.text for piece in reader.finish())
    opening = text == held and "<think>".startswith(held.strip())
    assert opening or any(marker.startswith(held) and marker != held for marker in CLOSERS)


@given(model_texts)
def test_a_tagless_answer_is_never_blank(text: str) -> None:
    thoughts, answer = TAGLESS.split(text)
    assert bool(answer.strip()) == bool(text.strip())
    assert "".join(text.split()).endswith("".join(answer.split()))
    assert text.startswith(thoughts)


@pytest.mark.parametrize("format", [OPEN, CLOSED, TAGLESS])
@given(thoughts=st.text(alphabet="ab \n<*", max_size=12))
def test_closing_ends_the_thoughts_wherever_they_stand(format: Format, thoughts: str) -> None:
    reader = format.reader(thinking=True)
    reader.feed("x" + thoughts)
    assert reader.phase == "thought"
    assert not [piece for piece in reader.feed(format.closing) if piece.kind == "answer"]
    assert reader.phase == "answer"
    assert reader.feed("yes") == [Piece("answer", "yes")]


def test_the_phase_follows_the_stream() -> None:
    reader = CLOSED.reader()
    phases = []
    for text in ("\n", "<think>", "\n", "hm", "\n</thi", "nk>", "\n\n", "yes \\boxed{4", "}"):
        reader.feed(text)
        phases.append((reader.phase, reader.boxed))
    assert phases == [
        ("answer", None),
        *[("thought", None)] * 4,
        *[("answer", None)] * 3,
        ("answer", "4"),
    ]


def test_a_reader_can_begin_in_the_answer() -> None:
    for format in (OPEN, CLOSED, TAGLESS):
        assert format.reader(thinking=False).feed("yes") == [Piece("answer", "yes")]


QWQ_END = "{%- if add_generation_prompt %}\n    {{- '<|im_start|>assistant\\n<think>\\n' }}\n{%- endif %}\n"
QWEN3_END = (
    "{%- if add_generation_prompt %}\n    {{- '<|im_start|>assistant\\n' }}\n"
    "    {%- if enable_thinking is defined and enable_thinking is false %}\n"
    "        {{- '<think>\\n\\n</think>\\n\\n' }}\n    {%- endif %}\n{%- endif %}"
)
PLAIN_END = "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
HISTORY = "{%- set content = message.content.split('</think>')[-1].lstrip('\\n') %}<think>"
QWEN25 = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."


@pytest.mark.parametrize(
    ("think_token", "template", "expected"),
    [
        (True, HISTORY + QWQ_END, Tagged(starts_open=True)),
        (True, HISTORY + QWEN3_END, Tagged(starts_open=False)),
        (True, HISTORY + PLAIN_END, Tagged(starts_open=False)),  # R1 before February 2025
        (True, "", Tagged(starts_open=True)),
        (False, HISTORY + QWQ_END, Tagged(starts_open=True)),  # tags that are only text
        (False, "", Tagless(system=PREVIEW_SYSTEM)),
        (False, f"<|im_start|>system\\n{PREVIEW_SYSTEM}<|im_end|>\\n" + PLAIN_END, Tagless(PREVIEW_SYSTEM)),
        (False, f"<|im_start|>system\\n{QWEN25}<|im_end|>\\n" + PLAIN_END, Tagless(QWEN25)),
        (False, PLAIN_END, Tagless("")),
    ],
)
def test_detect(think_token: bool, template: str, expected: Format) -> None:
    text = tokenizer_json() if think_token else tokenizer_json(*CHATML_TOKENS, special_false=())
    assert detect(tokenizer(text), template) == expected


def test_detect_r1_distill() -> None:
    template = "{{bos_token}}{% if add_generation_prompt %}{{'<｜Assistant｜><think>\\n'}}{% endif %}"
    assert detect(tokenizer(tokenizer_json(*DEEPSEEK_TOKENS)), template) == Tagged()


def tokenizer(text: str) -> Tokenizer:
    return Tokenizer(json.loads(text))


@pytest.mark.parametrize("format", [OPEN, TAGLESS])
@pytest.mark.parametrize(
    "text", ["\n" * 300_000, "<" * 300_000, "\n**" * 100_000, "</think" * 40_000, "word " * 60_000]
)
def test_long_hostile_streams_take_linear_time(format: Format, text: str) -> None:
    reader, start = format.reader(), time.perf_counter()
    count = 0
    for place in range(0, len(text), 4):
        count += sum(len(piece.text) for piece in reader.feed(text[place : place + 4]))
    count += sum(len(piece.text) for piece in reader.finish())
    assert count == len(text)
    assert time.perf_counter() - start < 5
