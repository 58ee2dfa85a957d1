"""The rules of `Rows`, checked: a wrong id must become an error, never a wild memory access."""

from __future__ import annotations

import numpy as np

from mull.errors import MullError
from mull.runner.base import Limits, Rows

_INT32 = np.dtype(np.int32)


class InvalidRows(MullError):
    """A step was asked for something its runner does not hold."""


def check_layout(rows: Rows) -> None:
    """Types, contiguity and lengths; independent of the values, so cheap on every step."""
    tokens, positions, chains, tables, wants = (
        rows.tokens,
        rows.positions,
        rows.chains,
        rows.tables,
        rows.wants,
    )
    for name, array, ndim in (
        ("tokens", tokens, 1),
        ("positions", positions, 1),
        ("chains", chains, 1),
        ("tables", tables, 2),
        ("wants", wants, 1),
    ):
        if array.dtype != _INT32 or array.ndim != ndim or not array.flags.c_contiguous:
            raise InvalidRows(
                f"rows.{name} must be a C-contiguous int32 array of {ndim} dimension(s), "
                f"found {array.dtype} {array.shape}."
            )
    if not len(tokens) == len(positions) == len(chains):
        raise InvalidRows(
            f"rows.tokens, positions and chains differ in length: "
            f"{len(tokens)}, {len(positions)}, {len(chains)}."
        )


def check_values(rows: Rows, limits: Limits) -> None:
    """Every value that will be used as an index, and the order of rows. Raises InvalidRows."""
    _in_range("tokens", rows.tokens, limits.vocab_size, "the vocabulary")
    _in_range("positions", rows.positions, limits.context, "the context")
    _in_range("chains", rows.chains, len(rows.tables), "the tables")
    _in_range("wants", rows.wants, len(rows.tokens), "the rows")
    if (np.diff(rows.wants) <= 0).any():
        raise InvalidRows("rows.wants must be ascending.")
    falling = (np.diff(rows.chains) == 0) & (np.diff(rows.positions) <= 0)
    if falling.any():
        at = int(falling.argmax()) + 1
        raise InvalidRows(f"rows {at - 1} and {at} of chain {rows.chains[at]} are not in ascending position.")
    last = rows.positions // limits.page_size
    width = rows.tables.shape[1]
    if len(last) and last.max() >= width:
        at = int(last.argmax())
        raise InvalidRows(
            f"row {at} at position {rows.positions[at]} needs page {last[at]} of a table of {width} pages."
        )
    pages = rows.tables[rows.chains]
    wrong = (np.arange(width) <= last[:, None]) & ((pages < 0) | (pages >= limits.pages))
    if wrong.any():
        row, index = np.argwhere(wrong)[0]
        raise InvalidRows(
            f"rows.tables[{rows.chains[row]}, {index}] is page {pages[row, index]}; "
            f"there are {limits.pages} pages."
        )


def check_page(page: int, limits: Limits) -> None:
    """A page id given to `copy_page`."""
    if not 0 <= page < limits.pages:
        raise InvalidRows(f"page {page} does not exist; there are {limits.pages} pages.")


def _in_range(name: str, values: np.ndarray, size: int, what: str) -> None:
    wrong = (values < 0) | (values >= size)
    if wrong.any():
        at = int(wrong.argmax())
        raise InvalidRows(f"rows.{name}[{at}] is {values[at]}, outside {what} of {size}.")
