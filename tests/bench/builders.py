"""Manifests and samples of runs that never were."""

from __future__ import annotations

from typing import Any

from mull.bench.record import Manifest, Sample


def manifest(**changes: Any) -> Manifest:
    plain: dict[str, Any] = dict(
        suite="sums",
        version="1",
        source="made up",
        data="d" * 64,
        rights="none",
        judge="grader",
        prompt="{question}",
        system=None,
        template="t" * 64,
        model={"name": "script"},
        context=512,
        sampling={"temperature": 1.0},
        cap=None,
        strategy="think",
        effort=None,
        options={},
        guards={"loops": "rescue", "language": "auto", "claims": "off"},
        seed=0,
        grader=1,
        k=2,
        items=2,
        mull="0",
        commit="unknown",
        started="2026-01-01 00:00:00",
    )
    return Manifest(**{**plain, **changes})


def sample(item: str = "a", number: int = 0, **changes: Any) -> Sample:
    plain: dict[str, Any] = dict(
        item=item, sample=number, config=manifest().hash, seed=number, outcome="right", equal=True, final="4"
    )
    return Sample(**{**plain, **changes})
