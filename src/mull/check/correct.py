"""What a false claim should have said, in its own spelling."""

from __future__ import annotations

import re

from mull.check.claims import claims

_NUMBERS = tuple(  # that may be the written value: what the claim ends in, or begins with
    re.compile(pattern) for pattern in (r"[-+]?\d[\d.,/]*\s*$", r"^\s*[-+]?\d[\d.,/]*(?=\s*=)")
)


def corrected(claim: str, value: str | None) -> str | None:
    """The claim with `value` for the written one; None where that makes no true claim.

    `12 * 13 = 157` with 156 gives `12 * 13 = 156`, and `5 = 2+2` with 4 gives `4 = 2+2`.
    """
    if not value:
        return None
    for number in _NUMBERS:
        mended = number.sub(lambda _: value, claim, count=1)
        if {found.verdict for found in claims(mended + "\n")} == {"confirmed"}:
            return mended
    return None
