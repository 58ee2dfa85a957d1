"""`mull tasks`: the procedural task families. List them, draw problems, score answers, export.

Scoring reads JSON lines. A record names its problem by family, level, split and index, as `sample --json`
prints them (at its top or under "problem"), and has the model's output under "text" or "output".
"""

from __future__ import annotations

import json
import shutil
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from random import Random
from typing import IO, Any

import click

from mull import tasks as families
from mull.cli.export_tasks import export
from mull.tasks import Problem, Split, TaskError


@click.group(invoke_without_command=True)
@click.pass_context
def tasks(context: click.Context) -> None:
    """The procedural task families: list, sample, score, export. Without a command: list."""
    if context.invoked_subcommand is None:
        context.invoke(list_families)


tasks.add_command(export)


@tasks.command("list")
@click.option("--json", "as_json", is_flag=True, help="JSON lines instead of a table.")
def list_families(as_json: bool = False) -> None:
    """What families there are, their levels, an example."""
    width = max(60, min(110, shutil.get_terminal_size().columns))
    for family in families.families():
        example = family.problem("train", 2, 0).question
        if as_json:
            record = {
                "name": family.name,
                "title": family.title,
                "levels": [*family.levels],
                "example": example,
            }
            click.echo(json.dumps(record, ensure_ascii=False))
        else:
            click.echo(f"{family.name:<16}levels {family.levels[0]}-{family.levels[-1]}  {family.title}")
            click.echo(textwrap.indent(textwrap.fill(example, width - 16), " " * 16))


@tasks.command()
@click.argument("family")
@click.option("--level", default=1, show_default=True, help="1 is the easiest.")
@click.option("--split", type=click.Choice(("train", "test")), default="train", show_default=True)
@click.option("--index", default=0, show_default=True, help="Number of the first problem.")
@click.option(
    "-n", "--count", default=1, show_default=True, type=click.IntRange(1), help="How many problems."
)
@click.option("--trace", is_flag=True, help="With the thoughts that solve it.")
@click.option(
    "--slips", default=0.0, type=click.FloatRange(0, 1), help="Share of traces with a planted mistake."
)
@click.option("--json", "as_json", is_flag=True, help="JSON lines, with all that is needed to score.")
def sample(
    family: str, level: int, split: Split, index: int, count: int, trace: bool, slips: float, as_json: bool
) -> None:
    """Print problems of FAMILY; the same arguments always give the same problems."""
    chosen = families.get(family)
    for number in range(index, index + count):
        problem = chosen.problem(split, level, number)
        rng = Random(f"{split}/{level}/{number}")
        thoughts = chosen.trace(problem, rng, slips) if trace else ()
        text = "".join(segment.text for segment in thoughts)
        if as_json:
            record = asdict(problem)
            if trace:
                record["thoughts"] = [asdict(segment) for segment in thoughts]
                record["text"] = families.worked(problem, thoughts)
            click.echo(json.dumps(record, ensure_ascii=False))
        elif trace:
            click.echo(f"{problem.question}\n\n{text}\n\n{families.final(problem)}\n")
        else:
            click.echo(f"{problem.question}\n  {problem.answer}")


@tasks.command()
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--json", "as_json", is_flag=True, help="JSON lines: one a record, then the summary.")
def score(file: IO[str], as_json: bool) -> None:
    """Score the answers in FILE (JSON lines; - is stdin).

    A right answer scores 1, anything else 0.
    """
    scores: dict[tuple[str, int], list[float]] = defaultdict(list)
    for line, problem, value in _scored(file):
        scores[problem.family, problem.level].append(value)
        where = {name: getattr(problem, name) for name in ("family", "level", "split", "index")}
        if as_json:
            click.echo(json.dumps({"line": line, **where, "score": value}))
        else:
            click.echo(f"line {line}: {' '.join(map(str, where.values()))}: {value:g}")
    total = [value for values in scores.values() for value in values]
    if not total:
        raise TaskError(f"{file.name} holds no records")
    if as_json:
        groups = [
            {"family": family, "level": level, "records": len(values), "right": int(sum(values))}
            for (family, level), values in sorted(scores.items())
        ]
        click.echo(json.dumps({"groups": groups, "records": len(total), "right": int(sum(total))}))
        return
    for (family, level), values in sorted(scores.items()):
        click.echo(f"{family:<16}level {level}{_share(values)}")
    click.echo(f"{'all':<23}{_share(total)}")


def _share(values: list[float]) -> str:
    return f"{f'{sum(values):g} of {len(values)}':>16}{sum(values) / len(values):9.1%}"


def _scored(file: IO[str]) -> Iterator[tuple[int, Problem, float]]:
    """Line number, problem and score of each record. Raises TaskError that names the line."""
    number = 0
    try:
        for number, line in enumerate(file, 1):
            if line.strip():
                problem, text = _record(json.loads(line))
                yield number, problem, families.get(problem.family).score(problem, text)
    except UnicodeDecodeError:
        raise TaskError(f"{file.name}: not UTF-8 text; records are JSON lines") from None
    except (json.JSONDecodeError, RecursionError):
        raise TaskError(f"{file.name}, line {number}: not a JSON object") from None
    except TaskError as error:
        raise TaskError(f"{file.name}, line {number}: {error}") from None


def _record(record: Any) -> tuple[Problem, str]:
    """The problem that a record names, drawn again, and the model's output."""
    named = record.get("problem", record) if isinstance(record, dict) else None
    if not isinstance(named, dict):
        raise TaskError('a record is an object with "family", "level", "split", "index" and "text"')
    for name, kind in {"family": str, "level": int, "split": str, "index": int}.items():
        if type(named.get(name)) is not kind:
            raise TaskError(f'"{name}" is missing or is not a {"string" if kind is str else "whole number"}')
    problem = families.get(named["family"]).problem(named["split"], named["level"], named["index"])
    if named.get("key", problem.key) != problem.key:
        raise TaskError("the problem was drawn by another version of mull: its key is not the one drawn here")
    text = record.get("text", record.get("output"))
    if not isinstance(text, str):
        raise TaskError('the model\'s output is missing: put it under "text" or "output"')
    return problem, text
