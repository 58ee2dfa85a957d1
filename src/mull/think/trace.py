"""The trace: everything that happened on the way to an answer, one record an event, as JSON lines.

The first record says what was asked, and how; `open`, `fork`, `say`, `rewind`, `stop` are the operations on
chains, `think`, `tokens` and `event` a stretch of thinking, and `note` is what a strategy or a guard has to
say about them: votes, checks, rescues. Chains are numbered in the order they were made.
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
    from mull.think.question import Question

VERSION = 1

Record = dict[str, Any]


class Trace:
    """Records in order; `listen` hears each as it is made, also those of chunks of `tokens`."""

    def __init__(self, *, listen: Callable[[Record], None] | None = None) -> None:
        self.records: list[Record] = []
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
            **{name: asdict(value) if is_dataclass(value) else value for name, value in how.items()},  # type: ignore[arg-type]
        )

    def add(self, op: str, **facts: Any) -> None:
        """One more record. `seconds` since the beginning are noted with it."""
        record = {"op": op, "seconds": round(perf_counter() - self._started, 4), **facts}
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
        lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in self.records)
        try:
            Path(path).write_text("".join(lines), encoding="utf-8")
        except OSError as error:
            raise MullError(f"{path}: cannot be written ({error.strerror}).") from None

    @classmethod
    def read(cls, path: str | Path) -> Trace:
        """A trace from its file. A torn last line is left out; anything else that is no trace is an error."""
        try:
            lines = Path(path).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise MullError(f"{path}: cannot be read ({error}).") from None
        trace = cls()
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
            except ValueError:
                if number == len(lines) and trace.records:
                    break
                raise MullError(f"{path}: line {number} is not JSON. Is this a trace of mull?") from None
            if not isinstance(record, dict) or not isinstance(record.get("op"), str):
                raise MullError(f"{path}: line {number} is no record of a trace.")
            trace.records.append(record)
        if not trace.records or trace.records[0]["op"] != "trace":
            raise MullError(f"{path}: does not begin like a trace of mull.")
        if trace.records[0].get("version") != VERSION:
            raise MullError(
                f"{path}: a trace of version {trace.records[0].get('version')}; this mull reads {VERSION}."
            )
        return trace
