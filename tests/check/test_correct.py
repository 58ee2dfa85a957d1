"""What a false claim should have said."""

from __future__ import annotations

import pytest

from mull.check.correct import corrected


@pytest.mark.parametrize(
    ("claim", "value", "right"),
    [
        ("12*13=157", "156", "12*13=156"),
        ("12 * 13 = 157", "156", "12 * 13 = 156"),
        ("5 = 2+2", "4", "4 = 2+2"),
        ("7*8 > 60", "56", None),
        ("1+1=2=3", "2", "1+1=2=2"),
        ("2+2=5", None, None),
    ],
)
def test_a_claim_is_set_right_where_that_is_a_matter_of_one_value(
    claim: str, value: str | None, right: str | None
) -> None:
    assert corrected(claim, value) == right
