"""The one interface between an engine and whatever computes the network.

A step takes rows. A row is one token of one chain at one position: prefill of one chain
and decoding of others are rows of the same call. No padding, no prefill/decode split.
Keys and values live in pages of `page_size` positions; which chain owns which page is the
engine's business, a runner only follows the page tables it is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a runner can hold. `pages` of `page_size` positions each, `context` in tokens."""

    pages: int
    page_size: int
    context: int
    vocab_size: int
    dtype: str


@dataclass(frozen=True, slots=True)
class Rows:
    """One step's work. All arrays int32 and C-contiguous; the same rows may come again with other values.

    tokens     [rows]   token id
    positions  [rows]   position in its chain
    chains     [rows]   which line of `tables` the row belongs to
    tables     [chains, width]   page ids; position p lies in `tables[chain, p // page_size]`
    wants      [wanted] rows whose logits are returned, ascending

    Rows of one chain stand together, in ascending position, and continue what its pages
    already hold. Every row's key and value is written before any row attends, so a row
    sees the rows of its own chain that come before it in the same step. Lines of `tables`
    that are not referred to may hold anything.
    """

    tokens: Ints
    positions: Ints
    chains: Ints
    tables: Ints
    wants: Ints


class Runner(Protocol):
    """Computes forward steps and owns the memory of the pages.

    `name` tells apart what may round differently: "cpu avx512" and "cpu avx2" are two.
    """

    name: str
    limits: Limits

    def step(self, rows: Rows) -> Floats:
        """Logits `[wanted, vocab_size]`, float32. Valid until the next call of `step`."""
        ...

    def copy_page(self, src: int, dst: int) -> None:
        """Copy keys and values of all layers of page `src` into page `dst`."""
        ...

    def close(self) -> None:
        """Free the memory. A closed runner must not be stepped again."""
        ...
