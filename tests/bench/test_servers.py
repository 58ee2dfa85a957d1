"""A run on servers: they share it, one may fail, and with none left the run stops to be gone on with."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest

import mull
from mull.bench import suites
from mull.bench.asking import Asking
from mull.bench.record import Run
from mull.bench.run import Plan, run
from mull.engine import Sampling
from mull.errors import Unreachable
from mull.think.line import Line
from tests.engine.remote.fake import Fake, Fault

PLAN = Plan(
    suites.load("tasks:addition:1", limit=4), Asking(line=Line(sampling=Sampling(temperature=1.0))), k=2
)


def drawn(engine: Any, folder: Path) -> Run:
    return asyncio.run(run(PLAN, engine, folder, parallel=4))


def test_servers_share_a_run_and_one_that_fails_leaves_it_to_the_other(tmp_path: Path) -> None:
    asked = itertools.count()

    def trouble(_: Any) -> Fault | None:
        return Fault(status=500) if next(asked) >= 2 else None

    with Fake() as good, Fake(trouble=trouble) as bad:
        done = drawn(mull.connect([good.url, bad.url]), tmp_path)
        assert done.left == 0
        assert min(len(good.bodies), len(bad.bodies)) > 0
    assert {each.outcome for each in done.samples} <= {"right", "wrong", "truncated", "no answer"}
    assert all(each.pieces and sum(each.pieces) == len(each.thoughts + each.text) for each in done.samples)


def test_a_run_whose_servers_are_gone_goes_on_when_there_are_others(tmp_path: Path) -> None:
    asked = itertools.count()

    def trouble(_: Any) -> Fault | None:
        return Fault(status=500) if next(asked) >= 3 else None

    with Fake(trouble=trouble) as server, pytest.raises(Unreachable, match="no server answers"):
        drawn(mull.connect(server.url, patience=0.2), tmp_path)
    kept = Run.read(tmp_path)
    assert "error" not in {each.outcome for each in kept.samples}
    assert kept.left == 8 - len(kept.samples) > 0
    with Fake() as server:
        assert drawn(mull.connect(server.url), tmp_path).left == 0
