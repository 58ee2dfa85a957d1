"""The process that runs sympy for symbolic.py: one JSON pair of LaTeX texts a line, one JSON verdict a line.

Texts are read by latex2sympy2_extended's grammar only; there is no `sympify` of text and no `eval`.
"""

from __future__ import annotations

import json
import signal
import sys
from contextlib import suppress
from typing import Any

MEMORY = 2 << 30  # bytes
SECONDS = 5  # after which a question ends the process, should nobody be left to kill it
_DIGITS = 30


def main() -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.setrecursionlimit(3000)
    import sympy  # noqa: F401
    from latex2sympy2_extended import latex2sympy

    print("ready", flush=True)
    for line in sys.stdin:
        if hasattr(signal, "alarm"):
            signal.alarm(SECONDS)
        try:
            one, other = (latex2sympy(text) for text in json.loads(line))
            verdict = _equal(one, other)
        except Exception as problem:
            verdict = None, f"undecided: {type(problem).__name__}"
        if hasattr(signal, "alarm"):
            signal.alarm(0)
        print(json.dumps(verdict), flush=True)


def _equal(one: Any, other: Any) -> tuple[bool | None, str]:
    from sympy import N, Rational, simplify

    gap = (one - other).doit()
    if gap == 0:
        return True, "sympy: the difference is zero"
    if not gap.free_symbols:
        value = N(gap, _DIGITS)
        if value.is_comparable and abs(value) > 10 ** (-_DIGITS // 2):
            return False, "sympy: the difference is not zero"
    simple = simplify(gap)
    if simple == 0:
        return True, "sympy: the difference simplifies to zero"
    if simple.is_number and simple.is_zero is False:
        return False, "sympy: the difference is not zero"
    names = sorted(simple.free_symbols, key=str)
    point = {name: Rational(314 + 55 * place, 271) for place, name in enumerate(names)}
    value = N(simple.subs(point), _DIGITS)
    if value.is_comparable and abs(value) > 10 ** (-_DIGITS // 2):
        return False, "sympy: they differ at a point"
    return None, "undecided: sympy cannot tell"


if __name__ == "__main__":
    main()
