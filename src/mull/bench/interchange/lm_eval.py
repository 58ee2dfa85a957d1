"""lm-evaluation-harness: `samples_TASK_TIME.jsonl`, as `--log_samples` writes it, and the results beside it.

A line is a document under one filter; the texts before filters (`resps`) are read, once a document. Filters
cut texts to what the task's own matching wants, which is what our grader is to do without.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mull.bench.interchange.foreign import Foreign, Output
from mull.bench.record import Item
from mull.errors import MullError

TOOL = "lm-evaluation-harness"

_NAME = re.compile(r"samples_(.+)_\d{4}-\d\d-\d\dT.*")


def of_samples(records: Sequence[dict[str, Any]], path: Path) -> Foreign:
    """Of the lines of a samples file. Raises MullError for log-likelihoods, which are no texts."""
    named = _NAME.fullmatch(path.stem)
    request = _request(records[0])[1]
    names: tuple[str, ...] = ("temperature", "top_p", "top_k", "do_sample")
    kept = {name: request[name] for name in names if name in request}
    cap = request.get("max_gen_toks") or request.get("max_new_tokens")
    return Foreign(
        TOOL,
        named[1] if named else path.stem,
        _model(path, path.stem.removeprefix(f"samples_{named[1]}_") if named else ""),
        list(_outputs(records, path)),
        kept,
        cap if isinstance(cap, int) else None,
    )


def _outputs(records: Sequence[dict[str, Any]], path: Path) -> Iterator[Output]:
    seen = set()
    for number, record in enumerate(records, 1):
        try:
            key, target, responses = record["doc_id"], record["target"], record["resps"]
        except KeyError as error:
            raise MullError(f"{path}, line {number}: no {error}; is this lm-eval's samples file?") from None
        if key in seen:
            continue
        seen.add(key)
        item = Item(str(key), _request(record)[0], str(target), _group(record))
        for texts in responses:
            for text in texts if isinstance(texts, list) else [texts]:
                if not isinstance(text, str):
                    raise MullError(f"{path}: holds log-likelihoods of choices; there are no texts to grade.")
                yield Output(item, text)


def _request(record: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Prompt and settings of a line, in the present layout (by name) or the earlier one (a list)."""
    arguments = record.get("arguments")
    if isinstance(arguments, dict):
        arguments = [list(one.values()) if isinstance(one, dict) else one for one in arguments.values()]
    first = arguments[0] if isinstance(arguments, list) and arguments else []
    prompt = first[0] if first and isinstance(first[0], str) else ""
    settings = first[1] if len(first) > 1 and isinstance(first[1], dict) else {}
    return prompt, settings


def _group(record: dict[str, Any]) -> str | None:
    document = record.get("doc")
    found = (
        [document.get(name) for name in ("level", "subject", "category")]
        if isinstance(document, dict)
        else []
    )
    return next((str(value) for value in found if isinstance(value, str | int)), None)


def _model(path: Path, time: str) -> str:
    """From `results_TIME.json` beside it; where there is none, lm-eval names the folder after the model."""
    try:
        told = json.loads((path.parent / f"results_{time}.json").read_text(encoding="utf-8"))
        return str(told.get("model_name") or told["config"]["model_args"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return path.parent.name or "unknown"
