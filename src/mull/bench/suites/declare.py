"""A suite by declaration: a TOML file that says where rows are and what their columns mean.

    name = "sums"
    data = "rows.jsonl"                  # beside this file; or hub = "owner/name", files = ["test-*.parquet"]
    question = "problem"
    answer = "solution"
    after = "####"                       # the answer is what stands behind the last of these
    group = "level"
    prompt = "{question}\\n\\nPut the final answer within \\\\boxed{}."

mull's own suites are declared in the same way, in the files beside this one. A column may be a path into
objects ("question.stem"), or a list of names of which the first that a row has counts. `choices` names a
column of choices, which are put behind the question with their letters. Where instead `wrong` names columns
of wrong answers, right and wrong are shuffled (by the id), and the right one's letter is the gold answer.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from random import Random
from string import ascii_uppercase
from typing import Any

from mull.bench.judge import NAMES
from mull.bench.record import Item
from mull.bench.suites import programming, rows
from mull.bench.suites.rows import PART, Row
from mull.bench.suites.suite import About, Suite
from mull.errors import MullError

_WINDOW = re.compile(r"\d{4}-\d\d(?:-\d\d)?:(?:\d{4}-\d\d(?:-\d\d)?)?")
BOXED = "{question}\n\nPlease reason step by step, and put your final answer within \\boxed{}."


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of columns, each with those that may stand for it; see the module's docstring."""

    question: Sequence[str] = ("question", "problem", "prompt", "input")
    answer: Sequence[str] = ("answer", "gold", "target", "solution")
    id: Sequence[str] = ("id",)
    group: Sequence[str] = ()
    choices: Sequence[str] = ()
    wrong: Sequence[str] = ()
    date: Sequence[str] = ()
    after: str = ""
    suffix: str = ""  # taken off the end of questions that have it


@dataclass(frozen=True, slots=True)
class Declaration:
    """A suite without its rows."""

    about: About
    columns: Columns = Columns()
    data: Path | None = None
    hub: str | None = None
    files: Sequence[str] = ()
    revision: str | None = None

    def load(self, data: Path | None = None, window: str = "") -> Suite:
        """Its questions: from `data`, else from where the declaration says they are.

        window  "2024-08:2024-11": only those of these months (or days); such a suite is one of its own

        Raises MullError where there are none, or a row lacks what it must have.
        """
        about = self.about
        if window:
            if not _WINDOW.fullmatch(window):
                raise MullError(f"no window {window!r}: write two months, such as 2024-08:2024-11.")
            if not self.columns.date:
                raise MullError(f"{about.name} has no dates; leave the window out.")
            about = replace(about, name=f"{about.name}:{window}")
        path = data or self.data
        if path is not None:
            found, version = rows.local(path), path.name
        elif self.hub is not None:
            found, version = rows.hub(self.hub, self.files, self.revision), self.revision or "newest"
        else:
            raise MullError(f"{self.about.name}: where are the rows? Give --data FILE.")
        return Suite.of(about, version, list(self._items(found, window)))

    def _items(self, found: Iterator[Row], window: str) -> Iterator[Item]:
        parts: Counter[str] = Counter()
        for row in found:
            parts[row[PART]] += 1
            split = PART in self.columns.group
            number = parts[row[PART]] if split else parts.total()
            if self._inside(row, window):
                yield self._item(row, number)

    def _inside(self, row: Row, window: str) -> bool:
        """Whether its date is between the two months, or days, of the window, both included."""
        if not window:
            return True
        first, _, last = window.partition(":")
        date = str(_find(row, self.columns.date) or "")
        return first <= date[: len(first)] and (not last or date[: len(last)] <= last)

    def _item(self, row: Row, number: int) -> Item:
        named, where = self.columns, f"{self.about.name}, row {number}"
        if self.about.judge == "code":
            return programming.item(row, where)
        question = _text(row, named.question, where).removesuffix(named.suffix)
        answer = _text(row, named.answer, where)
        if named.after:
            answer = answer.rpartition(named.after)[2].strip()
        group = _find(row, named.group)
        place = f"{row[PART]}/{number}" if PART in named.group else number
        id = str(_find(row, named.id) or place)
        if named.wrong:
            texts = [answer, *(_text(row, (name,), where) for name in named.wrong)]
            right = texts[0]
            Random(id).shuffle(texts)
            question, answer = _listed(question, ascii_uppercase, texts), ascii_uppercase[texts.index(right)]
        elif named.choices:
            question = _listed(question, *_choices(_find(row, named.choices), where))
        if group is not None and str(group).isdigit():
            group = f"{named.group[0]} {group}"
        return Item(id, question, answer, None if group is None else str(group))


def read(path: Path) -> Declaration:
    """A declaration from its file. Raises MullError that names what is wrong in it."""
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MullError(f"{path}: cannot be read ({error.strerror}).") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MullError(f"{path}: not TOML ({error!s:.80}).") from None
    return of_dict(plain, str(path), path.parent)


def of_dict(plain: Mapping[str, Any], where: str, folder: Path) -> Declaration:
    """A declaration from plain values; `folder` is where its `data` is looked for."""
    lists = {each.name for each in fields(Columns)} - {"after", "suffix"} | {"files"}
    texts = {each.name for each in fields(About)} - {"shown"} | {"after", "suffix", "data", "hub", "revision"}
    given: dict[str, Any] = {}
    for name, value in plain.items():
        if name in lists and isinstance(value, str | list) and all(isinstance(each, str) for each in value):
            given[name] = (value,) if isinstance(value, str) else tuple(value)
        elif (name in texts and isinstance(value, str)) or (name == "shown" and isinstance(value, bool)):
            given[name] = value
        elif name in lists | texts | {"shown"}:
            raise MullError(f"{where}: {name} is {value!r:.40}; it must be text or a list of texts.")
        else:
            raise MullError(f"{where}: no entry {name!r}; there are {', '.join(sorted(lists | texts))}.")
    if "name" not in given:
        raise MullError(f'{where}: it has no name; write name = "...".')
    if given.get("judge", NAMES[0]) not in NAMES:
        raise MullError(f"{where}: no judge {given['judge']!r}; there are {', '.join(NAMES)}.")
    if "hub" in given and "files" not in given:
        raise MullError(f'{where}: which files of {given["hub"]}? Write files = ["..."].')
    given.setdefault("title", given["name"])
    given.setdefault("source", given.get("hub") or given.get("data") or "the user's own")
    given.setdefault("rights", "not stated")
    given.setdefault("prompt", BOXED)
    own = {kind: {each.name for each in fields(kind)} for kind in (About, Columns)}
    return Declaration(
        About(**{name: value for name, value in given.items() if name in own[About]}),
        Columns(**{name: value for name, value in given.items() if name in own[Columns]}),
        folder / given["data"] if "data" in given else None,
        given.get("hub"),
        given.get("files", ()),
        given.get("revision"),
    )


def _find(row: Row, names: Sequence[str]) -> Any:
    """The value of the first of these columns that the row has."""
    for name in names:
        value: Any = row
        for step in [name] if name in row else name.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if value is not None:
            return value
    return None


def _text(row: Row, names: Sequence[str], where: str) -> str:
    value = _find(row, names)
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not str(value).strip():
        has = ", ".join(name for name in row if name not in (PART, ""))
        raise MullError(f"{where}: no column {' or '.join(names)} with a text in it (it has {has:.120}).")
    return str(value)


def _choices(found: Any, where: str) -> tuple[Sequence[str], Sequence[str]]:
    """Letters and texts: of a list of texts, of objects {label, text}, or of an object of two lists."""
    if isinstance(found, dict) and isinstance(found.get("text"), list):
        found = [
            {"label": label, "text": text}
            for label, text in zip(found.get("label", ascii_uppercase), found["text"], strict=False)
        ]
    if not isinstance(found, list) or not found or len(found) > len(ascii_uppercase):
        raise MullError(f"{where}: its choices are neither texts nor objects with a label and a text.")
    letters = [str(each["label"]) if isinstance(each, dict) else ascii_uppercase[place] for place, each in
               enumerate(found)]  # fmt: skip
    return letters, [str(each.get("text")) if isinstance(each, dict) else str(each) for each in found]


def _listed(question: str, letters: Sequence[str], texts: Sequence[str]) -> str:
    lines = [f"({letter}) {text}" for letter, text in zip(letters, texts, strict=False)]
    return "\n".join([question, *lines])
