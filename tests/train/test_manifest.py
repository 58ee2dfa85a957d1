"""A manifest tells what a run was, survives being written and read, and names what it cannot read."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
import torch

from mull.model.checkpoint import EMBEDDED
from mull.tasks.base import VERSION
from mull.train import manifest
from mull.train.data import Batch, Stream, digest
from mull.train.evaluate import Score
from mull.train.manifest import Manifest, ManifestError, read_log, read_scores, stage, thinned
from mull.train.sft import begin, train
from tests.train.test_sft import MIX, plan, silent

SCORES = [Score("addition", 1, 20, 15, (6, 10), 80.5, 1, 0), Score("addition", 2, 20, 9, (3, 9), 99.0, 4, 2)]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, tokenizer) -> Path:
    """The folder of a short finished run."""
    out = tmp_path_factory.mktemp("run")
    tokenizer.save(str(out / "tokenizer.json"))
    train(plan(out, tokens=8_000), say=silent)
    return out


def test_made_from_a_run_and_read_again(run: Path, tmp_path: Path) -> None:
    made = manifest.make({"supervised": run}, run / "model", SCORES)
    made.save(tmp_path / "manifest.json")
    assert Manifest.load(tmp_path / "manifest.json") == made
    raw = json.loads((tmp_path / "manifest.json").read_text())
    assert raw["scores"][0]["interval"] == [0.5313, 0.8881]
    weights = (run / "model" / "model.safetensors").read_bytes()
    assert made.hashes["weights"] == sha256(weights).hexdigest()
    (only,) = made.stages
    assert only.tokens == made.tokens >= 8_000
    assert only.settings["tokens"] == 8_000
    assert made.seeds == {"tasks": VERSION, "supervised": 0}
    assert only.measure == "loss"
    assert only.curve[0][1] > only.curve[-1][1]


def test_the_fingerprint_is_of_what_was_trained_on(run: Path, tokenizer) -> None:
    """The stream alone, without a model, gives the same: anyone can check it."""
    made, settings = stage("supervised", run), plan(run)
    stream, data = Stream(tokenizer, MIX, seed=0), ""
    tokens = 0
    while tokens < 8_000:
        longest = settings.short[1] if tokens / 8_000 < settings.short[0] else settings.longest
        batch = stream.next(longest, settings.batch[tokens / 8_000 >= settings.grow])
        data, tokens = digest(data, batch), tokens + batch.tokens
    assert data == made.data


def test_every_bit_of_a_batch_counts() -> None:
    ids, learn = torch.tensor([[1, 2, 3], [4, 5, 0]]), torch.tensor([[False, True, True]] * 2)
    first = digest("", Batch(ids, learn, 5))
    others = {
        digest("x", Batch(ids, learn, 5)),
        digest("", Batch(ids + 1, learn, 5)),
        digest("", Batch(ids, ~learn, 5)),
        digest("", Batch(ids.view(3, 2), learn.view(3, 2), 5)),
    }
    assert len(others | {first}) == 5
    assert digest("", Batch(ids.clone(), learn.clone(), 5)) == first


def test_a_resumed_run_has_the_same_fingerprint(tmp_path: Path, tokenizer) -> None:
    folders = []
    for name in ("whole", "half"):
        out = tmp_path / name
        out.mkdir()
        tokenizer.save(str(out / "tokenizer.json"))
        folders.append(out)
    whole, half = (plan(out, tokens=6_000) for out in folders)
    train(whole, say=silent)
    begun = begin(half)
    for _ in range(4):
        begun.advance()
    begun.save(half.out / "state.pt")
    begun.advance()  # lost
    train(half, resume=True, say=silent)
    assert stage("supervised", whole.out).data == stage("supervised", half.out).data


def test_a_log_with_a_crash_in_it(tmp_path: Path) -> None:
    lines = [
        '{"step": 10, "tokens": 100, "loss": 3.0}',
        '{"step": 20, "tokens": 200, "loss": 2.5}',
        '{"step": 20, "held_out": {"addition": 2.0}}',
        '{"step": 30, "tok',  # torn here; goes on from step 10
        '{"step": 20, "tokens": 200, "loss": 2.4}',
    ]
    (tmp_path / "log.jsonl").write_text("\n".join(lines) + "\n")
    records = read_log(tmp_path / "log.jsonl")
    assert [record["step"] for record in records] == [10, 20, 20]
    assert [record["loss"] for record in records if "loss" in record] == [3.0, 2.4]


def test_a_thinned_curve_keeps_its_ends() -> None:
    curve = [(step, 1 / (1 + step)) for step in range(1000)]
    short = thinned(curve, 60)
    assert len(short) == 60
    assert (short[0], short[-1]) == (curve[0], curve[-1])
    assert thinned(curve[:7], 60) == curve[:7]


def test_scores_in_both_forms(tmp_path: Path) -> None:
    records = [score.json() for score in SCORES]
    array, lines = tmp_path / "array.json", tmp_path / "lines.jsonl"
    array.write_text(json.dumps(records))
    lines.write_text("".join(json.dumps(record) + "\n" for record in records) + '{"family": "torn')
    assert read_scores(array) == read_scores(lines) == SCORES
    assert read_scores(tmp_path / "nothing") == []
    array.write_text("[3]")
    with pytest.raises(ManifestError, match="holds no scores"):
        read_scores(array)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read"),
        ("{", "not a manifest"),
        ("[]", "not a manifest"),
        ('{"format": 1, "stages": []}', "not a manifest"),
        ('{"format": 99}', "another version"),
    ],
)
def test_what_is_no_manifest_says_so(text: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ManifestError, match=message):
        Manifest.load(path)


def test_the_published_manifest_is_about_the_shipped_weights() -> None:
    published = Manifest.load(manifest.PUBLISHED)
    assert published.hashes["weights"] == manifest.hash_of(EMBEDDED / "model.safetensors")
    assert published.hashes["tokenizer"] == manifest.hash_of(EMBEDDED / "tokenizer.json")


def test_a_folder_without_a_run(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="Pass the folder of a run"):
        stage("supervised", tmp_path)
