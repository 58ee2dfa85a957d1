"""The tokenizer: every text comes back, digits and task words are single tokens."""

import json
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from mull import tasks
from mull.model.tokenizer import Tokenizer as OurTokenizer
from mull.train import tokenizer as tokenizers


@given(text=st.text())
def test_any_text_comes_back_unchanged(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) == text


@given(text=st.text(alphabet="0123456789 +-*/=,.[]()\nxyes|\\boxed{}answerΔé"))
def test_ours_and_the_library_agree(tokenizer: Tokenizer, text: str) -> None:
    ours = OurTokenizer(json.loads(tokenizer.to_str()))
    assert ours.encode(text) == tokenizer.encode(text).ids


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("x=12", ["x", "=", "1", "2"]),
        ("394 + 323", ["3", "9", "4", " +", " ", "3", "2", "3"]),
        ("[7,8,11]", ["[", "7", ",", "8", ",", "1", "1", "]"]),
        ("2*(3+4))", ["2", "*", "(", "3", "+", "4", ")", ")"]),
        ("x is \\boxed{12}.", ["x", " is", " \\", "boxed", "{", "1", "2", "}", "."]),
        (" no\n\n", [" no", "\n", "\n"]),
    ],
)
def test_pieces(tokenizer: Tokenizer, text: str, pieces: list[str]) -> None:
    found = [tokenizer.decode([token], skip_special_tokens=False) for token in tokenizer.encode(text).ids]
    assert found == pieces


def test_it_is_the_tokenizer_of_qwen2(tokenizer: Tokenizer, tmp_path: Path) -> None:
    """transformers builds its own pre-tokenizer for Qwen2, whatever the file says: the same ids come out."""
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "config.json").write_text('{"model_type": "qwen2"}')
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    for family in tasks.families():
        problem = family.problem("train", 3, 0)
        text = problem.question + "\n" + "".join(part.text for part in family.trace(problem, Random(0)))
        assert theirs.encode(text) == tokenizer.encode(text).ids


def test_nearly_all_task_words_are_single_tokens(tokenizer: Tokenizer) -> None:
    letters = {
        tokenizer.token_to_id(letter) for letter in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    }
    spelled = total = 0
    for family in tasks.families():
        for index in range(1000, 1040):
            problem = family.problem("train", 2, index)
            thoughts = "".join(part.text for part in family.trace(problem, Random(index)))
            ids = tokenizer.encode(f"{problem.question}\n{thoughts}").ids
            total += len(ids)
            spelled += sum(a in letters and b in letters for a, b in pairwise(ids))
    assert spelled < total / 250  # word problems have more words than the vocabulary has room for


def test_size_and_control_tokens(tokenizer: Tokenizer) -> None:
    assert tokenizer.get_vocab_size() <= tokenizers.SIZE
    for token in tokenizers.SPECIALS:
        assert tokenizer.encode(token).ids == [tokenizer.token_to_id(token)]


def test_building_is_deterministic(tokenizer: Tokenizer) -> None:
    assert tokenizers.build(samples=60).to_str() == tokenizer.to_str()


def test_alike_pairs_differ_only_in_case_and_space(tokenizer: Tokenizer) -> None:
    pairs = tokenizers.alike(tokenizer)
    assert (tokenizer.token_to_id("Ann"), tokenizer.encode(" Ann").ids[0]) in pairs
    for one, other in pairs:
        a, b = tokenizer.decode([one]), tokenizer.decode([other])
        assert a != b
        assert a == b.strip() or a == b.strip().lower()
