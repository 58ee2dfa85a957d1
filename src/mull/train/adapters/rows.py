"""Problems as rows: the messages that ask, the messages that answer, and the truth the scorer needs.

Here only `mull.tasks` is needed, nothing that must be installed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any

from mull import __version__, tasks
from mull.errors import MullError
from mull.tasks import Problem, Split, TaskError

Row = dict[str, Any]  # JSON-able

# How an answer is to be written, by the form of the truth (`mull.tasks.scorer.FORMS`). A model that was not
# trained on our traces would else be wrong for its notation.
HINTS = {
    "integer": "as a whole number",
    "word": "as one word",
    "numeral": "as a number in the base that is asked for",
    "row": "as the names in order with commas between them",
    "grid": "as the rows of digits with / between them, like 1234/3412/2143/4321",
    "quotient": 'like "17 remainder 3"',
    "kinds": 'like "Ann is a knight, Bob is a knave"',
    "countdown": "as one expression of the numbers with + - * / and parentheses",
}


class ExportError(MullError):
    """Rows that cannot be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which problems: `count` numbers of each family and level. Raises TaskError for what there is not."""

    families: tuple[str, ...]
    levels: tuple[int, ...]
    count: int
    bare: bool = False  # the question alone, as the embedded model knows it

    def __post_init__(self) -> None:
        for name in self.families:
            for level in self.levels:
                tasks.get(name).problem("train", level, 0)

    @classmethod
    def parse(cls, families: Sequence[str], levels: str, count: int, bare: bool) -> Selection:
        """From a command line: no family means all, levels are separated by commas."""
        try:
            chosen = tuple(int(level) for level in levels.split(","))
        except ValueError:
            raise TaskError(
                f"levels {levels!r}: write numbers with commas between them, like 1,2,3"
            ) from None
        return cls(families=tuple(families) or tasks.names(), levels=chosen, count=count, bare=bare)

    def rows(self, split: Split) -> list[Row]:
        """The rows of a split, families and levels mixed, no question twice."""
        found: dict[str, Problem] = {}
        for problem in self._problems(split):
            found.setdefault(problem.question, problem)
        return [row(problem, bare=self.bare) for problem in found.values()]

    def _problems(self, split: Split) -> Iterator[Problem]:
        for index in range(self.count):
            for name in self.families:
                for level in self.levels:
                    yield tasks.get(name).problem(split, level, index)


def row(problem: Problem, *, bare: bool = False) -> Row:
    """One problem: `prompt` and `completion` are messages, `truth` is JSON for `scorer.compute_score`."""
    family = tasks.get(problem.family)
    truth = family.truth(problem)
    question = problem.question
    if not bare:
        hint = HINTS[truth["form"]]
        question += f"\n\nReason step by step, then write the final answer in \\boxed{{}}, {hint}."
    answer = tasks.worked(problem, family.trace(problem, Random(problem.key)))
    return dict(
        prompt=[dict(role="user", content=question)],
        completion=[dict(role="assistant", content=answer)],
        truth=json.dumps(truth, ensure_ascii=False),
        family=problem.family,
        level=problem.level,
        split=problem.split,
        index=problem.index,
        key=problem.key,
    )


def source(row: Row) -> str:
    """Name under which a trainer counts rewards: one a family."""
    return f"mull/{row['family']}"


def splits(selection: Selection, test: int) -> dict[str, list[Row]]:
    """Training rows, and test rows of `test` numbers of each family and level. The two share no problem."""
    found = {
        "train": selection.rows("train"),
        "test": replace(selection, count=test).rows("test"),
    }
    train, held_out = ({row["family"] + row["key"] for row in rows} for rows in found.values())
    if shared := train & held_out:
        raise ExportError(f"{len(shared)} problems are in both splits: this is an error of mull, report it.")
    return found


def write_reward(folder: Path) -> None:
    """`reward.py`: the scorer, byte for byte."""
    (folder / "reward.py").write_bytes(files("mull.tasks").joinpath("scorer.py").read_bytes())


def write_config(name: str, path: Path) -> None:
    """A copy of a file in `configs/`."""
    path.write_bytes(files("mull.train.adapters").joinpath("configs", name).read_bytes())


def write_lines(path: Path, rows: Sequence[Row]) -> None:
    """JSON lines."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")


def write_manifest(folder: Path, selection: Selection, rows: dict[str, list[Row]]) -> None:
    """`manifest.json`: what was selected, and the SHA-256 of every other file."""
    hashes = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != "manifest.json"
    }
    counts = {split: len(found) for split, found in rows.items()}
    manifest = dict(mull=__version__, selection=asdict(selection), rows=counts, sha256=hashes)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
