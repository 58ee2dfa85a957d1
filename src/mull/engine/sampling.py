"""How the next token is chosen: the settings, the random numbers, and the choice itself.

Random numbers are counter-based: the number that decides a token is a hash of the seed, the
chain's path in the tree of forks, and the token's position. The same chain draws the same tokens
alone or in a crowd, today or on replay, whatever was computed beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mull.errors import MullError
from mull.model.settings import RANGES
from mull.runner.base import Floats

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
LIKELIEST = 1 << 30  # the chance of a row's likeliest token
CONFIDENT = 20  # of so many of the likeliest tokens a confidence is made: DeepConf, arXiv 2508.15260 §3.1
# 2^x = 1 + x (c0 + x (c1 + ...)) for |x| <= 1/2, the last one first (Cephes exp2f).
_POWER = np.array(
    [1.535336188e-4, 1.339887440e-3, 9.618437357e-3, 5.550332471e-2, 2.402264791e-1, 6.931472028e-1, 1],
    np.float32,
)


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
        for name, (fine, wanted) in RANGES.items():
            if not fine(value := getattr(self, name)):
                raise MullError(f"{name} must be {wanted}, not {value!r}.")
        stop: object = self.stop
        if isinstance(stop, str) or not all(self.stop):  # a string would be taken for its letters
            raise MullError(f"stop must be a tuple of strings that are not empty, not {stop!r}.")

    @property
    def distribution(self) -> tuple[float, int, float, float]:
        """What decides the choice among logits; chains that agree in it are drawn together."""
        return (self.temperature, self.top_k, self.top_p, self.min_p)

    def json(self) -> dict[str, Any]:
        """Plain values, without those that say nothing; a forbidden token's bias is null."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        plain["stop_ids"] = None if self.stop_ids is None else sorted(self.stop_ids)
        plain["bias"] = {
            str(token): None if value == -math.inf else value for token, value in self.bias.items()
        }
        return {name: value for name, value in plain.items() if value not in (None, (), {})}

    @classmethod
    def of_json(cls, plain: Mapping[str, Any]) -> Self:
        """From what `json` gives. Raises MullError where these are no settings."""
        given = dict(plain)
        try:
            bias = given.pop("bias", {}).items()
            stop_ids = given.pop("stop_ids", None)
            if isinstance(stop := given.get("stop"), list):
                given["stop"] = tuple(stop)
            return cls(
                **given,
                stop_ids=None if stop_ids is None else frozenset(stop_ids),
                bias={int(token): -math.inf if value is None else float(value) for token, value in bias},
            )
        except (AttributeError, TypeError, ValueError) as error:
            raise MullError(f"these are no settings of sampling: {error!s:.80}.") from None


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


def chances(logits: Floats, temperature: float) -> NDArray[np.int64]:
    """How likely each token is, in units of 2^-30 of the row's likeliest. `[rows, vocabulary]`.

    Whole numbers, so that sums of them depend neither on their order nor on anybody's rounding; and made
    by single float32 operations, not by a library's exponential. So draws from equal logits are equal in
    numpy and in C, on every machine. A token less likely than 2^-31 of the likeliest is never drawn.
    """
    rate = np.float32(min(1.4426950408889634 / temperature, 1e30))
    with np.errstate(invalid="ignore", over="ignore"):  # -inf among the logits, and rows of nothing else
        x = np.fmax((logits - logits.max(axis=1, keepdims=True)) * rate, np.float32(-40))
    whole = np.rint(x)
    x -= whole
    power = np.full_like(x, _POWER[0])
    for coefficient in _POWER[1:]:
        power *= x
        power += coefficient
    power = np.ldexp(power, whole.astype(np.int32) + 30)
    power += np.float32(0.5)
    nearest: NDArray[np.int64] = power.astype(np.int64)
    return nearest


def choose(
    logits: Floats, distribution: tuple[float, int, float, float], uniforms: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Draw one token a row.

    logits `[rows, vocabulary]`, uniforms `[rows]` in [0, 1). Returns ids `[rows]`. A row's choice
    depends on that row alone. Filters apply in the order top-k, top-p, min-p on the distribution
    after temperature; of equally likely tokens the lower id is kept first.
    """
    temperature, top_k, top_p, min_p = distribution
    likeliest: NDArray[np.int64] = logits.argmax(axis=1)
    if temperature == 0:
        return likeliest
    weights = chances(logits, temperature)
    if top_k or top_p < 1:
        order = np.argsort(-weights, axis=1, kind="stable")
        falling = np.take_along_axis(weights, order, axis=1)
        if top_k:
            falling[:, top_k:] = 0
        before = falling.cumsum(axis=1) - falling
        if top_p < 1:
            falling[before >= top_p * falling.sum(axis=1, keepdims=True)] = 0
        np.put_along_axis(weights, order, falling, axis=1)
    weights[weights < min_p * LIKELIEST] = 0
    cumulative = weights.cumsum(axis=1)
    total = cumulative[:, -1]
    target = np.minimum((uniforms * total).astype(np.int64), total - 1)
    above = cumulative > target[:, None]
    return np.where(total > 0, above.argmax(axis=1), likeliest)


def logprobs(logits: Floats, ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """Natural log of the model's own probability (temperature 1) of `ids`, one a row."""
    top = logits.max(axis=1)
    total = np.exp(logits - top[:, None]).sum(axis=1)
    return (logits[np.arange(len(ids)), ids] - top - np.log(total)).astype(np.float64)


def likeliest(logits: Floats, k: int) -> list[tuple[int, float]]:
    """The k likeliest tokens of one row and the natural logs of their probabilities (temperature 1)."""
    k = min(k, len(logits))
    top = float(logits.max())
    total = top + math.log(float(np.exp(logits - top).sum()))
    found = np.argpartition(-logits, k - 1)[:k]
    ids = found[np.lexsort((found, -logits[found]))]
    return [(int(id), float(logits[id]) - total) for id in ids]


def confidence(logits: Floats, k: int = CONFIDENT) -> NDArray[np.float64]:
    """Token confidence: minus the mean log-probability of the k likeliest tokens, one a row.

    High where the distribution is peaked. DeepConf, arXiv 2508.15260 §3.1.
    """
    k = min(k, logits.shape[1])
    top = logits.max(axis=1)
    total = np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top
    best = np.partition(logits, logits.shape[1] - k, axis=1)[:, -k:]
    return (total - best.mean(axis=1)).astype(np.float64)
