"""The next tokens of a line-up of chains: in C where the runner's library was built, else in numpy.

Which of the two makes no difference to any choice, only to the time it takes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from ctypes import CDLL
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from mull.engine.sampling import choose, confidence, logprobs, uniform
from mull.runner.base import Floats

if TYPE_CHECKING:
    from mull.engine.chain import Chain

# What a row asks for, as cpu_choose.h reads it.
WISH = np.dtype(
    {
        "names": ["temperature", "top_k", "top_p", "min_p", "stream", "position", "with_confidence"],
        "formats": ["f8", "i8", "f8", "f8", "u8", "i8", "i8"],
    }
)


@cache
def library() -> CDLL | None:
    """The CPU runner's library, where one was built."""
    from mull.runner import cpu

    return cpu.best_library()[1] if cpu.instruction_sets() else None


class Choice:
    """Chooses for the same chains, step after step.

    positions    where in its chain each token will stand; the engine moves them on
    ids          `[chains]`, drawn last
    logprobs     natural log of the model's own probability (temperature 1) of each
    confidences  DeepConf token confidence where the chain tracks it, else nan

    `library` is what `library()` returns, or None for numpy.
    """

    def __init__(self, chains: Sequence[Chain], vocabulary: int, library: CDLL | None) -> None:
        self.wishes = np.array(
            [
                (*chain.sampling.distribution, chain.stream, len(chain.ids), chain.track_confidence)
                for chain in chains
            ],
            WISH,
        )
        self.positions = self.wishes["position"]
        self.ids = np.zeros(len(chains), np.int64)
        self.logprobs = np.zeros(len(chains))
        self.confidences = np.full(len(chains), math.nan)
        self._own: Floats | None = None
        self._place = (0, 0)
        self._vocabulary = vocabulary
        self._library = library
        self._work = np.empty(3 * vocabulary, np.uint32)
        arrays = (self.wishes, self._work, self.ids, self.logprobs, self.confidences)
        self._pointers = [array.ctypes.data for array in arrays]

    def make(self, own: Floats, adjusted: Floats) -> None:
        """Choose among `adjusted`, one row a chain; `own` are the model's logits before any adjustment."""
        if self._library is None or own.strides[1] != 4:  # not rows of float32
            self._make_in_numpy(own, adjusted)
            return
        if own is not self._own:  # a runner may hand out the same array again
            self._own, self._place = own, (own.ctypes.data, own.strides[0] // 4)
        other = self._place if adjusted is own else (adjusted.ctypes.data, adjusted.strides[0] // 4)
        self._library.mull_choose(len(self.ids), self._vocabulary, *self._place, *other, *self._pointers)

    def _make_in_numpy(self, own: Floats, adjusted: Floats) -> None:
        settings = self.wishes[["temperature", "top_k", "top_p", "min_p"]].tolist()
        draws = zip(self.wishes["stream"].tolist(), self.positions.tolist(), strict=True)
        uniforms = np.array([uniform(stream, position) for stream, position in draws])
        for distribution in set(settings):
            rows = [row for row, each in enumerate(settings) if each == distribution]
            self.ids[rows] = choose(adjusted[rows], distribution, uniforms[rows])
        self.logprobs[:] = logprobs(own, self.ids)
        tracked = np.flatnonzero(self.wishes["with_confidence"])
        self.confidences[tracked] = confidence(own[tracked])
