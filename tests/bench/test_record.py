"""What a run's folder promises: it reads as it was written, and says where it is none."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from mull.bench import record
from mull.bench.record import FREE, Item, Manifest, Run, Sample
from mull.errors import MullError
from tests.bench.builders import manifest, sample

ITEMS = [Item("b", "2+2?", "4"), Item("a", "1+1?", "2", group="easy")]


def folder(path: Path, samples: list[Sample], torn: bytes = b"") -> Path:
    manifest().save(path)
    record.write_items(ITEMS, path / record.ITEMS)
    (path / record.SAMPLES).write_bytes(b"".join(record.line(asdict(each)) for each in samples) + torn)
    return path


def test_a_run_reads_as_it_was_written_sorted_by_item_and_sample(tmp_path: Path) -> None:
    written = [
        sample("a", 1, text="half a pair \ud800", pieces=[4, 8]),
        sample("b", 1, span=(0, 4)),
        sample("b"),
        sample("a"),
    ]
    run = Run.read(folder(tmp_path, written))
    assert run.manifest == manifest()
    assert list(run.items.values()) == ITEMS
    assert run.samples == (written[2], written[1], written[3], written[0])
    assert run.left == 0


def test_of_two_lines_for_one_sample_the_later_counts_and_an_error_is_still_to_be_drawn(
    tmp_path: Path,
) -> None:
    failed = sample("a", outcome="error", equal=None, error="no server")
    assert Run.read(folder(tmp_path, [failed])).left == 4
    assert Run.read(folder(tmp_path, [failed, sample("a")])).samples == (sample("a"),)


@pytest.mark.parametrize("kept", [0, 1, 30, -1])
def test_a_torn_last_line_is_left_out(tmp_path: Path, kept: int) -> None:
    whole = record.line(asdict(sample("b")))
    assert Run.read(folder(tmp_path, [sample("a")], whole[:-1][:kept])).samples == (sample("a"),)


def test_a_torn_line_in_the_middle_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(MullError, match="line 1 is not JSON"):
        Run.read(folder(tmp_path, [], b'{"item": "a\n' + record.line(asdict(sample("a")))))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({"item": "a"}, "is no sample"),
        ({**asdict(sample("a")), "mood": "good"}, "is no sample"),
        ({**asdict(sample("a")), "outcome": "splendid"}, "no outcome 'splendid'"),
        ({**asdict(sample("a")), "config": "0"}, "another configuration"),
        ({**asdict(sample("c"))}, "not in items.jsonl"),
    ],
)
def test_lines_that_do_not_belong_are_errors(tmp_path: Path, line: dict[str, object], told: str) -> None:
    with pytest.raises(MullError, match=told):
        Run.read(folder(tmp_path, [], record.line(line)))


def test_the_hash_is_of_what_decides_the_numbers() -> None:
    for name, value in asdict(manifest()).items():
        other = {"seed": 1, "k": 3, "items": 9, "cap": 7, "context": 9, "grader": 2}.get(name, f"{value}!")
        changed = replace(manifest(), **{name: other})
        assert (changed.hash == manifest().hash) == (name in FREE), name
        assert manifest().differs(changed) == (
            [] if name in FREE else [f"{name}: {value!r:.80}, not {other!r:.80}"]
        )


def test_a_manifest_that_was_changed_by_hand_is_refused(tmp_path: Path) -> None:
    manifest().save(tmp_path)
    plain = json.loads((tmp_path / record.MANIFEST).read_text())
    (tmp_path / record.MANIFEST).write_text(json.dumps({**plain, "seed": 5}))
    with pytest.raises(MullError, match="was changed after the run"):
        Manifest.load(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}', '{"format": 1, "hash": "", "seed": 1}'])
def test_what_is_no_manifest_is_told_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / record.MANIFEST).write_text(text)
    with pytest.raises(MullError, match="manifest") as raised:
        Manifest.load(tmp_path)
    assert "\n" not in str(raised.value)


def test_a_folder_without_a_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(MullError, match="no run of"):
        Run.read(tmp_path)


def test_the_table_leaves_out_the_clock_and_the_memory(tmp_path: Path) -> None:
    slow = replace(sample("a"), seconds=9.0, ledger={"recomputed": 12})
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = folder(tmp_path / "one", [sample("a")]), folder(tmp_path / "two", [slow])
    assert Run.read(one).table() == Run.read(two).table() != ""


def test_a_sample_is_cut_where_its_tokens_end() -> None:
    cut = sample(thoughts="one two", text="4.", pieces=[3, 4, 0, 1, 1]).cut
    assert [cut(tokens) for tokens in (0, 1, 3, 4, 9)] == [
        ("", ""),
        ("one", ""),
        ("one two", ""),
        ("one two", "4"),
        ("one two", "4."),
    ]
