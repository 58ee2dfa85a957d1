"""What settings of sampling may be, wherever they come from: a checkpoint's files, a caller, a trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping

_MOST_TOP_K = 1 << 28

# Whether a value is fine, and which ones are.
RANGES: Mapping[str, tuple[Callable[[float], bool], str]] = {
    "temperature": (lambda value: 0 <= value <= 100, "between 0 and 100"),
    "top_k": (lambda value: 0 <= value <= _MOST_TOP_K, f"between 0 and {_MOST_TOP_K}"),
    "top_p": (lambda value: 0 < value <= 1, "above 0 and at most 1"),
    "min_p": (lambda value: 0 <= value <= 1, "between 0 and 1"),
    "repetition_penalty": (lambda value: 0 < value <= 10, "above 0 and at most 10"),
}
