"""`mull grade`: whether the answers in a JSON lines file equal the gold answers, with reasons."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import IO, Any

import click

from mull.check.grade import Verdict, warm
from mull.check.grade import grade as verdict_of
from mull.errors import MullError

_WORDS = {True: "equal", False: "unequal", None: "undecided"}
_CONTEXT = 60  # characters of text shown around an answer


@click.command()
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--gold", default="gold", show_default=True, help="Name of the column with the gold answer.")
@click.option("--text", default="text", show_default=True, help="Name of the column with the model's text.")
@click.option("--explain", is_flag=True, help="Show each answer where it stands, and what decided.")
@click.option("--json", "as_json", is_flag=True, help="JSON lines: one a record, then the summary.")
def grade(file: IO[str], gold: str, text: str, explain: bool, as_json: bool) -> None:
    """Grade the answers in FILE (JSON lines; - is stdin).

    A record has a gold answer, bare or in a text, and a model's text, in which the answer is found.
    """
    warm()
    counts: Counter[str] = Counter()
    stages: Counter[str] = Counter()
    for line, right, written in _records(file, gold, text):
        verdict = verdict_of(right, written)
        counts[_WORDS[verdict.equal]] += 1
        stages[verdict.stage] += 1
        if as_json:
            click.echo(json.dumps({"line": line, **asdict(verdict)}, ensure_ascii=False))
        else:
            click.echo(f"line {line}: {_WORDS[verdict.equal]}")
            if explain:
                _explain(right, written, verdict)
    total = counts.total()
    if not total:
        raise MullError(f"{file.name} holds no records")
    if as_json:
        summary = {name: counts[name] for name in _WORDS.values()}
        click.echo(json.dumps({"records": total, **summary, "stages": dict(stages)}))
        return
    for name in _WORDS.values():
        click.echo(f"{name:<12}{counts[name]:>8}{counts[name] / total:>9.1%}")
    click.echo(f"decided by  {', '.join(f'{stage} {count}' for stage, count in stages.most_common())}")


def _explain(right: str, written: str, verdict: Verdict) -> None:
    click.echo(f"  gold    {_short(right)}")
    if verdict.span is not None:
        start, end = verdict.span
        before, after = written[max(0, start - _CONTEXT) : start], written[end : end + _CONTEXT]
        marked = click.style(_short(verdict.answer), bold=True)
        click.echo(f"  answer  {_short(before)}{marked}{_short(after)}")
        click.echo(f"  found   {verdict.source}, characters {start} to {end}")
    click.echo(f"  reason  {verdict.reason} ({verdict.stage})")


def _short(text: str) -> str:
    """In one line."""
    flat = text.replace("\n", "⏎")
    return flat if len(flat) <= 3 * _CONTEXT else f"{flat[:_CONTEXT]} … {flat[-_CONTEXT:]}"


def _records(file: IO[str], gold: str, text: str) -> Iterator[tuple[int, str, str]]:
    """Line number, gold answer and text of each record. Raises MullError that names the line."""
    number = 0
    try:
        for number, line in enumerate(file, 1):
            if line.strip():
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise MullError(f"{file.name}, line {number}: not a JSON object")
                where = f"{file.name}, line {number}"
                yield number, _column(record, gold, where), _column(record, text, where)
    except UnicodeDecodeError:
        raise MullError(f"{file.name}: not UTF-8 text; records are JSON lines") from None
    except (json.JSONDecodeError, RecursionError):
        raise MullError(f"{file.name}, line {number}: not a JSON object") from None


def _column(record: dict[str, Any], name: str, where: str) -> str:
    value = record.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise MullError(f'{where}: "{name}" is missing or no text; name the columns with --gold and --text')
    return str(value)
