"""Tables of a script's tokens are written short in a trace, and nothing is lost by it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mull.engine import Sampling
from mull.engine.scripted import tokenizer
from mull.errors import MullError
from mull.guard.tables import shortened, spelled_out, unlikely
from mull.think.trace import Trace
from mull.trace.replay import replay
from tests.guard.test_guards import LATIN, LanguageGuard, ask, made

TOKENIZER = tokenizer()
NAMES = ("Han", "Cyrillic", "Greek")


@given(
    names=st.sets(st.sampled_from(NAMES)),
    bias=st.dictionaries(st.integers(0, 255), st.sampled_from([-20.0, 2.0, float("-inf")]), max_size=12),
)
def test_short_settings_spell_out_as_what_they_were(names: set[str], bias: dict[int, float]) -> None:
    tables = {token: value for name in names for token, value in unlikely(TOKENIZER, name).items()}
    sampling = Sampling(temperature=0.5, bias={**tables, **bias})
    plain = json.loads(json.dumps(shortened(sampling.json(), TOKENIZER)))
    assert Sampling.of_json(spelled_out(plain, TOKENIZER)) == sampling


def test_a_table_is_said_by_its_name() -> None:
    table = unlikely(TOKENIZER, "Cyrillic")
    plain = shortened(Sampling(bias={**table, 256: 2.0}).json(), TOKENIZER)
    assert plain["bias"] == {"256": 2.0}
    assert plain["unlikely"]["Cyrillic"]["tokens"] == len(table)


def test_a_trace_with_a_language_rescue_is_short_and_replays(tmp_path: Path) -> None:
    answer = ask("drift", LanguageGuard(LATIN, thoughts=True))
    steered = [record["sampling"] for record in answer.trace if "unlikely" in record.get("sampling", {})]
    assert [list(settings["unlikely"]) for settings in steered] == [["Han"]]
    assert not steered[0]["bias"]
    answer.trace.write(tmp_path / "trace.jsonl")
    done = asyncio.run(replay(Trace.read(tmp_path / "trace.jsonl"), made()))
    assert done.difference is None
    assert done.equal > 0


@pytest.mark.parametrize("named", [{"Han": {"tokens": 3, "hash": "0"}}, {"Elvish": {}}, [], {"Han": None}])
def test_other_tokens_than_were_meant_are_no_replay(named: object) -> None:
    with pytest.raises(MullError, match="the trace"):
        spelled_out({"unlikely": named}, TOKENIZER)
