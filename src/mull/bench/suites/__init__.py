"""The suites by name: those declared here, the procedural families, and the user's own."""

from __future__ import annotations

from pathlib import Path

from mull.bench.suites import audit, families
from mull.bench.suites.declare import Columns, Declaration, read
from mull.bench.suites.suite import About, Suite
from mull.errors import MullError

__all__ = ["About", "Columns", "Declaration", "Suite", "about", "load", "names", "read"]

_FOLDER = Path(__file__).parent


def names() -> tuple[str, ...]:
    """Of the suites that hold rows of others, and of the audit."""
    return tuple(sorted([audit.ABOUT.name, *(path.stem for path in _FOLDER.glob("*.toml"))]))


def about(name: str) -> About:
    """What is known of a suite, without its rows. Raises MullError for a name there is not."""
    if name == audit.ABOUT.name:
        return audit.ABOUT
    return families.about(name) if name.startswith(families.PREFIX) else declaration(name)[0].about


def declaration(name: str) -> tuple[Declaration, str]:
    """Of a suite in this folder, or of the file that is named, if it ends in .toml; and the window of dates
    that the name has behind it."""
    if name.endswith(".toml"):
        return read(Path(name)), ""
    if name == audit.ABOUT.name or name.startswith(families.PREFIX):
        raise MullError(
            f"{name} brings its questions and its prompt along; leave what would change them out."
        )
    known, _, window = name.partition(":")
    path = _FOLDER / f"{known}.toml"
    if known not in names() or not path.exists():
        others = ", ".join([*names(), "tasks:FAMILY[:LEVELS]", "tasks:all"])
        raise MullError(f"no suite {name!r}: use {others}, or a declaration my.toml.")
    return read(path), window


def load(name: str, *, data: Path | None = None, limit: int | None = None) -> Suite:
    """A suite with its questions, `limit` of each group at most. Raises MullError where it cannot be had."""
    if name == audit.ABOUT.name or name.startswith(families.PREFIX):
        if data is not None:
            raise MullError(f"{name} brings its questions along; leave --data out.")
        return audit.load().first(limit) if name == audit.ABOUT.name else families.load(name, limit)
    declared, window = declaration(name)
    return declared.load(data, window).first(limit)
