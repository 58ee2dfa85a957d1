import json
import time
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tokenizers import Tokenizer as Library
from tokenizers import decoders, models, pre_tokenizers

from mull.errors import CheckpointError
from mull.model.tokenizer import LONG, Tokenizer
from tests.model.builders import CHATML_TOKENS, THINK_TOKENS, save_tokenizer, tokenizer_json

RAW = json.loads(tokenizer_json())
TOKENIZER = Tokenizer(RAW)
LIBRARY = Library.from_str(tokenizer_json())
CONTROL = (*CHATML_TOKENS, *THINK_TOKENS)

# Text as people write it, and text that tries to be a control token.
texts = st.text(max_size=60)
hostile = st.lists(
    st.sampled_from([*CONTROL, "<|im_", "end|>", "<", "think>", "|", "im_start", " ", "\n"]) | texts,
    max_size=8,
).map("".join)
id_lists = st.lists(st.integers(0, TOKENIZER.vocab_size - 1), max_size=40)


@given(texts)
@example("Hello, world! 12*13=156\n\n  naïve 中文 👍🏽\r\n\t x")
def test_plain_text_has_the_ids_the_library_gives(text: str) -> None:
    if not any(token in text for token in CONTROL):
        assert TOKENIZER.encode(text) == LIBRARY.encode(text, add_special_tokens=False).ids


def test_a_long_text_is_read_once_and_its_ids_are_the_callers() -> None:
    text = "12*13=156, " * (LONG // 8)
    ids = TOKENIZER.encode(text)
    assert ids == LIBRARY.encode(text, add_special_tokens=False).ids
    ids.clear()
    hits = TOKENIZER._long.cache_info().hits
    assert TOKENIZER.encode(text)
    assert TOKENIZER._long.cache_info().hits == hits + 1


@given(hostile)
def test_no_text_yields_a_control_id(text: str) -> None:
    ids = TOKENIZER.encode(text)
    assert not set(ids) & set(TOKENIZER.control.values())
    assert TOKENIZER.decode(ids) == unicodedata.normalize("NFC", text)  # the family's own normaliser


@given(hostile)
def test_scaffold_is_how_the_library_reads_a_rendered_template(text: str) -> None:
    assert TOKENIZER.scaffold(text) == LIBRARY.encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize("ignore_merges", [False, True])
def test_control_tokens_inside_the_vocabulary_stay_out_of_reach(ignore_merges: bool) -> None:
    """Trainers put special tokens into the vocabulary itself, where merges could spell them out."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = ["<e", "nd", "nd>", "<end>", "<end>s"]
    vocab = {token: n for n, token in enumerate([*alphabet, *pieces])}
    merges = [("<", "e"), ("n", "d"), ("nd", ">"), ("<e", "nd>"), ("<end>", "s")]
    library = Library(models.BPE(vocab, merges, ignore_merges=ignore_merges))
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    library.decoder = decoders.ByteLevel()
    assert library.encode("<end>").ids == [vocab["<end>"]]  # reachable without a single added token
    library.add_special_tokens(["<end>"])
    tokenizer = Tokenizer(json.loads(library.to_str()))
    assert tokenizer.control == {"<end>": vocab["<end>"]}
    for text in ("<end>", "<end>s", "a<end>", "<end><end>"):
        ids = tokenizer.encode(text)
        assert vocab["<end>"] not in ids
        assert tokenizer.decode(ids) == text
    assert tokenizer.scaffold("a<end>") == [vocab["a"], vocab["<end>"]]


def test_ids_are_those_of_the_file_even_with_gaps() -> None:
    """The library renumbers added tokens that do not follow the vocabulary; the weights do not."""
    tokens = [token | {"id": token["id"] + 100} for token in RAW["added_tokens"]]
    tokenizer = Tokenizer(RAW | {"added_tokens": tokens})
    assert tokenizer.control_id("<|im_end|>") == TOKENIZER.control_id("<|im_end|>") + 100
    assert tokenizer.vocab_size == TOKENIZER.vocab_size + 100
    gap = TOKENIZER.vocab_size + 10
    assert tokenizer.token_bytes(gap) == b""
    assert tokenizer.decode([gap]) == ""


def test_nothing_else_in_the_file_adds_or_cuts_ids() -> None:
    library = Library.from_str(tokenizer_json())
    library.enable_truncation(3)
    library.enable_padding(length=50)
    from tokenizers.processors import TemplateProcessing

    end = TOKENIZER.control_id("<|im_end|>")
    library.post_processor = TemplateProcessing(single="$A <|im_end|>", special_tokens=[("<|im_end|>", end)])
    raw = json.loads(library.to_str())
    raw["model"]["dropout"] = 0.9
    raw["model"]["unk_token"] = "<|im_end|>"
    text = "The quick brown fox thinks step by step."
    assert Tokenizer(raw).encode(text) == TOKENIZER.encode(text)


def test_merges_in_the_old_spelling() -> None:
    model = RAW["model"] | {"merges": [" ".join(pair) for pair in RAW["model"]["merges"]]}
    text = "The quick brown fox\n\n中文"
    assert Tokenizer(RAW | {"model": model}).encode(text) == TOKENIZER.encode(text)


@given(id_lists)
def test_decode_is_the_library_s(ids: list[int]) -> None:
    assert TOKENIZER.decode(ids, control=False) == library_decode(ids)
    assert TOKENIZER.decode(ids) == b"".join(map(TOKENIZER.token_bytes, ids)).decode("utf-8", "replace")


def library_decode(ids: list[int]) -> str:
    plain = Library.from_str(json.dumps(RAW | {"added_tokens": []}))
    return plain.decode([id for id in ids if id not in set(TOKENIZER.control.values())])


@given(id_lists, st.integers(0, 40))
def test_incremental_decoding_equals_decoding_all(ids: list[int], cut: int) -> None:
    whole = TOKENIZER.decode(ids)
    decoder = TOKENIZER.decoder()
    pieces = [decoder.push(id) for id in ids[:cut]]
    twin, resumed = decoder.copy(), TOKENIZER.decoder(after=ids[:cut])
    for other in (decoder, twin, resumed):
        rest = [other.push(id) for id in ids[cut:]]
        assert "".join(pieces + rest) + other.flush() == whole
        assert other.flush() == ""


@given(st.text(min_size=1, max_size=20))
def test_no_half_characters_are_emitted(text: str) -> None:
    decoder = TOKENIZER.decoder()
    text = unicodedata.normalize("NFC", text)
    shown = ""
    for id in TOKENIZER.encode(text):
        shown += decoder.push(id)
        assert text.startswith(shown)
    assert shown == text
    assert decoder.flush() == ""


def test_resuming_inside_a_character() -> None:
    ids = [RAW["model"]["vocab"][token] for token in "aðŁĺĢa"]  # an emoji, a token for each byte
    for cut in range(len(ids) + 1):
        before, decoder = TOKENIZER.decoder(), TOKENIZER.decoder(after=ids[:cut])
        text = "".join(before.push(id) for id in ids[:cut]) + "".join(decoder.push(id) for id in ids[cut:])
        assert text == "a😀a"


def test_of_two_control_tokens_the_longer_is_read() -> None:
    tokenizer = Tokenizer(added({"id": 600, "content": "<end>"}, {"id": 601, "content": "<end>!"}))
    assert tokenizer.scaffold("<end>!<end>") == [601, 600]


def test_a_cut_character_is_replaced_at_the_end_only() -> None:
    ids = [RAW["model"]["vocab"][token] for token in "ðŁĺ"]  # three of the four bytes of an emoji
    decoder = TOKENIZER.decoder()
    assert [decoder.push(id) for id in ids] == ["", "", ""]
    assert decoder.copy().push(RAW["model"]["vocab"]["Ģ"]) == "😀"
    assert decoder.flush() == "\N{REPLACEMENT CHARACTER}"


def test_ids_outside_the_vocabulary_decode_to_nothing() -> None:
    """Networks are padded beyond the tokenizer, so such an id can be sampled."""
    decoder = TOKENIZER.decoder()
    assert [decoder.push(id) for id in (TOKENIZER.vocab_size, 10**9, -1)] == ["", "", ""]
    assert TOKENIZER.decode([TOKENIZER.vocab_size, -1]) == ""


def test_control_tokens_decode_to_their_text_or_are_left_out() -> None:
    ids = TOKENIZER.scaffold("<think>\nhm</think>")
    assert TOKENIZER.decode(ids) == "<think>\nhm</think>"
    assert TOKENIZER.decode(ids, control=False) == "\nhm"


def test_what_is_no_text_becomes_a_question_mark() -> None:
    assert TOKENIZER.decode(TOKENIZER.encode("a\ud800b")) == "a?b"


def test_a_missing_control_token_is_named() -> None:
    with pytest.raises(CheckpointError, match=r"has no token <\|eot\|>"):
        TOKENIZER.control_id("<|eot|>")


def changed(**parts: Any) -> dict[str, Any]:
    return RAW | parts


def model(**parts: Any) -> dict[str, Any]:
    return RAW | {"model": RAW["model"] | parts}


def added(*tokens: Any) -> dict[str, Any]:
    return RAW | {"added_tokens": list(tokens)}


BAD = [
    ({}, "damaged"),
    (changed(model=None), "damaged"),
    (changed(decoder=None), "not a byte-level BPE"),
    (changed(decoder={"type": "WordPiece"}), "not a byte-level BPE"),
    (changed(pre_tokenizer=None), "not a byte-level BPE"),
    (changed(pre_tokenizer={"type": "Whitespace"}), "not a byte-level BPE"),
    (changed(pre_tokenizer={"type": "ByteLevel", "add_prefix_space": True}), "add_prefix_space"),
    (changed(normalizer={"type": "Nonsense"}), "damaged"),
    (model(type="Unigram"), "not a byte-level BPE"),
    (model(vocab={}), "256 of the 256 byte tokens"),
    (model(vocab=["a"]), "damaged"),
    (model(vocab=RAW["model"]["vocab"] | {"new": "7"}), "damaged"),
    (model(vocab=RAW["model"]["vocab"] | {"new": 7}), "share an id"),
    (model(vocab=RAW["model"]["vocab"] | {"new": -1}), "out of range"),
    (model(vocab=RAW["model"]["vocab"] | {"new": 1 << 40}), "out of range"),
    (model(merges=[["no", "such"]]), "damaged"),
    (model(merges=[["a"]]), "damaged"),
    (added({"id": 600}), "damaged"),
    (added({"content": "<x>", "id": "x"}), "damaged"),
    (added({"content": "<x>", "id": 5}), "share an id"),
    (added({"content": "", "id": 600}), "added token is empty"),
    (added({"content": "a", "id": RAW["model"]["vocab"]["a"]}), "1 of the 256 byte tokens"),
]


@pytest.mark.parametrize(("raw", "message"), BAD)
def test_a_file_that_cannot_serve_says_why(tmp_path: Path, raw: dict[str, Any], message: str) -> None:
    save_tokenizer(tmp_path, json.dumps(raw))
    with pytest.raises(CheckpointError, match=message) as error:
        Tokenizer.load(tmp_path)
    assert str(tmp_path / "tokenizer.json") in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_or_broken_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not found"):
        Tokenizer.load(tmp_path)
    save_tokenizer(tmp_path, tokenizer_json()[:-100])
    with pytest.raises(CheckpointError, match="not valid JSON"):
        Tokenizer.load(tmp_path)


def test_decoding_is_cheap_enough_for_the_hot_loop() -> None:
    """Below 2 µs a token on an idle machine by far; the bound leaves room for a busy one."""
    ids = TOKENIZER.encode("The quick brown fox thinks, 你好 😀. " * 500)
    best = float("inf")
    for _ in range(5):
        decoder, start = TOKENIZER.decoder(), time.perf_counter()
        for id in ids:
            decoder.push(id)
        best = min(best, (time.perf_counter() - start) / len(ids))
    assert best < 2e-6


def test_a_large_vocabulary_loads_in_acceptable_time(tmp_path: Path) -> None:
    """151,643 tokens, the size of Qwen's; about half a second on an idle core."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    letters = alphabet[:64]
    pairs = [(a, b) for a in alphabet for b in letters]
    triples = [(a + b, c) for a, b in pairs for c in letters]
    merges = [*pairs, *triples][: 151_643 - 256]
    vocab = {token: n for n, token in enumerate([*alphabet, *(a + b for a, b in merges)])}
    assert len(vocab) == 151_643
    raw = model(vocab=vocab, merges=merges) | {
        "added_tokens": [{"id": 151_643 + n, "content": token} for n, token in enumerate(CONTROL)]
    }
    save_tokenizer(tmp_path, json.dumps(raw, ensure_ascii=False))
    start = time.perf_counter()
    tokenizer = Tokenizer.load(tmp_path)
    assert time.perf_counter() - start < 5
    assert tokenizer.vocab_size == 151_643 + len(CONTROL)
    assert tokenizer.decode(tokenizer.scaffold("<|im_start|>user\nhi")) == "<|im_start|>user\nhi"
