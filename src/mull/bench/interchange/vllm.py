"""vLLM: what `vllm run-batch` writes (OpenAI's batch format): the answer to a request a line, by its id.

The file has no questions and no gold answers; they come from a suite, whose ids the requests must have had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mull.bench.interchange.foreign import Foreign, Output
from mull.bench.record import Item
from mull.bench.suites import Suite
from mull.errors import MullError

TOOL = "vLLM"


def of_batch(records: Sequence[dict[str, Any]], where: str, suite: Suite | None) -> Foreign:
    """Of the lines of a batch's output. Raises MullError where an id is no question of the suite."""
    if suite is None:
        raise MullError(
            f"{where}: has no gold answers; name the suite whose ids these are (--suite, --data)."
        )
    model = next((body["model"] for body in map(_body, records) if body.get("model")), "unknown")
    golds = {item.id: suite.kept(item) for item in suite.items}
    return Foreign(TOOL, suite.about.name, str(model), list(_outputs(records, where, golds)))


def _outputs(records: Sequence[dict[str, Any]], where: str, golds: Mapping[str, Item]) -> Iterator[Output]:
    for number, record in enumerate(records, 1):
        id = str(record.get("custom_id"))
        item = golds.get(id) or golds.get(id.rpartition("#")[0])
        if item is None:
            raise MullError(f"{where}, line {number}: the suite has no question {id!r:.60}.")
        body = _body(record)
        failed = record.get("error") or (None if body.get("choices") else body or "no answer")
        if failed:
            yield Output(item, "", error=str(failed)[:200])
            continue
        choices = body["choices"]
        usage = body.get("usage") or {}
        for choice in choices:
            message = choice.get("message") or {}
            yield Output(
                item,
                str(message.get("content") or choice.get("text") or ""),
                str(message.get("reasoning") or message.get("reasoning_content") or ""),
                str(choice.get("finish_reason") or ""),
                round(usage.get("completion_tokens", 0) / len(choices)),
                usage.get("prompt_tokens", 0),
            )


def _body(record: dict[str, Any]) -> dict[str, Any]:
    response = record.get("response") or {}
    body = response.get("body", response)
    return body if isinstance(body, dict) else {}
