"""A trace as a tree for the terminal: chains below the ones they were forked from, what happened to each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any
from unicodedata import combining, east_asian_width

from mull.cli.terminal import harmless
from mull.engine.spend import Spend
from mull.think.trace import Record, Trace
from mull.trace.lives import Life, Lives

_DEEPEST = 12  # levels that are indented; deeper ones stand under one another
_USUAL = ("Ended", "Answered", "Spent", "Exhausted", "Stopped", "Cancelled", "Closed", "Turned")


@dataclass(slots=True, eq=False)
class Branch:
    """One line of the tree, with what belongs below it; `text` is shown in full, over several lines."""

    line: str = ""
    text: str = ""
    below: list[Branch] = field(default_factory=list)


def tree(trace: Trace, *, full: bool = False, width: int = 80) -> str:
    """The picture, no line wider than `width` columns; with `full` all that was said stands in it."""
    lives, top = _grown(trace, full)
    lines = [*_head(trace.records[0]), ""]
    for branch in top:
        lines += _drawn(branch, width)
    lines += ["", *_foot(trace, lives)]
    return "\n".join(clipped(line, width) for line in lines)


def clipped(text: str, columns: int) -> str:
    """The text in one line of at most so many columns of a terminal."""
    text = harmless(text).replace("\n", "⏎").replace("\t", " ")
    return text if _columns(text) <= columns else f"{_beginning(text, columns - 1)}…"


def _columns(text: str) -> int:
    return sum(map(_wide, text))


def _wide(char: str) -> int:
    """Columns that a character takes."""
    return 0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1


def _beginning(text: str, columns: int) -> str:
    """As much of it as fits."""
    for at, char in enumerate(text):
        columns -= _wide(char)
        if columns < 0:
            return text[:at]
    return text


def _folded(text: str, columns: int) -> Iterator[str]:
    """All of it, in lines of at most so many columns, broken at spaces where there are some."""
    for paragraph in harmless(text).replace("\t", " ").split("\n"):
        rest = paragraph
        while (line := _beginning(rest, columns)) != rest:
            space = line.rfind(" ")
            yield rest[: space + 1] if space > 0 else line
            rest = rest[space + 1 :] if space > 0 else rest[len(line) :]
        yield rest


def _drawn(top: Branch, width: int) -> Iterator[str]:
    """A branch and all below it, top down; by hand, since chains may be forked from forks a thousand deep."""
    left: list[tuple[Branch, str, str]] = [
        (top, "", "")
    ]  # with what leads to its first and to its other lines
    while left:
        branch, first, others = left.pop()
        if branch.text:
            room = max(20, width - len(others))
            yield from ((others + line).rstrip() for line in _folded(branch.text, room))
        else:
            yield first + branch.line
        deep = len(others) >= 3 * _DEEPEST
        for at, below in reversed(list(enumerate(branch.below))):
            last = at == len(branch.below) - 1
            here = others if deep else others + ("└─ " if last else "├─ ")
            left.append((below, here, others if deep else others + ("   " if last else "│  ")))


def _grown(trace: Trace, full: bool) -> tuple[Lives, list[Branch]]:
    """All chains as they ended, and the branches that do not stand under a chain."""
    lives, top = Lives(), list[Branch]()
    branches: dict[int, Branch] = {}
    for record in trace:
        lives.hear(record)
        chain = record.get("chain")
        below = top if chain is None else branches[chain].below if chain in branches else []
        match record["op"]:
            case "open":
                branches[record["chain"]] = branch = Branch()
                top.append(branch)
            case "fork":
                branches[record["chain"]] = branch = Branch()
                branches[record["parent"]].below.append(branch)
            case "tokens" | "say" if full:
                said = "".join(record["pieces"])
                if below and below[-1].text:
                    below[-1].text += said
                elif said:
                    below.append(Branch(text=said))
            case "rewind":
                below.append(Branch(f"back to {record['to']:,}"))
            case "event" if record["event"].get("type") not in _USUAL:
                below.append(Branch(_happened(lives[record["chain"]], record["event"])))
            case "note":
                place = "" if chain is None else f"at {lives[record['chain']].length:,} "
                left_out = ("op", "seconds", "kind", "chain")
                facts = {name: value for name, value in record.items() if name not in left_out}
                below.append(Branch(f"{place}{record['kind']}: {_facts(facts)}".rstrip(": ")))
    for life in lives:
        branches[life.number].line = _line(life)
    return lives, top


def _line(life: Life) -> str:
    kind = {"probe": "a probe ", "check": "a check "}.get(life.counted, "")
    made = f"a prompt of {life.prompt:,} tokens" if life.parent is None else f"{kind}at {life.at:,}"
    counts = ((life.drawn, "drawn"), (life.forced, "put in"), (life.discarded, "discarded"))
    words = [f"{count:,} {name}" for count, name in counts if count]
    if life.drawn and life.answer is not None:
        words.append(f"answer {life.answer}")
    if life.end:
        words.append(life.end)
    return f"{life.number}: " + ", ".join([made, *words])


def _happened(life: Life, event: dict[str, Any]) -> str:
    facts = {name: value for name, value in event.items() if name not in ("type", "at")}
    return f"at {life.length:,} {str(event.get('type')).lower()}: {_facts(facts)}".rstrip(": ")


def _facts(facts: dict[str, Any]) -> str:
    """What a note says, in one line: votes first, as answers and how many gave them."""
    words = []
    for name, value in facts.items():
        if name == "piles" and isinstance(value, list):
            piles = [pile for pile in value if isinstance(pile, list) and len(pile) > 1]
            words.append("votes " + ", ".join(f"{pile[0]} ×{pile[1]}" for pile in piles))
        elif value is not None and value != "":
            words.append(f"{name} {value}")
    return ", ".join(words)


def _head(header: Record) -> list[str]:
    messages = header.get("messages") or [{}]
    model = header.get("model") or {}
    named = ", ".join(str(value) for value in model.values() if value) or "a model without a name"
    how = [f"{name} {header[name]}" for name in ("effort", "seed") if header.get(name) is not None]
    return [
        str(messages[-1].get("content", "")) if isinstance(messages[-1], dict) else "",
        f"{', '.join([str(header.get('strategy', 'a program')), *how])}; {named}; mull {header.get('mull')}",
    ]


def _foot(trace: Trace, lives: Lives) -> list[str]:
    spend = lives.spend()
    kinds = [
        f"{getattr(spend, kind.name):,} {kind.name}" for kind in fields(Spend) if getattr(spend, kind.name)
    ]
    chains = sum(life.counted != "probe" for life in lives)
    lines = [f"{chains} chains, {spend.generated:,} tokens: {', '.join(kinds)}"]
    last = trace.records[-1]
    if last["op"] != "answer":
        return [*lines, "no answer: it was interrupted"]
    said = last.get("final") if last.get("final") is not None else last.get("text")
    return [*lines, f"answer: {said} ({last.get('status')}, {last.get('seconds')} s)"]
