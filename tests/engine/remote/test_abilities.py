"""What a server can do is found out by trying, and a wrong tokenizer is noticed."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree

import pytest

import mull
from mull.errors import MullError, Unsupported
from mull.model.checkpoint import EMBEDDED
from tests.engine.remote.fake import Fake, Manners


@pytest.mark.parametrize("ids", ["names", "token_ids", "text"])
@pytest.mark.parametrize("tokens", [True, False])
def test_what_a_server_does_is_what_counts(ids: str, tokens: bool) -> None:
    with Fake(Manners(ids=ids, tokens=tokens)) as server:
        can = mull.connect(server.url).abilities
    assert (can.tokens, can.ids) == (tokens, ids)
    assert can.bias
    assert can.seed
    assert can.top_k
    assert can.cache
    assert can.stop_ids
    assert not can.echo


def test_what_it_says_it_takes_and_does_not_keep_to_is_no_ability() -> None:
    with Fake(Manners(bias=False, logprobs=False, ids="token_ids", cached=False)) as server:
        can = mull.connect(server.url).abilities
    assert not can.bias
    assert can.logprobs == 0
    assert not can.confident
    assert can.cache is None


def test_what_a_server_cannot_do_is_refused_at_once() -> None:
    with Fake(Manners(logprobs=False, bias=False, ids="token_ids")) as server:
        engine = mull.connect(server.url)
    with pytest.raises(Unsupported, match="no confidences"):
        engine.open([70, 71], track_confidence=True)
    with pytest.raises(Unsupported, match="logit_bias"):
        engine.open([70, 71], sampling=mull.Sampling(bias={70: -100.0}))
    with pytest.raises(Unsupported, match="up to 2"):
        engine.open([70, 71], sampling=mull.Sampling(temperature=3.0))


def test_without_chances_there_is_no_confidence_and_nobody_pretends() -> None:
    with Fake(Manners(logprobs=False, ids="token_ids")) as server:
        engine = mull.connect(server.url)
        assert mull.ask("What is 24 + 13?", engine=engine).json()["confidence"] is None
        doubted = mull.ask("What is 24 + 13?", engine=engine, strategy="auto", n=2)
        assert doubted.ledger.chains > 1
        with pytest.raises(Unsupported, match="no chances"):
            mull.ask("What is 24 + 13?", engine=engine, strategy="vote", n=2, weigh="confidence")


def test_the_context_is_the_least_of_what_server_model_and_caller_say() -> None:
    with Fake() as server:
        assert mull.connect(server.url).context == 1024
        assert mull.connect(server.url, context=512).context == 512


def test_another_models_tokenizer_is_noticed(tmp_path: Path) -> None:
    folder = copytree(EMBEDDED, tmp_path / "other")
    path = folder / "tokenizer.json"
    spec = json.loads(path.read_text())
    vocabulary = spec["model"]["vocab"]
    vocabulary["1"], vocabulary["2"] = vocabulary["2"], vocabulary["1"]
    path.write_text(json.dumps(spec))
    with Fake(Manners(ids="token_ids")) as server, pytest.raises(MullError, match="not the tokenizer"):
        mull.connect(server.url, tokenizer=folder)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": "QwQ"}, "has no model 'QwQ'; it has embedded"),
        ({"tokenizer": "nowhere"}, "no such folder"),
    ],
)
def test_what_is_not_there_is_named(options: dict[str, str], said: str) -> None:
    with Fake() as server, pytest.raises(MullError, match=said):
        mull.connect(server.url, **options)


@pytest.mark.parametrize("url", ["http://", "ftp://host/v1", ""])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(MullError, match="not the address"):
        mull.connect(url)


def test_what_answers_but_is_no_such_server() -> None:
    with Fake(Manners(strange=True)) as server, pytest.raises(MullError, match="not understood"):
        mull.connect(server.url)


def test_nobody_there() -> None:
    with pytest.raises(MullError, match="does not answer"):
        mull.connect("http://127.0.0.1:9/v1")
    with pytest.raises(MullError, match="no server is named"):
        mull.connect([])


def test_a_key_is_asked_for_and_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with Fake(Manners(key="abc")) as server:
        with pytest.raises(MullError, match="MULL_API_KEY"):
            mull.connect(server.url)
        assert mull.connect(server.url, key="abc").context == 1024
        monkeypatch.setenv("MULL_API_KEY", "abc\n")
        assert mull.ask("What is 24 + 13?", engine=mull.connect(server.url)).final == "37"


@pytest.mark.parametrize("key", ["sëcret", "sec\nret", "sec\x7fret"])
def test_a_key_that_cannot_be_sent_is_not_told(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MULL_API_KEY", key)
    with pytest.raises(MullError, match="MULL_API_KEY") as caught:
        mull.connect("http://127.0.0.1:9/v1")
    assert "ret" not in str(caught.value)


def test_servers_that_differ_are_not_one_engine() -> None:
    with (
        Fake() as one,
        Fake(Manners(bias=False)) as other,
        pytest.raises(MullError, match="cannot do the same"),
    ):
        mull.connect([one.url, other.url])
