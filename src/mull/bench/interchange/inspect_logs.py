"""inspect_ai: its logs, read and written in its JSON form, which `inspect view` opens. Needs no inspect_ai.

An epoch of theirs is a sample of ours. Format: https://inspect.aisi.org.uk/eval-logs.html, version 2.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from mull.bench.interchange.foreign import Foreign, Output
from mull.bench.record import Item, Run, Sample
from mull.errors import MullError

TOOL = "inspect_ai"

_REASON = {"cut": "max_tokens", "closed": "max_tokens", "finished": "stop", "forced": "stop"}


def unpacked(path: Path) -> Foreign:
    """Of an `.eval` file, which is a ZIP of JSON files."""
    try:
        with zipfile.ZipFile(path) as archive:
            log = json.loads(archive.read("header.json"))
            names = sorted(name for name in archive.namelist() if name.startswith("samples/"))
            log["samples"] = [json.loads(archive.read(name)) for name in names]
    except NotImplementedError:  # its compression is younger than this Python
        raise MullError(
            f"{path}: this Python cannot unpack it. "
            f"Run: inspect log convert {path} --to json --output-dir FOLDER, and import that."
        ) from None
    except OSError as error:
        raise MullError(f"{path}: cannot be read ({error.strerror}).") from None
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise MullError(f"{path}: not a log of inspect_ai ({error!s:.80}).") from None
    return of_log(log, str(path))


def of_log(log: Mapping[str, Any], where: str) -> Foreign:
    """Of a whole log. Raises MullError where it lacks what every log has."""
    try:
        spec = log["eval"]
        config = spec.get("model_generate_config") or {}
        names = ("temperature", "top_p", "top_k", "seed")
        return Foreign(
            TOOL,
            str(spec["task"]),
            str(spec["model"]),
            list(_outputs(log["samples"] or [])),
            {name: config[name] for name in names if config.get(name) is not None},
            config.get("max_tokens"),
            str(spec.get("created", "")),
        )
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise MullError(f"{where}: not a log of inspect_ai ({type(error).__name__} {error}).") from None


def _outputs(samples: Sequence[Mapping[str, Any]]) -> Iterator[Output]:
    for sample in sorted(samples, key=lambda each: int(each["epoch"])):
        target = sample["target"]
        gold = target if isinstance(target, str) else target[0]
        item = Item(str(sample["id"]), _question(sample["input"]), gold)
        output = sample.get("output") or {}
        if failed := sample.get("error"):
            yield Output(item, "", error=str(failed.get("message"))[:200])
            continue
        choices = output.get("choices") or []
        text, thoughts = _said(choices[0]["message"]["content"]) if choices else ("", "")
        usage = output.get("usage") or {}
        yield Output(
            item,
            text,
            thoughts,
            str(choices[0].get("stop_reason")) if choices else "",
            usage.get("output_tokens", 0),
            usage.get("input_tokens", 0),
            sample.get("total_time") or 0.0,
        )


def _question(asked: str | Sequence[Mapping[str, Any]]) -> str:
    return asked if isinstance(asked, str) else _said(asked[-1]["content"])[0]


def _said(content: str | Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Text and thoughts of a message."""
    if isinstance(content, str):
        return content, ""
    text = "".join(part["text"] for part in content if part["type"] == "text")
    return text, "".join(part["reasoning"] for part in content if part["type"] == "reasoning")


def write(run: Run, folder: Path) -> Path:
    """A run as a log of theirs in a folder of logs, under a name that `inspect view` looks for.

    Raises MullError where it cannot be written.
    """
    log = log_of(run)
    time = re.sub("[^0-9T]", "-", log["eval"]["created"])
    name = f"{time}_{re.sub('[^A-Za-z0-9.]+', '-', run.manifest.suite)}_{log['eval']['task_id']}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(log, ensure_ascii=True, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise MullError(f"{folder}: cannot be written ({error.strerror}).") from None
    return folder / name


def log_of(run: Run) -> dict[str, Any]:
    """A run as plain values of a log."""
    made = run.manifest
    created = f"{made.started.replace(' ', 'T') or '1970-01-01T00:00:00'}+00:00"
    scored = [sample for sample in run.samples if sample.outcome != "error"]
    right = sum(sample.outcome == "right" for sample in scored)
    model = made.model.get("name", "unknown")
    return {
        "version": 2,
        "status": "success" if run.left == 0 else "started",
        "eval": {
            "eval_id": _id(made.hash, "eval"),
            "run_id": _id(made.hash, "run"),
            "created": created,
            "task": made.suite,
            "task_id": _id(made.hash, "task"),
            "task_version": 0,
            "task_args": {"strategy": made.strategy, "effort": made.effort, **made.options},
            "dataset": {
                "name": made.suite,
                "location": made.source,
                "samples": len(run.items),
                "sample_ids": [*run.items],
                "shuffled": False,
            },
            "model": f"mull/{model}",
            "model_generate_config": {
                name: made.sampling[name]
                for name in ("temperature", "top_p", "top_k")
                if name in made.sampling
            },
            "config": {"epochs": made.k, "epochs_reducer": ["mean"]},
            "packages": {"mull": made.mull},
            "revision": {"type": "git", "origin": "", "commit": made.commit},
            "metadata": {"hash": made.hash, "grader": made.grader, "seed": made.seed, "rights": made.rights},
            "scorers": [{"name": "mull", "metrics": [{"name": "mull/accuracy"}]}],
        },
        "plan": {"name": "plan", "steps": [{"solver": made.strategy, "params": {}}], "config": {}},
        "results": {
            "total_samples": made.k * len(run.items),
            "completed_samples": len(scored),
            "scores": [
                {
                    "name": "mull",
                    "scorer": "mull",
                    "scored_samples": len(scored),
                    "unscored_samples": len(run.samples) - len(scored),
                    "params": {},
                    "metrics": {
                        "accuracy": {"name": "accuracy", "value": right / max(1, len(scored)), "params": {}}
                    },
                }
            ],
        },
        "stats": {"started_at": created, "completed_at": created, "model_usage": {}},
        "samples": [_sample(sample, run.items[sample.item], model) for sample in run.samples],
    }


def _sample(sample: Sample, item: Item, model: str) -> dict[str, Any]:
    content: str | list[dict[str, str]] = sample.text
    if sample.thoughts:
        content = [{"type": "reasoning", "reasoning": sample.thoughts}, {"type": "text", "text": sample.text}]
    identity = f"{sample.config}/{sample.item}/{sample.sample}"
    question = item.question or "(the suite's rights forbid a copy of the question)"
    said = {"id": _id(identity, "answer"), "role": "assistant", "content": content, "source": "generate"}
    usage = {
        "input_tokens": sample.read,
        "output_tokens": sample.generated,
        "total_tokens": sample.read + sample.generated,
    }
    plain: dict[str, Any] = {
        "id": sample.item,
        "epoch": sample.sample + 1,
        "input": question,
        "target": item.gold,
        "messages": [{"id": _id(identity, "question"), "role": "user", "content": question}, said],
        "output": {
            "model": model,
            "choices": [{"message": said, "stop_reason": _REASON.get(sample.status, "unknown")}],
            "completion": sample.text,
            "usage": usage,
            "time": sample.seconds,
        },
        "scores": {
            "mull": {
                "value": "C" if sample.outcome == "right" else "I",
                "answer": sample.final,
                "explanation": f"{sample.outcome}: {sample.reason} ({sample.stage})",
                "metadata": {"outcome": sample.outcome, "span": sample.span},
            }
        },
        "metadata": {
            "group": sample.group,
            "seed": sample.seed,
            "confidence": sample.confidence,
            "chains": sample.chains,
        },
        "model_usage": {f"mull/{model}": usage},
        "total_time": sample.seconds,
        "uuid": _id(identity, "sample"),
    }
    if sample.outcome == "error":
        told = sample.error or "unknown"
        plain["error"] = {"message": told, "traceback": told, "traceback_ansi": told}
        del plain["scores"]
    return plain


def _id(*parts: str) -> str:
    return blake2b("/".join(parts).encode("utf-8", "backslashreplace"), digest_size=11).hexdigest()
