"""How the next token is chosen: the settings, the random numbers, and the choice itself.

Random numbers are counter-based: the number that decides a token is a hash of the seed, the
chain's path in the tree of forks, and the token's position. The same chain draws the same tokens
alone or in a crowd, today or on replay, whatever was computed beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mull.errors import MullError
from mull.runner.base import Floats

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
# Candidates looked at before the whole vocabulary is sorted for top-p: nearly always enough.
_SHORTLIST = 64


@dataclass(frozen=True, slots=True)
class Sampling:
    """Settings of one chain. The defaults draw from the model's own distribution.

    temperature         0 is greedy
    top_k               keep the k likeliest tokens; 0 keeps all
    top_p               keep the smallest set of likeliest tokens with this mass (nucleus)
    min_p               keep tokens at least this likely relative to the likeliest
    repetition_penalty  divides positive and multiplies negative logits of every token already in
                        the chain (CTRL, arXiv 1909.05858); 1 is off
    stop                strings that end the segment
    stop_ids            token ids that end the segment; None takes the engine's
    bias                added to the logits of single tokens; -inf forbids
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    stop: tuple[str, ...] = ()
    stop_ids: frozenset[int] | None = None
    bias: Mapping[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value, fine, wanted in (
            ("temperature", self.temperature, 0 <= self.temperature <= 100, "between 0 and 100"),
            ("top_k", self.top_k, self.top_k >= 0, "0 or more"),
            ("top_p", self.top_p, 0 < self.top_p <= 1, "above 0 and at most 1"),
            ("min_p", self.min_p, 0 <= self.min_p <= 1, "between 0 and 1"),
            ("repetition_penalty", self.repetition_penalty, 0 < self.repetition_penalty <= 10, "in (0, 10]"),
            ("stop", self.stop, all(self.stop), "without empty strings"),
        ):
            if not fine:
                raise MullError(f"{name} must be {wanted}, not {value!r}.")

    @property
    def distribution(self) -> tuple[float, int, float, float]:
        """What decides the choice among logits; chains that agree in it are drawn together."""
        return (self.temperature, self.top_k, self.top_p, self.min_p)


def mix(*values: int) -> int:
    """A 64-bit hash of integers: SplitMix64's finaliser (Steele et al. 2014) over a running sum."""
    x = 0
    for value in values:
        x = (x + (value & _MASK) + _GOLDEN) & _MASK
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
        x ^= x >> 31
    return x


def uniform(stream: int, position: int) -> float:
    """The number in [0, 1) that decides the token at `position` of the chain with this stream."""
    return (mix(stream, position) >> 11) * 2.0**-53


def choose(
    logits: Floats, distribution: tuple[float, int, float, float], uniforms: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Draw one token a row.

    logits `[rows, vocabulary]`, uniforms `[rows]` in [0, 1). Returns ids `[rows]`. A row's choice
    depends on that row alone. Filters apply in the order top-k, top-p, min-p on the distribution
    after temperature.
    """
    temperature, top_k, top_p, min_p = distribution
    if temperature == 0:
        greedy: NDArray[np.int64] = logits.argmax(axis=1)
        return greedy
    scaled = logits - logits.max(axis=1, keepdims=True)
    scaled /= np.float32(temperature)
    vocabulary = scaled.shape[1]
    if not top_k and top_p == 1 and min_p == 0:
        cumulative = np.exp(scaled).cumsum(axis=1, dtype=np.float64)
        return _first_above(cumulative, uniforms)
    keep = min(top_k or _SHORTLIST, vocabulary)
    chosen = _choose_sorted(scaled, keep, top_k, top_p, min_p, uniforms)
    if (undecided := np.flatnonzero(chosen < 0)).size:
        rest = scaled[undecided]
        chosen[undecided] = _choose_sorted(rest, vocabulary, top_k, top_p, min_p, uniforms[undecided])
    return chosen


def _choose_sorted(
    scaled: Floats,
    keep: int,
    top_k: int,
    top_p: float,
    min_p: float,
    uniforms: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Choose among the `keep` likeliest tokens; -1 where they do not suffice to know the nucleus."""
    rows, vocabulary = scaled.shape
    if keep < vocabulary:
        ids = np.argpartition(scaled, vocabulary - keep, axis=1)[:, vocabulary - keep :]
        ids.sort(axis=1)  # equal logits keep the order of their ids
    else:
        ids = np.broadcast_to(np.arange(vocabulary), scaled.shape)
    values = np.take_along_axis(scaled, ids, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    ids = np.take_along_axis(ids, order, axis=1)
    mass = np.exp(np.take_along_axis(values, order, axis=1), dtype=np.float64)
    cumulative = mass.cumsum(axis=1)
    total = cumulative[:, -1] if top_k or keep == vocabulary else np.exp(scaled).sum(axis=1, dtype=np.float64)
    # A token stays while the mass before it is below top_p and it is likely enough itself.
    stays = (cumulative - mass < top_p * total[:, None]) & (mass >= min_p * mass[:, :1])
    kept = stays.sum(axis=1)
    last = np.maximum(kept, 1) - 1
    cumulative /= cumulative[np.arange(rows), last][:, None]
    picked = np.minimum((cumulative <= uniforms[:, None]).sum(axis=1), last)
    chosen = ids[np.arange(rows), picked].astype(np.int64)
    if not top_k and keep < vocabulary:
        chosen[kept == keep] = -1
    return chosen


def _first_above(cumulative: NDArray[np.float64], uniforms: NDArray[np.float64]) -> NDArray[np.int64]:
    target = uniforms * cumulative[:, -1]
    first: NDArray[np.int64] = (cumulative <= target[:, None]).sum(axis=1)
    return np.minimum(first, cumulative.shape[1] - 1)


def logprobs(logits: Floats, ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """Natural log of the model's own probability (temperature 1) of `ids`, one a row."""
    top = logits.max(axis=1)
    total = np.exp(logits - top[:, None]).sum(axis=1)
    return (logits[np.arange(len(ids)), ids] - top - np.log(total)).astype(np.float64)


def confidence(logits: Floats, k: int = 20) -> NDArray[np.float64]:
    """Token confidence: minus the mean log-probability of the k likeliest tokens, one a row.

    High where the distribution is peaked. DeepConf, arXiv 2508.15260 §3.1.
    """
    k = min(k, logits.shape[1])
    top = logits.max(axis=1)
    total = np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top
    best = np.partition(logits, logits.shape[1] - k, axis=1)[:, -k:]
    return (total - best.mean(axis=1)).astype(np.float64)
