"""What only the C runner promises: exact invariance, its precisions, its instruction sets, its build."""

from __future__ import annotations

import importlib.util
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mull import runner as runners
from mull.errors import MullError
from mull.runner import cpu
from mull.runner.cpu import CpuRunner
from tests.runner.oracle import SHAPES, Piece, checkpoint, expected, logits_of, rows_of, tokens_for

ROOT = Path(__file__).parents[2]
SOME = ("qwen2-tied", "qwen2-mqa-odd", "qwen3-untied-odd", "qwen2-yarn")
DTYPES = ("f32", "bf16", "int8")


def make(shape: str, dtype: str, threads: int = 1, pages: int = 64) -> CpuRunner:
    found = checkpoint(shape)
    return CpuRunner(found.config, found.weights, dtype=dtype, pages=pages, threads=threads)


def closeness(shape: str, dtype: str) -> tuple[float, float]:
    """Least cosine of a row's logits with transformers', and largest error over their spread."""
    tokens = tokens_for(shape, 100)
    logits, wanted = logits_of(make(shape, dtype), list(range(7)), tokens), expected(shape, tokens)
    cosines = (logits * wanted).sum(1) / np.linalg.norm(logits, axis=1) / np.linalg.norm(wanted, axis=1)
    return float(cosines.min()), float(np.abs(logits - wanted).max() / wanted.std())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("dtype", "cosine", "error"), [("bf16", 0.999, 0.1), ("int8", 0.985, 0.6)])
def test_low_precision_stays_within_its_bounds(shape: str, dtype: str, cosine: float, error: float) -> None:
    """Random weights are the hard case: nothing is redundant in them."""
    found = closeness(shape, dtype)
    assert found[0] >= cosine
    assert found[1] <= error


@settings(max_examples=25)
@given(
    st.sampled_from(SOME),
    st.sampled_from(DTYPES),
    st.lists(st.integers(1, 70), min_size=2, max_size=7),
    st.integers(1, 3),
    st.integers(0, 50),
)
def test_a_row_has_the_same_bits_alone_in_a_crowd_and_on_any_number_of_threads(
    shape: str, dtype: str, lengths: list[int], threads: int, shared: int
) -> None:
    """Chains of different lengths, beginning alike; read alone with one thread, then all in one step."""
    start = tokens_for(shape, 96)
    chains = [
        start[: min(shared, n)] + tokens_for(shape, n, seed=i)[: max(n - shared, 0)]
        for i, n in enumerate(lengths)
    ]
    tables = [list(range(5 * i, 5 * i + 5)) for i in range(len(chains))]
    alone = [logits_of(make(shape, dtype), table, chain) for table, chain in zip(tables, chains, strict=True)]
    pieces = [Piece(t, 0, chain, range(len(chain))) for t, chain in zip(tables, chains, strict=True)]
    together = make(shape, dtype, threads).step(rows_of(pieces))
    assert np.array_equal(together, np.concatenate(alone))


@pytest.mark.parametrize("dtype", DTYPES)
def test_threads_that_write_neighbouring_positions_do_not_disturb_each_other(dtype: str) -> None:
    """Again and again, since two threads meet by chance."""
    shape = "qwen2-gqa7"
    one, two = make(shape, dtype), make(shape, dtype, threads=2)
    for seed in range(60):
        rows = rows_of([Piece(list(range(7)), 0, tokens_for(shape, 100, seed=seed), [98, 99])])
        assert np.array_equal(two.step(rows), one.step(rows))


@pytest.mark.parametrize("dtype", DTYPES)
def test_forks_that_share_pages_have_the_same_bits_as_chains_of_their_own(dtype: str) -> None:
    shape = "qwen2-gqa7"
    prompt, count = tokens_for(shape, 64), 12
    shared, own = make(shape, dtype, threads=2), make(shape, dtype, threads=2)
    logits_of(shared, [0, 1, 2, 3], prompt)
    for i in range(count):
        logits_of(own, list(range(5 * i, 5 * i + 4)), prompt)
    last = tokens_for(shape, count, seed=9)
    forks = rows_of([Piece([0, 1, 2, 3, 10 + i], 64, [last[i]], [0]) for i in range(count)])
    apart = rows_of([Piece(list(range(5 * i, 5 * i + 5)), 64, [last[i]], [0]) for i in range(count)])
    assert np.array_equal(shared.step(forks), own.step(apart))


@pytest.mark.parametrize("isa", cpu.instruction_sets())
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_instruction_set_that_runs_here(isa: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MULL_ISA", isa)
    bound = {"f32": 1e-5, "bf16": 0.1, "int8": 0.6}[dtype]
    assert make("qwen2-tied", dtype).isa == isa
    assert closeness("qwen2-tied", dtype)[1] <= bound


def test_an_instruction_set_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MULL_ISA", "abacus")
    with pytest.raises(MullError, match="abacus"):
        make("qwen2-tied", "f32")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"dtype": "int3"}, "int3"),
        ({"page_size": 8}, "16"),
        ({"pages": 0}, "1 or more"),
        ({"threads": 0}, "1 or more"),
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, object], message: str) -> None:
    found = checkpoint("qwen2-tied")
    with pytest.raises(MullError, match=message):
        CpuRunner(found.config, found.weights, **{"pages": 4, **wrong})  # type: ignore[arg-type]


def test_closing_waits_for_the_step_that_runs() -> None:
    """Closed under it, a step reads memory that is gone, and the process ends."""
    tokens = tokens_for("qwen2-tied", 100)
    for _ in range(20):
        runner = make("qwen2-tied", "f32")
        with ThreadPoolExecutor(1) as thread:
            running = thread.submit(logits_of, runner, list(range(7)), tokens)
            runner.close()
            error = running.exception()  # None, or it was closed first
            assert error is None or "closed" in str(error)


def test_a_closed_runner_says_so() -> None:
    runner = make("qwen2-tied", "f32")
    runner.close()
    with pytest.raises(MullError, match="closed"):
        runner.step(rows_of([Piece([0], 0, [1], [0])]))


def load_hook() -> object:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    for path in (*cpu.FOLDER.glob("cpu*.c"), *cpu.FOLDER.glob("cpu*.h")):
        shutil.copy(path, tmp_path)
    return tmp_path


@pytest.mark.parametrize("compiler", ["/bin/false", "/no/such/compiler"])
def test_without_a_working_compiler_the_build_goes_on_and_says_so(
    compiler: str, sources: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hook = load_hook()
    monkeypatch.setenv("CC", compiler)
    assert hook.build(sources) == []  # type: ignore[attr-defined]
    assert "numpy" in capsys.readouterr().err
    assert not list(sources.glob("_cpu_*"))


def test_where_nothing_was_built_numpy_takes_over_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cpu, "instruction_sets", list)
    found = checkpoint("qwen2-tied")
    runner = runners.load(found.config, found.weights, pages=4, dtype="bf16")
    assert type(runner).__name__ == "ReferenceRunner"
    assert "slower" in capsys.readouterr().err
    assert "not compiled" in dict(runners.describe())["cpu"]


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("max 100000\n", 8), ("250000 100000\n", 3), ("10000 100000\n", 1), ("1600000 100000\n", 8), ("", 8)],
)
def test_threads_are_no_more_than_a_container_has_time_for(
    quota: str, cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)))
    (tmp_path / "cpu.max").write_text(quota)
    assert cpu.usable_cores(tmp_path / "cpu.max") == cores
    assert cpu.usable_cores(tmp_path / "none") == 8
