"""The chains of a report: what page.js shows, as JSON, compressed, in letters that mean nothing to HTML."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from gzip import compress
from typing import Any

from mull.bench.record import OUTCOMES, Run, Sample

LONGEST = (
    20_000  # characters of thoughts that are kept of one chain: half from the beginning, half from the end
)


def packed(runs: Sequence[tuple[str, Run]], *, longest: int = LONGEST) -> str:
    """Base64 of gzip of JSON; the same runs give the same letters."""
    plain = {"outcomes": OUTCOMES, "runs": [_run(name, run, longest) for name, run in runs]}
    text = json.dumps(plain, separators=(",", ":"))  # ASCII: half a surrogate pair is escaped, too
    return b64encode(compress(text.encode("ascii"), 9, mtime=0)).decode("ascii")


def _run(name: str, run: Run, longest: int) -> dict[str, Any]:
    by_item: dict[str, list[dict[str, Any]]] = {item: [] for item in run.items}
    for sample in run.samples:
        by_item[sample.item].append(_sample(sample, longest))
    items = [
        {
            "id": item.id,
            "question": item.question,
            "gold": item.gold,
            "group": item.group,
            "samples": by_item[item.id],
        }
        for item in run.items.values()
    ]
    return {"name": name, "items": items}


def _sample(sample: Sample, longest: int) -> dict[str, Any]:
    start, end = sample.span or (len(sample.text), len(sample.text))
    pieces = sample.text[:start], sample.text[start:end], sample.text[end:]
    return {
        "number": sample.sample,
        "outcome": OUTCOMES.index(sample.outcome),
        "final": sample.final,
        "reason": sample.error or sample.reason,
        "stage": sample.stage,
        "status": sample.status,
        "thoughts": _shortened(sample.thoughts, longest),
        "text": pieces,  # cut here: JavaScript counts characters in another way
        "tokens": sample.generated,
        "seconds": round(sample.seconds, 2),
        "chains": sample.chains,
        "confidence": round(sample.confidence, 3),
    }


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    half = longest // 2
    left_out = len(text) - 2 * half
    return f"{text[:half]}\n\n[… {left_out:,} characters are left out here …]\n\n{text[len(text) - half :]}"
