"""Rows of data sets: from files that the user has, or from the hub. mull ships none.

JSON lines, JSON (a list, or an object that holds one), CSV, and with pyarrow (extra `parquet`) Parquet.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from mull.errors import MullError

PART = "@part"  # in each row: which part of the data set its file is
FIELD = 1 << 30  # characters of a cell of CSV at most
ENDINGS = (".jsonl", ".json", ".csv", ".parquet")

Row = dict[str, Any]

_SHARD = re.compile(r"(?:train|test|validation|dev)(?:-\d+-of-\d+)?")


def local(path: Path) -> Iterator[Row]:
    """Rows of a file, or of all files in a folder, by name. Raises MullError for what cannot be read."""
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.suffix in ENDINGS)
        if not files:
            raise MullError(f"{path}: no data here; files must end in {', '.join(ENDINGS)}.")
    else:
        files = [path]
    for file in files:
        yield from _read(file)


def hub(repo: str, files: Sequence[str], revision: str | None = None) -> Iterator[Row]:
    """Rows of those files of a data set on the hub whose names fit one of the patterns.

    Downloaded once. Raises MullError that says what to do where they cannot be had.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError

    try:
        folder = Path(
            snapshot_download(repo, repo_type="dataset", revision=revision, allow_patterns=list(files))
        )
    except GatedRepoError:
        raise MullError(
            f"{repo} is gated: accept its terms on https://huggingface.co/datasets/{repo}, "
            "then log in with `hf auth login`."
        ) from None
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        why = str(error).partition("\n")[0]
        raise MullError(f"{repo}: cannot be fetched ({why:.120}). Give the rows with --data FILE.") from None
    names = sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())
    chosen = [name for name in names if any(fnmatch(name, pattern) for pattern in files)]
    if not chosen:
        raise MullError(f"{repo} has no files {', '.join(files)}. Give the rows with --data FILE.")
    for name in chosen:
        yield from _read(folder / name)


def _read(file: Path) -> Iterator[Row]:
    part = file.parent.name if _SHARD.fullmatch(file.stem) else file.stem
    try:
        for row in _READERS.get(file.suffix, _lines)(file):
            yield {PART: part, **row}
    except OSError as error:
        raise MullError(f"{file}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise MullError(f"{file}: not UTF-8 text.") from None
    except csv.Error as error:
        raise MullError(f"{file}: not CSV ({error!s:.80}).") from None


def _lines(file: Path) -> Iterator[Row]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _object(_json(line, f"{file}, line {number}"), f"{file}, line {number}")


def _whole(file: Path) -> Iterator[Row]:
    """A list of rows, or an object in which one stands."""
    found = _json(file.read_text(encoding="utf-8"), str(file))
    if isinstance(found, dict):
        lists = [value for value in found.values() if isinstance(value, list)]
        if len(lists) != 1:
            raise MullError(f"{file}: holds {len(lists)} lists of rows, not one.")
        found = lists[0]
    if not isinstance(found, list):
        raise MullError(f"{file}: neither a list of rows nor an object that holds one.")
    for number, row in enumerate(found, 1):
        yield _object(row, f"{file}, row {number}")


def _csv(file: Path) -> Iterator[Row]:
    csv.field_size_limit(FIELD)
    with file.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, restkey="")  # cells without a column get a name that is none


def _parquet(file: Path) -> Iterator[Row]:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise MullError('Parquet files need pyarrow: pip install "mull[parquet]".') from None
    try:
        with ParquetFile(file) as table:
            for batch in table.iter_batches(batch_size=256):
                yield from batch.to_pylist()
    except ArrowException as error:
        raise MullError(f"{file}: not a Parquet file ({error!s:.80}).") from None


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise MullError(f"{where}: not JSON.") from None


def _object(row: Any, where: str) -> Row:
    if not isinstance(row, dict):
        raise MullError(f"{where}: not a JSON object.")
    return row


_READERS = {".json": _whole, ".csv": _csv, ".parquet": _parquet}
