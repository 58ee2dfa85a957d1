"""The log of a run: samples are appended and on the disk before they count.

A process killed at any moment leaves whole lines and at most one torn one, which the next process takes off.
Two processes never write into one folder.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from mull.bench import record
from mull.bench.record import Item, Manifest, Run, Sample
from mull.errors import MullError


class Log:
    """Open for one run. `done`: the keys of samples that need not be drawn again."""

    def __init__(self, folder: Path, manifest: Manifest, items: Sequence[Item]) -> None:
        """Begin a run in this folder, or go on with it: there may be more samples a question by then, and
        more questions. Raises MullError where it holds another run, or one that is being written."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / record.SAMPLES).open("ab", buffering=0)
        except OSError as error:
            raise MullError(f"{folder}: cannot be written ({error.strerror}).") from None
        try:
            _lock(self._file.fileno(), folder)
            self.manifest = _begin(folder, manifest, items)
            _mend(folder / record.SAMPLES)
            samples = Run.read(folder).samples
        except BaseException:
            self.close()
            raise
        self.done = {each.key for each in samples if each.outcome != "error"}

    def add(self, *samples: Sample) -> None:
        """More of them. They are on the disk when this returns."""
        try:
            self._file.write(b"".join(record.line(asdict(sample)) for sample in samples))
            os.fsync(self._file.fileno())
        except OSError as error:
            raise MullError(
                f"samples cannot be written ({error.strerror}); free the disk, and go on."
            ) from None
        self.done.update(sample.key for sample in samples)

    def close(self) -> None:
        """Nothing more comes."""
        self._file.close()


def _begin(folder: Path, manifest: Manifest, items: Sequence[Item]) -> Manifest:
    """The manifest as it stands in the folder from now on, written with the items."""
    if (folder / record.MANIFEST).exists():
        old = Manifest.load(folder)
        if differences := old.differs(manifest):
            raise MullError(f"{folder} holds another run ({'; '.join(differences)}). Choose another --out.")
        known = {each.id for each in items}
        items = [*items, *(each for each in record.read_items(folder / record.ITEMS) if each.id not in known)]
        manifest = replace(old, k=max(old.k, manifest.k), items=len(items))
    elif (folder / record.SAMPLES).stat().st_size:
        raise MullError(f"{folder} holds samples without a manifest. Choose another --out.")
    record.write_items(items, folder / record.ITEMS)
    manifest.save(folder)
    return manifest


def _mend(path: Path) -> None:
    """Take off what follows the last whole line."""
    with path.open("rb+") as file:
        text = file.read()
        whole = text.rfind(b"\n") + 1
        if whole < len(text):
            file.truncate(whole)


def _lock(number: int, folder: Path) -> None:
    with suppress(ImportError):
        import fcntl

        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise MullError(
                f"{folder}: another `mull bench` is writing here. Wait, or choose another --out."
            ) from None
