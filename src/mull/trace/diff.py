"""The difference of two traces: where they part first, and what became of each chain and of the whole.

Chains are matched by the way that leads to them (see `lives.Key`), not by their numbers, so it does not
matter what else was thought at the same time. Seconds never count, nor do seeds: what was drawn by them does.
How far a chain had come when it was cut short, since others had settled a vote, is a matter of time, too.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from itertools import zip_longest
from typing import Any

from mull.engine.spend import Spend
from mull.think.trace import Record, Trace
from mull.trace.lives import Key, Life, Lives

_NOTHING = "nothing more"


@dataclass(frozen=True, slots=True)
class Parting:
    """The first place where something else happens: in which chain (its number in either trace, None outside
    of chains, or where there is none), at which length in tokens, and what happens there in either."""

    chains: tuple[int | None, int | None]
    position: int
    happened: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """A chain that came out otherwise, as (one, other); None where only the other trace has it.

    `tokens` are those it has in the end, behind the prompt.
    """

    chains: tuple[int | None, int | None]
    tokens: tuple[int | None, int | None]
    answers: tuple[str | None, str | None]
    ends: tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class Diff:
    """Everything as (one, other).

    asked   what of the questions, settings and models is not the same
    chains  those with another text or end; `equal` counts the rest
    spend   kinds of tokens that are not the same, as far as records tell
    answer  text and status, where they are not the same
    """

    asked: dict[str, tuple[Any, Any]]
    parting: Parting | None
    chains: list[Row]
    equal: int
    spend: dict[str, tuple[int, int]]
    answer: dict[str, tuple[Any, Any]]

    @property
    def same(self) -> bool:
        """Whether the same happened, as far as chains came before they were cut short.

        It may have been asked otherwise, or of another model.
        """
        return self.parting is None


@dataclass(frozen=True, slots=True)
class _Step:
    """One thing that happened to a chain. `what` is compared, `shown` is for people."""

    what: str
    shown: str
    position: int
    number: int  # of the record
    cut: bool  # somebody put an end to it from outside


def diff(one: Trace, other: Trace) -> Diff:
    """What is not the same in two traces, leaving seconds and the version of mull out."""
    (ones, first), (others, second) = (_steps(trace) for trace in (one, other))
    lives = {life.key: life for life in first}, {life.key: life for life in second}
    rows = [_row(lives[0].get(key), lives[1].get(key)) for key in dict.fromkeys([*lives[0], *lives[1]])]
    told = [row for row in rows if row is not None]
    spends = first.spend(), second.spend()
    return Diff(
        asked=_unequal(_asked(one), _asked(other)),
        parting=_parting(ones, others, *lives),
        chains=told,
        equal=len(rows) - len(told),
        spend={
            kind.name: (getattr(spends[0], kind.name), getattr(spends[1], kind.name))
            for kind in fields(Spend)
            if getattr(spends[0], kind.name) != getattr(spends[1], kind.name)
        },
        answer=_unequal(_answer(one), _answer(other)),
    )


def _steps(trace: Trace) -> tuple[dict[Key, list[_Step]], Lives]:
    """What happened to each chain, token by token; under () what is said of none."""
    steps: dict[Key, list[_Step]] = defaultdict(list)
    lives = Lives()
    for number, record in enumerate(trace):
        lives.hear(record)
        chain = record.get("chain")
        life = None if chain is None else lives[chain]
        for what, shown, position in _happened(record, life):
            steps[life.key if life else ()].append(_Step(what, shown, position, number, _cut(record)))
        if record["op"] == "fork":
            parent = lives[record["parent"]]
            steps[parent.key].append(
                _Step(f"fork {record['counted']}", "a fork", parent.length, number, False)
            )
    return steps, lives


def _cut(record: Record) -> bool:
    return record["op"] == "stop" or (
        record["op"] == "event" and record["event"].get("type") in ("Cancelled", "Stopped")
    )


def _happened(record: Record, life: Life | None) -> list[tuple[str, str, int]]:
    """A record as what is compared, how it is shown, and the chain's length there; tokens one by one."""
    op, at = record["op"], life.length if life else 0
    if op in ("trace", "answer"):
        return []
    if op in ("tokens", "say"):
        how = "draws" if op == "tokens" else "is told"
        start = at - len(record["ids"])
        told = zip(record["ids"], record["pieces"], strict=True)
        return [(f"{op} {id}", f"{how} {piece!r}", start + i) for i, (id, piece) in enumerate(told)]
    if op == "think" and "sampling" not in record:
        return []
    left_out = ("seconds", "chain", "parent", "seed", "stream")
    facts = {name: value for name, value in record.items() if name not in left_out}
    if op == "open":
        shown = f"is opened with {len(record['prompt'])} tokens"
    elif op == "rewind":
        shown = f"goes back to {record['to']}"
    elif op == "event":
        shown = str(record["event"].get("type"))
    elif op == "stop":
        shown = f"is stopped: {record['why']}"
    elif op == "fork":
        shown = "begins"
    else:
        named = {name: value for name, value in facts.items() if name not in ("op", "kind")}
        shown = f"{record.get('kind', op)} {_plain(named)}"
    return [(_plain(facts), shown, at)]


def _parting(
    ones: dict[Key, list[_Step]],
    others: dict[Key, list[_Step]],
    first: dict[Key, Life],
    second: dict[Key, Life],
) -> Parting | None:
    """The earliest in the order of the first trace."""
    found: list[tuple[float, Parting]] = []
    for key in dict.fromkeys([*ones, *others]):
        last = -1.0
        for one, other in zip_longest(ones.get(key, ()), others.get(key, ())):
            if (one and one.cut) or (other and other.cut):
                break
            if one is None or other is None or one.what != other.what:
                here = one or other
                chains = tuple(lives[key].number if key in lives else None for lives in (first, second))
                happened = (one.shown if one else _NOTHING, other.shown if other else _NOTHING)
                parting = Parting(chains, here.position, happened)  # type: ignore[arg-type]
                found.append((one.number if one else last + 0.5 if last >= 0 else here.number, parting))
                break
            last = one.number
    return min(found, key=lambda each: each[0])[1] if found else None


def _row(one: Life | None, other: Life | None) -> Row | None:
    """None if both are the same."""
    if one and other and (one.ids, one.end) == (other.ids, other.end):
        return None

    def pair(get: Callable[[Life], Any]) -> tuple[Any, Any]:
        return get(one) if one else None, get(other) if other else None

    return Row(
        pair(lambda life: life.number),
        pair(lambda life: len(life.ids)),
        pair(lambda life: life.answer),
        pair(lambda life: life.end),
    )


def _asked(trace: Trace) -> Record:
    left_out = ("op", "seconds", "version", "mull")
    return {name: value for name, value in trace.records[0].items() if name not in left_out}


def _answer(trace: Trace) -> Record:
    last = trace.records[-1]
    return {name: last.get(name) for name in ("final", "text", "status")} if last["op"] == "answer" else {}


def _unequal(one: Record, other: Record) -> dict[str, tuple[Any, Any]]:
    both = {name: (one.get(name), other.get(name)) for name in dict.fromkeys([*one, *other])}
    return {name: pair for name, pair in both.items() if _plain(pair[0]) != _plain(pair[1])}


def _plain(value: Any) -> str:
    """One way to write it, whether it comes from memory or from a file."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def as_json(found: Diff) -> dict[str, Any]:
    """Plain values, ready for `json.dumps`."""
    return {"same": found.same, **asdict(found)}
