"""The tokenizer: every text comes back, numbers and task words are single tokens."""

import json
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from mull import tasks
from mull.model.tokenizer import Tokenizer as OurTokenizer
from mull.train import tokenizer as tokenizers

EMBEDDED = Path(tasks.__file__).parents[1] / "embedded" / "tokenizer.json"


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
        ("x=12", ["x", "=", "12"]),
        ("394 + 323", ["3", "9", "4", " +", " ", "3", "2", "3"]),
        ("[7,8,11]", ["[", "7", ",", "8", ",", "11", "]"]),
        ("so make 5", [" make", " 5"]),
        ("100 7 42", ["1", "0", "0", " 7", " ", "42"]),
        ("is \\boxed{12}.", [" \\boxed{", "12", "}", "."]),
        (" so\n\n", [" so", "\n", "\n"]),
    ],
)
def test_pieces(tokenizer: Tokenizer, text: str, pieces: list[str]) -> None:
    found = [tokenizer.decode([token], skip_special_tokens=False) for token in tokenizer.encode(text).ids]
    assert "".join(found) == text
    assert found[-len(pieces) :] == pieces


def test_numbers_below_100_are_single_tokens(tokenizer: Tokenizer) -> None:
    assert all(len(tokenizer.encode(str(n)).ids) == 1 for n in range(100))
    assert all(len(tokenizer.encode(f" {n}").ids) == 1 for n in range(10))


def test_task_words_are_single_tokens(tokenizer: Tokenizer) -> None:
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
    assert spelled < total / 1000


def test_size_and_control_tokens(tokenizer: Tokenizer) -> None:
    assert tokenizer.get_vocab_size() <= tokenizers.SIZE
    for token in tokenizers.SPECIALS:
        assert tokenizer.encode(token).ids == [tokenizer.token_to_id(token)]


def test_building_is_deterministic(tokenizer: Tokenizer) -> None:
    assert tokenizers.build(samples=60).to_str() == tokenizer.to_str()


def test_alike_pairs_differ_only_in_case_and_space(tokenizer: Tokenizer) -> None:
    pairs = tokenizers.alike(tokenizer)
    assert (tokenizer.token_to_id("4"), tokenizer.encode(" 4").ids[0]) in pairs
    for one, other in pairs:
        a, b = tokenizer.decode([one]), tokenizer.decode([other])
        assert a != b
        assert a == b.strip() or a == b.strip().lower()


def test_the_embedded_tokenizer_has_the_same_entries() -> None:
    """Its ids were given when it was trained; families may count their words otherwise since."""
    built = tokenizers.build()
    assert set(Tokenizer.from_file(str(EMBEDDED)).get_vocab()) == set(built.get_vocab())
