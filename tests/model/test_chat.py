"""Prompts against what the models' own templates give, and the law that contents cannot break out."""

import json
import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from mull.errors import CheckpointError
from mull.model.chat import ChatError, Message, render
from mull.model.formats import PREVIEW_SYSTEM, Format, Tagged, Tagless
from mull.model.tokenizer import Tokenizer
from tests.model.builders import CHATML_TOKENS, DEEPSEEK_TOKENS, THINK_TOKENS, save_tokenizer, tokenizer_json

CHATML = Tokenizer(json.loads(tokenizer_json()))
DEEPSEEK = Tokenizer(json.loads(tokenizer_json(*DEEPSEEK_TOKENS)))

QWQ_PREVIEW = Tagless(system=PREVIEW_SYSTEM)
QWEN25 = Tagless(system="You are Qwen, created by Alibaba Cloud. You are a helpful assistant.")
QWQ = Tagged(starts_open=True)
QWEN3 = Tagged(starts_open=False)
R1 = Tagged(starts_open=True)

ASK = [Message("user", "What is 12*13?")]
TALK = [
    Message("system", "Be brief."),
    Message("user", "What is 12*13?"),
    Message("assistant", "156.", thoughts="12*13 = 156"),
    Message("user", "And 12*14?"),
]

# What each model's published template renders (add_generation_prompt=True).
EXPECTED = [
    (
        "QwQ-32B-Preview",
        (CHATML, QWQ_PREVIEW, ASK, True),
        "<|im_start|>system\nYou are a helpful and harmless assistant. You are Qwen developed by Alibaba. "
        "You should think step-by-step.<|im_end|>\n<|im_start|>user\nWhat is 12*13?<|im_end|>\n"
        "<|im_start|>assistant\n",
    ),
    (
        "QwQ-32B-Preview, own system",
        (CHATML, QWQ_PREVIEW, TALK, True),
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhat is 12*13?<|im_end|>\n"
        "<|im_start|>assistant\n156.<|im_end|>\n<|im_start|>user\nAnd 12*14?<|im_end|>\n"
        "<|im_start|>assistant\n",
    ),
    (
        "Qwen2.5",
        (CHATML, QWEN25, ASK, True),
        "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n"
        "<|im_start|>user\nWhat is 12*13?<|im_end|>\n<|im_start|>assistant\n",
    ),
    (
        "QwQ-32B",
        (CHATML, QWQ, ASK, True),
        "<|im_start|>user\nWhat is 12*13?<|im_end|>\n<|im_start|>assistant\n<think>\n",
    ),
    (
        "QwQ-32B, old thoughts dropped",
        (CHATML, QWQ, TALK, True),
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhat is 12*13?<|im_end|>\n"
        "<|im_start|>assistant\n156.<|im_end|>\n<|im_start|>user\nAnd 12*14?<|im_end|>\n"
        "<|im_start|>assistant\n<think>\n",
    ),
    (
        "Qwen3",
        (CHATML, QWEN3, ASK, True),
        "<|im_start|>user\nWhat is 12*13?<|im_end|>\n<|im_start|>assistant\n",
    ),
    (
        "Qwen3, thinking off",
        (CHATML, QWEN3, ASK, False),
        "<|im_start|>user\nWhat is 12*13?<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
    ),
    (
        "R1-Distill-Qwen",
        (DEEPSEEK, R1, TALK, True),
        "<｜begin▁of▁sentence｜>Be brief.<｜User｜>What is 12*13?<｜Assistant｜>156.<｜end▁of▁sentence｜>"
        "<｜User｜>And 12*14?<｜Assistant｜><think>\n",
    ),
]


@pytest.mark.parametrize(("_name", "given", "expected"), EXPECTED, ids=[name for name, *_ in EXPECTED])
def test_as_the_published_templates_render(_name, given, expected, tmp_path) -> None:
    tokenizer, format, messages, think = given
    ids = render(messages, tokenizer, format=format, think=think)
    assert tokenizer.decode(ids) == expected
    save_tokenizer(tmp_path, tokenizer_json(*(CHATML_TOKENS if tokenizer is CHATML else DEEPSEEK_TOKENS)))
    peer = PreTrainedTokenizerFast(tokenizer_file=str(tmp_path / "tokenizer.json"))
    assert ids == peer(expected, add_special_tokens=False).input_ids


def test_inline_thoughts_in_the_history_are_dropped_too() -> None:
    inline = [
        ASK[0],
        Message("assistant", "<think>\n12*13 = 156\n</think>\n\n156."),
        Message("user", "And 12*14?"),
    ]
    apart = [ASK[0], Message("assistant", "156.", thoughts="12*13 = 156"), Message("user", "And 12*14?")]
    assert render(inline, CHATML, format=QWQ) == render(apart, CHATML, format=QWQ)


def test_system_prompts() -> None:
    own = render(ASK, CHATML, format=QWQ_PREVIEW, system="Be brief.")
    assert own == render([Message("system", "Be brief."), *ASK], CHATML, format=QWQ_PREVIEW)
    assert "system" not in CHATML.decode(render(ASK, CHATML, format=QWQ_PREVIEW, system=""))


CONTINUED = [
    (QWQ, Message("assistant", "", "12*13 is"), "<think>\n12*13 is"),
    (QWQ, Message("assistant", "It is", "156"), "<think>\n156\n</think>\n\nIt is"),
    (QWQ, Message("assistant", "It is"), "<think>\n\n</think>\n\nIt is"),
    (QWQ, Message("assistant", ""), "<think>\n"),
    (QWEN3, Message("assistant", "", "12*13 is"), "<think>\n12*13 is"),
    (QWEN3, Message("assistant", ""), ""),
    (QWQ_PREVIEW, Message("assistant", "", "12*13 is"), "12*13 is"),
    (QWQ_PREVIEW, Message("assistant", "It is", "156"), "156\n\n**Final Answer**\n\nIt is"),
    (QWQ_PREVIEW, Message("assistant", "It is"), "It is"),
]


@pytest.mark.parametrize(("format", "begun", "expected"), CONTINUED)
def test_continuing_the_assistant(format: Format, begun: Message, expected: str) -> None:
    ids = render([*ASK, begun], CHATML, format=format, continue_final=True)
    assert CHATML.decode(ids).endswith(f"<|im_end|>\n<|im_start|>assistant\n{expected}")
    tags = [CHATML.control[tag] for tag in ("<think>", "</think>") if tag in expected]
    assert all(tag in ids for tag in tags)


def test_thinking_off_while_continuing_nothing() -> None:
    begun = [*ASK, Message("assistant", "")]
    off = render(begun, CHATML, format=QWEN3, think=False, continue_final=True)
    assert off == render(ASK, CHATML, format=QWEN3, think=False)


CONTROL = (*CHATML_TOKENS, *THINK_TOKENS, *DEEPSEEK_TOKENS)
hostile = st.lists(
    st.sampled_from([*CONTROL, "<|im_", "end|>", "\n", "system\n", " ", "<"]) | st.text(max_size=5),
    max_size=6,
).map("".join)
conversations = st.lists(
    st.tuples(st.sampled_from(["user", "assistant"]), hostile), min_size=1, max_size=4
).map(lambda turns: [Message(role, content) for role, content in turns])


def control_count(ids: Sequence[int], tokenizer: Tokenizer) -> int:
    return sum(id in tokenizer.control.values() for id in ids)


@pytest.mark.parametrize("tokenizer", [CHATML, DEEPSEEK], ids=["chatml", "deepseek"])
@pytest.mark.parametrize("format", [QWQ, QWEN3, QWQ_PREVIEW])
@given(system=hostile, messages=conversations, think=st.booleans())
def test_no_content_in_any_role_adds_a_control_id(tokenizer, format, system, messages, think) -> None:
    ids = render(messages, tokenizer, format=format, system=system, think=think)
    blank = [Message(message.role, "") for message in messages]
    scaffold = render(blank, tokenizer, format=format, system="x" if system else "", think=think)
    assert control_count(ids, tokenizer) == control_count(scaffold, tokenizer)


@pytest.mark.parametrize("role", ["system", "user", "assistant"])
@given(content=hostile)
def test_the_content_comes_back_whole(role: str, content: str) -> None:
    """Between the turn's header and its end stands the content, in the family's normal form (NFC)."""
    ids = render(
        [Message(role, content), *ASK], CHATML, format=QWQ_PREVIEW, system="" if role != "system" else None
    )
    start, end = CHATML.control["<|im_start|>"], CHATML.control["<|im_end|>"]
    header = CHATML.encode(f"{role}\n")
    assert ids[0] == start
    assert ids[1 : 1 + len(header)] == header
    region = ids[1 + len(header) : ids.index(end)]
    assert CHATML.decode(region) == unicodedata.normalize("NFC", content)


@given(thoughts=hostile, content=hostile)
def test_a_continued_beginning_adds_no_control_id(thoughts: str, content: str) -> None:
    begun = Message("assistant", content, thoughts)
    ids = render([*ASK, begun], CHATML, format=QWQ, continue_final=True)
    plain = Message("assistant", "x" if content else "", "x" if thoughts else "")
    expected = render([*ASK, plain], CHATML, format=QWQ, continue_final=True)
    assert control_count(ids, CHATML) == control_count(expected, CHATML)


NO_CHAT = Tokenizer(json.loads(tokenizer_json("<|endoftext|>")))
BAD = [
    ([], CHATML, {}, "no message to answer"),
    ([Message("system", "x")], CHATML, {}, "no message to answer"),
    ([Message("tool", "x")], CHATML, {}, "message 0: unknown role 'tool'"),
    ([Message("User", "x")], CHATML, {}, "unknown role 'User'"),
    ([*ASK, Message("user", None)], CHATML, {}, "must be text"),  # type: ignore[arg-type]
    (TALK, CHATML, {"system": "Again."}, "given twice"),
    (ASK, CHATML, {"continue_final": True}, "needs the assistant's message last"),
    ([*ASK, TALK[0]], DEEPSEEK, {}, "only as the first message"),
]


@pytest.mark.parametrize(("messages", "tokenizer", "options", "message"), BAD)
def test_what_makes_no_prompt_says_why(messages, tokenizer, options, message) -> None:
    with pytest.raises(ChatError, match=message):
        render(messages, tokenizer, format=QWQ_PREVIEW, **options)


def test_a_tokenizer_that_cannot_chat_is_named() -> None:
    with pytest.raises(CheckpointError, match=r"<\|im_start\|>"):
        render(ASK, NO_CHAT, format=QWQ)
