import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import Qwen2Config, Qwen3Config

from mull.errors import CheckpointError
from mull.model.config import Config
from tests.model.builders import QWQ_PREVIEW, TINY

QWEN3 = TINY | {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "head_dim": 16}


def test_qwq_preview() -> None:
    config = Config.parse(QWQ_PREVIEW)
    assert (config.num_layers, config.hidden_size, config.head_dim) == (64, 5120, 128)
    assert (config.num_heads, config.num_kv_heads) == (40, 8)
    assert (config.context, config.norm_eps, config.rope.theta) == (32768, 1e-5, 1e6)
    assert config.qkv_bias
    assert not config.qk_norm
    assert not config.tied_embeddings


@pytest.mark.parametrize(("raw", "peer"), [(TINY, Qwen2Config), (QWEN3, Qwen3Config)])
@pytest.mark.parametrize("left_out", [None, "head_dim", "rms_norm_eps", "rope_theta", "tie_word_embeddings"])
def test_defaults_are_those_of_transformers(raw, peer, left_out) -> None:
    raw = {key: value for key, value in raw.items() if key != left_out}
    ours, theirs = Config.parse(raw), peer(**raw)
    assert ours.num_kv_heads == theirs.num_key_value_heads
    assert ours.norm_eps == theirs.rms_norm_eps
    assert ours.rope.theta == theirs.rope_parameters["rope_theta"]
    if peer is Qwen3Config:
        assert ours.head_dim == theirs.head_dim
    assert ours.tied_embeddings == theirs.tie_word_embeddings


def test_both_spellings_of_the_rotary_settings() -> None:
    yarn = {"factor": 4.0, "original_max_position_embeddings": 256}
    old = Config.parse(TINY | {"rope_theta": 5e5, "rope_scaling": {"type": "yarn", **yarn}})
    new = {key: value for key, value in TINY.items() if key != "rope_theta"}
    new |= {"rope_parameters": {"rope_type": "yarn", "rope_theta": 5e5, **yarn}}
    assert old == Config.parse(new)
    assert old.context == 1024  # four times the trained context, though max_position_embeddings says 256


@pytest.mark.parametrize(
    ("change", "windowed"),
    [
        ({"use_sliding_window": False, "sliding_window": 64}, False),
        ({"use_sliding_window": True, "sliding_window": 64, "max_window_layers": 2}, False),
        ({"use_sliding_window": True, "sliding_window": 64, "max_window_layers": 1}, True),
        ({"use_sliding_window": True, "sliding_window": None, "max_window_layers": 1}, False),
        ({"use_sliding_window": True, "max_window_layers": 1}, True),
        ({"use_sliding_window": True}, False),
        ({"use_sliding_window": True, "num_hidden_layers": 29}, True),
        ({"layer_types": ["full_attention"] * 2, "sliding_window": 64}, False),
        ({"layer_types": ["full_attention", "sliding_attention"]}, True),
    ],
)
def test_sliding_windows_are_told_as_transformers_tells_them(change, windowed) -> None:
    theirs = Qwen2Config(**(TINY | change))
    assert windowed == any(kind == "sliding_attention" for kind in theirs.layer_types)
    if windowed:
        with pytest.raises(CheckpointError, match="sliding-window"):
            Config.parse(TINY | change)
    else:
        Config.parse(TINY | change)


BAD = [
    ({"architectures": ["LlamaForCausalLM"]}, "LlamaForCausalLM is not supported"),
    ({"architectures": [["Qwen2ForCausalLM"]]}, "is not supported"),
    ({"architectures": None, "model_type": "gpt2"}, "gpt2 is not supported"),
    ({"architectures": None, "model_type": None}, "none named"),
    ({"auto_map": {"AutoModel": "modeling.Model"}}, "no code"),
    ({"quantization_config": {"bits": 4}}, "pre-quantized"),
    ({"hidden_size": 0}, "hidden_size"),
    ({"hidden_size": 1 << 40}, "hidden_size"),
    ({"hidden_size": "32"}, "hidden_size"),
    ({"hidden_size": True}, "hidden_size"),
    ({"hidden_size": None}, "hidden_size"),
    ({"hidden_size": 2}, "head_dim"),
    ({"num_hidden_layers": 10**9}, "num_hidden_layers"),
    ({"num_key_value_heads": 3}, "not a multiple"),
    ({"head_dim": 7}, "odd"),
    ({"hidden_act": "gelu"}, "hidden_act"),
    ({"rms_norm_eps": 0}, "rms_norm_eps"),
    ({"rms_norm_eps": math.nan}, "rms_norm_eps"),
    ({"rms_norm_eps": "small"}, "rms_norm_eps"),
    ({"rope_theta": 1.0}, "rope_theta"),
    ({"rope_theta": 10**400}, "rope_theta"),
    ({"rope_scaling": "yarn"}, "must be JSON objects"),
    ({"rope_scaling": {"type": "dynamic", "factor": 2.0}}, "dynamic"),
    ({"rope_scaling": {"type": ["yarn"], "factor": 2.0}}, "not supported"),
    ({"rope_scaling": {"type": "linear"}}, "factor"),
    ({"rope_scaling": {"type": "yarn", "factor": 0.5}}, "factor"),
    ({"rope_scaling": {"type": "yarn", "factor": 2.0, "mscale": 1.0}}, "mscale"),
    ({"rope_parameters": {"partial_rotary_factor": 0.5}}, "partial_rotary_factor"),
    ({"architectures": ["Qwen3ForCausalLM"], "attention_bias": True}, "attention_bias"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_what_cannot_run_says_why(change, message) -> None:
    with pytest.raises(CheckpointError, match=message):
        Config.parse(TINY | change)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not valid JSON"),
        (b"", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"[]", "JSON object"),
        (b'{"hidden_size": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (json.dumps(TINY | {"vocab_size": 0}).encode(), "vocab_size"),
    ],
)
def test_a_bad_file_is_named_in_the_error(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=message) as error:
        Config.load(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_says_what_a_model_folder_needs(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="Hugging Face layout"):
        Config.load(tmp_path / "config.json")


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_ROPE_KEYS = ("rope_type", "type", "factor", "original_max_position_embeddings", "beta_fast", "rope_theta")
_ROPE = st.dictionaries(
    st.sampled_from((*_ROPE_KEYS, "attention_factor", "truncate")),
    _VALUES | st.sampled_from(["yarn", "linear", 2.0, 64]),
)


@given(
    st.dictionaries(st.sampled_from([*TINY, "layer_types", "head_dim", "max_window_layers"]), _VALUES),
    st.none() | _ROPE,
)
def test_any_json_gives_a_config_or_a_clear_error(change, rope) -> None:
    try:
        config = Config.parse(TINY | change | {"rope_scaling": rope})
    except CheckpointError:
        return
    assert config.hidden_size >= 1
    assert config.rope.theta > 1
