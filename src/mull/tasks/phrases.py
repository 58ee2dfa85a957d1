"""Many sentences from one pattern: `[Find|Compute] the sum[ of {a} and {b}|: {a}, {b}].`

The choices in brackets may be empty and may hold brackets themselves.
"""

import re
from itertools import product

_INNER = re.compile(r"\[([^\[\]]*)\]")


def every(*patterns: str) -> tuple[str, ...]:
    """All sentences of the patterns, each once, in the order of the patterns."""
    return tuple(dict.fromkeys(sentence for pattern in patterns for sentence in _expanded(pattern)))


def follow(*parts: tuple[str, ...]) -> tuple[str, ...]:
    """Each of the first sentences, followed by each of the second, and so on."""
    return tuple(" ".join(sentences) for sentences in product(*parts))


def _expanded(pattern: str) -> list[str]:
    found = _INNER.search(pattern)
    if found is None:
        return [pattern]
    start, end = pattern[: found.start()], pattern[found.end() :]
    return [sentence for choice in found[1].split("|") for sentence in _expanded(start + choice + end)]
