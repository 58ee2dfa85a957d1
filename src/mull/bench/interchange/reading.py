"""Which tool wrote a file is seen from what stands in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mull.bench.interchange import inspect_logs, lm_eval, vllm
from mull.bench.interchange.foreign import Foreign
from mull.bench.suites import Suite
from mull.errors import MullError


def read(path: Path, suite: Suite | None = None) -> Foreign:
    """The outputs in a file of lm-evaluation-harness (`samples_*.jsonl`), inspect_ai (a log, .json or .eval)
    or vLLM (`run-batch`), whose files have no questions: they are those of `suite`, by id.

    Raises MullError for anything else.
    """
    if path.suffix == ".eval":
        return inspect_logs.unpacked(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise MullError(f"{path}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise MullError(f"{path}: not UTF-8 text.") from None
    records = _records(text, path)
    first = records[0]
    if "samples" in first and "eval" in first:
        return inspect_logs.of_log(first, str(path))
    if "resps" in first:
        return lm_eval.of_samples(records, path)
    if "custom_id" in first and ("response" in first or "error" in first):
        return vllm.of_batch(records, str(path), suite)
    raise MullError(
        f"{path}: neither samples_*.jsonl of lm-evaluation-harness, nor a log of inspect_ai, nor of vllm "
        "run-batch. JSON lines of another kind: mull grade FILE --gold COLUMN --text COLUMN."
    )


def _records(text: str, path: Path) -> list[dict[str, Any]]:
    """One JSON object, or JSON lines."""
    try:
        found = [json.loads(text)]
    except (ValueError, RecursionError):
        found = []
        for number, line in enumerate(text.split("\n"), 1):  # not splitlines: a text may hold U+2028
            if line.strip():
                try:
                    found.append(json.loads(line))
                except (ValueError, RecursionError):
                    raise MullError(f"{path}, line {number}: not JSON.") from None
    if not found or not all(isinstance(each, dict) for each in found):
        raise MullError(f"{path}: not JSON objects.")
    return found
