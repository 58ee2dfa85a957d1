"""The trace: everything that happened on the way to an answer, one record an event, as JSON lines.

The first record says what was asked, and how; `open`, `fork`, `say`, `rewind`, `stop` are the operations on
chains, `think`, `tokens` and `event` a stretch of thinking, and `note` is what a strategy or a guard has to
say about them: votes, checks, rescues; `answer`, the last, is what came of it. Chains are numbered in the
order they were made. `pieces` are the texts of `ids`, one each, so that a rewind to a length in tokens cuts
the text, too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, is_dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from mull import __version__
from mull.errors import MullError

if TYPE_CHECKING:
    from mull.engine import Engine
    from mull.think.answer import Answer
    from mull.think.question import Question

VERSION = 1

Record = dict[str, Any]

# What records must have to be followed; they may have more, and there may be operations not named here.
FIELDS: dict[str, dict[str, type]] = {
    "open": {"chain": int, "prompt": list, "seed": int, "sampling": dict, "counted": str},
    "fork": {"chain": int, "parent": int, "at": int, "stream": int, "counted": str},
    "think": {"chain": int},
    "tokens": {"chain": int, "ids": list, "pieces": list},
    "say": {"chain": int, "ids": list, "pieces": list},
    "rewind": {"chain": int, "to": int, "stream": int},
    "event": {"chain": int, "event": dict},
    "stop": {"chain": int, "why": str},
    "note": {"kind": str},
}


class Trace:
    """Records in order; `listen` hears each as it is made, also those of chunks of `tokens`.

    Without `keep` that is all: whoever listens has them, and none are stored.
    """

    def __init__(self, *, listen: Callable[[Record], None] | None = None, keep: bool = True) -> None:
        self.records: list[Record] = []
        self._keep = keep
        self._listen = listen
        self._started = perf_counter()

    def begin(self, question: Question, engine: Engine, **how: Any) -> None:
        """The first record: what is asked, and how."""
        self.add(
            "trace",
            version=VERSION,
            mull=__version__,
            messages=[asdict(message) for message in question.messages],
            system=question.system,
            context=engine.context,
            model=dict(engine.model),
            **{name: asdict(value) if is_dataclass(value) else value for name, value in how.items()},  # type: ignore[arg-type]
        )

    def end(self, answer: Answer) -> None:
        """The last record: the answer, and what it cost."""
        plain = answer.json()
        del plain["thoughts"]  # the chains have them
        self.add("answer", **plain)

    def add(self, op: str, **facts: Any) -> None:
        """One more record. `seconds` since the beginning are noted with it."""
        record = {"op": op, "seconds": round(perf_counter() - self._started, 4), **facts}
        if self._keep:
            self.records.append(record)
        if self._listen is not None:
            self._listen(record)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def notes(self, kind: str | None = None) -> list[Record]:
        """What strategies and guards noted, of one kind or all."""
        return [r for r in self.records if r["op"] == "note" and kind in (None, r["kind"])]

    def write(self, path: str | Path) -> None:
        """One JSON object a line."""
        try:
            Path(path).write_bytes(b"".join(map(line, self.records)))
        except OSError as error:
            raise MullError(f"{path}: cannot be written ({error.strerror}).") from None

    @classmethod
    def read(cls, path: str | Path) -> Trace:
        """A trace from its file. A torn last line is left out; anything else that is no trace is an error."""
        try:
            lines = Path(path).read_bytes().removesuffix(b"\n").split(b"\n")
        except OSError as error:
            raise MullError(f"{path}: cannot be read ({error.strerror}).") from None
        trace = cls()
        made: set[int] = set()
        for number, text in enumerate(lines, 1):
            try:
                record = json.loads(text)
            except (ValueError, RecursionError):
                if number == len(lines) and trace.records:
                    break
                raise MullError(f"{path}: line {number} is not JSON. Is this a trace of mull?") from None
            if not _whole(record, made):
                raise MullError(
                    f"{path}: line {number} is no record of a trace, or does not fit those before."
                )
            trace.records.append(record)
        if not trace.records or trace.records[0]["op"] != "trace":
            raise MullError(f"{path}: does not begin like a trace of mull.")
        if trace.records[0].get("version") != VERSION:
            raise MullError(
                f"{path}: a trace of version {trace.records[0].get('version')}; this mull reads {VERSION}."
            )
        return trace


class Log:
    """A file that grows with a trace: what is lost when a process ends is half a line at most."""

    def __init__(self, path: str | Path) -> None:
        """Begins the file anew. Raises MullError where there cannot be one."""
        self._path = path
        try:
            self._file = Path(path).open("wb", buffering=0)  # noqa: SIM115 - closed by `close`
        except OSError as error:
            raise self._error(error) from None

    def hear(self, record: Record) -> None:
        """One more record."""
        try:
            self._file.write(line(record))
        except OSError as error:
            raise self._error(error) from None

    def close(self) -> None:
        """Nothing more comes."""
        self._file.close()

    def _error(self, error: OSError) -> MullError:
        return MullError(f"{self._path}: cannot be written ({error.strerror}).")


def line(record: Record) -> bytes:
    """A record as it stands in a file. Half a surrogate pair, which UTF-8 cannot say, is escaped."""
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _whole(record: Any, made: set[int]) -> bool:
    """Whether all is there that its operation needs, and its chains are among those `made`, which grow."""
    if not isinstance(record, dict) or not isinstance(record.get("op"), str):
        return False
    op, chain = record["op"], record.get("chain")
    if not all(type(record.get(name)) is kind for name, kind in FIELDS.get(op, {}).items()):
        return False
    tokens = [*record.get("prompt", ()), *record.get("ids", ())] if op in FIELDS else []
    if not all(type(token) is int and 0 <= token < 1 << 31 for token in tokens):
        return False
    if op in ("tokens", "say"):
        pieces = record["pieces"]
        return chain in made and len(record["ids"]) == len(pieces) and all(type(p) is str for p in pieces)
    if op == "open" or (op == "fork" and record["parent"] in made):
        new = chain not in made
        made.add(record["chain"])
        return new
    return op != "fork" and (chain is None or (type(chain) is int and chain in made))
