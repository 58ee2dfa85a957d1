"""`mull info`: what a checkpoint is and what it needs, computed from its files without loading it.

A folder, or one file, that has only `config.json` is enough for everything but tokens and weights.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from mull.errors import CheckpointError
from mull.model.checkpoint import Checkpoint
from mull.model.config import Config
from mull.model.formats import Tagged
from mull.model.shapes import kv_bytes_per_token, parameters, weight_bytes


@click.command()
@click.argument("model", required=False)
@click.option("--server", metavar="URL", help="What a server can do; MODEL is its name there.")
@click.option("--tokenizer", help="Of the server's model: folder or hub name. Default: as it says.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def info(model: str | None, server: str | None, tokenizer: str | None, as_json: bool) -> None:
    """Say what MODEL is: shape, parameters, memory, thinking format, runners.

    MODEL is a folder, a config.json, or a hub name; without it, the embedded model.
    """
    if server is not None:
        facts = _served(server, model, tokenizer)
        table = "\n".join(
            [facts["name"], *(f"  {key:<17} {value}" for key, value in facts.items() if key != "name")]
        )
    else:
        facts = describe(model)
        table = _table(facts)
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else table)


def _served(url: str, model: str | None, tokenizer: str | None) -> dict[str, Any]:
    """What a server's model is, and what was found out by trying."""
    from mull.engine.remote import ChatEngine, connect

    engine = connect(url, model=model, tokenizer=tokenizer)
    known = {**engine.model, "context": engine.context, "chat_only": isinstance(engine, ChatEngine)}
    return {**known, **asdict(engine.abilities)}


def describe(model: str | None) -> dict[str, Any]:
    """Everything `mull info` prints, as JSON values; None or an error's text where files are missing."""
    from mull import runner

    if model is not None and model.endswith(".json"):
        facts = {"name": model, "folder": None} | _shape(Config.load(Path(model)))
    else:
        checkpoint = Checkpoint.open(model)
        facts = {"name": checkpoint.name, "folder": str(checkpoint.folder)}
        facts |= _shape(checkpoint.config) | _files(checkpoint)
    return facts | {"runners": dict(runner.describe())}


def _shape(config: Config) -> dict[str, Any]:
    return asdict(config) | {
        "parameters": parameters(config),
        "parameters_without_embeddings": parameters(config, embeddings=False),
        "weight_bytes": {dtype: weight_bytes(config, dtype) for dtype in ("bf16", "int8", "int4")},
        "kv_bytes_per_token": {dtype: kv_bytes_per_token(config, dtype) for dtype in ("f32", "bf16")},
    }


def _files(checkpoint: Checkpoint) -> dict[str, Any]:
    """What the other files say; a missing or broken one is a fact like any other, in its error's words."""
    readers: dict[str, Callable[[Checkpoint], Any]] = {
        "weights": _weights,
        "thinking": _thinking,
        "stops": _stops,
        "sampling": lambda files: asdict(files.defaults),
    }
    facts = {}
    for name, read in readers.items():
        try:
            facts[name] = read(checkpoint)
        except CheckpointError as error:
            facts[name] = str(error)
    return facts


def _weights(checkpoint: Checkpoint) -> dict[str, Any]:
    weights = checkpoint.weights
    return {
        "files": len(weights.paths),
        "bytes": sum(path.stat().st_size for path in weights.paths),
        "dtypes": sorted({weights.dtype(name) for name in weights}),
    }


def _thinking(checkpoint: Checkpoint) -> dict[str, Any]:
    style = checkpoint.format
    return {"kind": "tagged" if isinstance(style, Tagged) else "tagless", **asdict(style)}


def _stops(checkpoint: Checkpoint) -> dict[str, str]:
    """Text by id; without a tokenizer the ids alone."""
    stops = sorted(checkpoint.stop_ids)
    if not (checkpoint.folder / "tokenizer.json").exists():
        return {str(id): "" for id in stops}
    return {str(id): checkpoint.tokenizer.decode([id]) for id in stops}


def _table(facts: dict[str, Any]) -> str:
    memory = facts["weight_bytes"]
    cache = facts["kv_bytes_per_token"]
    tied = "tied" if facts["tied_embeddings"] else "not tied"
    rows = [
        ("architecture", facts["architecture"]),
        (
            "layers",
            f"{facts['num_layers']}, {facts['hidden_size']:,} wide, {facts['intermediate_size']:,} inside",
        ),
        (
            "attention",
            f"{facts['num_heads']} heads of {facts['head_dim']}, {facts['num_kv_heads']} for keys and values",
        ),
        ("vocabulary", f"{facts['vocab_size']:,}, input and output embeddings {tied}"),
        ("context", f"{facts['context']:,} tokens, rotary {_rope(facts['rope'])}"),
        (
            "parameters",
            f"{facts['parameters']:,} ({facts['parameters_without_embeddings']:,} without embeddings)",
        ),
        ("memory", ", ".join(f"{dtype} {_size(size)}" for dtype, size in memory.items())),
        (
            "keys, values",
            ", ".join(f"{dtype} {_size(1000 * size)}" for dtype, size in cache.items()) + " per 1,000 tokens",
        ),
    ]
    phrases: dict[str, Callable[[Any], str]] = {
        "weights": _say_weights,
        "thinking": _say_thinking,
        "stops": lambda stops: ", ".join(f"{text} ({id})".lstrip() for id, text in stops.items()),
        "sampling": lambda values: ", ".join(f"{key} {value:g}" for key, value in values.items()),
    }
    for name, say in phrases.items():
        if fact := facts.get(name):
            rows.append((name, fact if isinstance(fact, str) else say(fact)))
    rows += [(f"runner {name}", state) for name, state in facts["runners"].items()]
    return "\n".join([facts["name"], *(f"  {key:<17} {value}" for key, value in rows)])


def _rope(rope: dict[str, Any]) -> str:
    scaled = "" if rope["kind"] == "default" else f", {rope['kind']} × {rope['factor']:g}"
    return f"base {rope['theta']:,.0f}{scaled}"


def _say_weights(weights: dict[str, Any]) -> str:
    files = f"{weights['files']} file{'' if weights['files'] == 1 else 's'}"
    return f"complete, {'/'.join(weights['dtypes'])}, {_size(weights['bytes'])} in {files}"


def _say_thinking(thinking: dict[str, Any]) -> str:
    if thinking["kind"] == "tagless":
        return "no tags: reasoning in the text, then **Final Answer**"
    where = "opened by the prompt" if thinking["starts_open"] else "opened by the model"
    return f"{thinking['open']}…{thinking['close']}, {where}"


def _size(count: int) -> str:
    """Bytes in decimal units, three digits."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:.3g} TB"
