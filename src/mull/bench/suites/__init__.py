"""The suites by name: those declared here, the procedural families, and the user's own."""

from __future__ import annotations

from pathlib import Path

from mull.bench.suites import families
from mull.bench.suites.declare import Columns, Declaration, read
from mull.bench.suites.suite import About, Suite
from mull.errors import MullError

__all__ = ["About", "Columns", "Declaration", "Suite", "about", "load", "names", "read"]

_FOLDER = Path(__file__).parent


def names() -> tuple[str, ...]:
    """Of the declared suites."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def about(name: str) -> About:
    """What is known of a suite, without its rows. Raises MullError for a name there is not."""
    return families.about(name) if name.startswith(families.PREFIX) else declaration(name).about


def declaration(name: str) -> Declaration:
    """Of a suite in this folder, or of the file that is named, if it ends in .toml."""
    if name.endswith(".toml"):
        return read(Path(name))
    if name not in names():
        known = ", ".join([*names(), "tasks:FAMILY[:LEVELS]", "tasks:all"])
        raise MullError(f"no suite {name!r}: use {known}, or a declaration my.toml.")
    return read(_FOLDER / f"{name}.toml")


def load(name: str, *, data: Path | None = None, limit: int | None = None) -> Suite:
    """A suite with its questions, `limit` of each group at most. Raises MullError where it cannot be had."""
    if name.startswith(families.PREFIX):
        if data is not None:
            raise MullError(f"{name} makes its problems itself; leave --data out.")
        return families.load(name, limit)
    return declaration(name).load(data).first(limit)
