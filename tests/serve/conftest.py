from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serve.house import House, house


@pytest.fixture(scope="module")
def served() -> Iterator[House]:
    """One server for the tests of a module."""
    with house() as made:
        yield made
