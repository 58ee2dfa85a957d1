"""Two runs on the same questions: how far apart they are, with the questions' difficulty taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm, sqrt

import numpy as np

from mull.bench.statistics.levels import Spread
from mull.bench.statistics.proportion import Interval
from mull.bench.statistics.quantiles import Z

GRID = 2000  # steps from 0 to 1 at most in which differences are counted

Answers = Sequence[Sequence[bool]]  # right or not: a sequence of samples a question


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean share of right samples of the first run minus that of the second.

    these       95 % interval for exactly these questions; None where one has a single sample
    like_these  for questions like these
    chance      how likely a difference at least this large is if neither run is better (`sign_flip`)
    spread      variance between questions of their true difference, and within one of the difference of two
                samples; None where one has a single sample
    """

    value: float
    like_these: Interval
    these: Interval | None
    chance: float
    spread: Spread | None


def difference(ours: Answers, theirs: Answers, paired: Sequence[bool] | None = None) -> Difference:
    """Of two runs, question by question in the same order.

    paired  of each question, whether its samples are pairs, in their order: runs that share seeds then share
            luck. Without it they are wherever there are equally many.

    Raises ValueError where the questions are not as many, or one has no sample.

    like_these: Bonett & Price 2012 (JEBS 37:479) add one question to each side for k = 1 before taking the
    normal interval; for more samples what is added shrinks as the noise of a difference does, with 1 /
    sqrt(k). these: the variance within questions, with a made-up question of variance 1/2 (see levels.these).
    """
    if len(ours) != len(theirs) or not ours or not all(ours) or not all(theirs):
        raise ValueError("a paired comparison takes the same questions, and a sample of each")
    if paired is None:
        paired = [len(one) == len(other) for one, other in zip(ours, theirs, strict=True)]
    questions = len(ours)
    gaps = [_share(one) - _share(other) for one, other in zip(ours, theirs, strict=True)]
    value = sum(gaps) / questions
    usual = 2 * questions / sum(1 / len(each) for both in (ours, theirs) for each in both)
    centre = sum(gaps) / (questions + 2)
    variance = (sum(gap * gap for gap in gaps) + 2 / usual) / (questions + 2) - centre**2
    outer = _interval(centre, variance / (questions + 2))
    inner, parts = None, None
    if all(len(each) > 1 for both in (ours, theirs) for each in both):
        noise = [_noise(*each) for each in zip(ours, theirs, paired, strict=True)]
        inner = _interval(value, (sum(noise) + 0.5 / usual) / (questions + 1) / questions)
        if questions > 1:
            total = sum((gap - value) ** 2 for gap in gaps) / (questions - 1)
            within = sum(noise) / questions
            parts = Spread(max(0.0, total - within), within * usual)
    return Difference(value, outer, inner, sign_flip(ours, theirs), parts)


def sign_flip(ours: Answers, theirs: Answers) -> float:
    """Two-sided p-value of the exact permutation test: each question's difference might as well have the
    other sign. For one sample a question it is the exact test of McNemar 1947 (Psychometrika 12:153).
    Fisher 1935, The Design of Experiments, section 21. All 2 ** n signs are counted, by convolution.
    Differences are counted in steps of one over the samples' least common multiple, but no finer than
    1 / GRID: questions of 60, 61, 62, 63 and 64 samples would else take gigabytes.
    """
    scale = min(GRID, lcm(*{len(each) for both in (ours, theirs) for each in both}))
    gaps = [round(scale * (_share(one) - _share(other))) for one, other in zip(ours, theirs, strict=True)]
    steps = [abs(gap) for gap in gaps if gap]
    unit = int(np.gcd.reduce(steps)) if steps else 1
    reach = sum(steps) // unit
    chances = np.zeros(2 * reach + 1)  # of every sum, from -reach to reach
    chances[reach] = 1.0
    for step in steps:
        shift = step // unit
        up, down = np.zeros_like(chances), np.zeros_like(chances)
        up[shift:], down[:-shift] = chances[:-shift], chances[shift:]
        chances = (up + down) / 2
    seen = abs(sum(gaps)) // unit
    if not seen:
        return 1.0
    return min(1.0, float(chances[: reach - seen + 1].sum() + chances[reach + seen :].sum()))


def _share(answers: Sequence[bool]) -> float:
    return sum(answers) / len(answers)


def _noise(ours: Sequence[bool], theirs: Sequence[bool], paired: bool) -> float:
    """Variance of a question's difference over the samples that could have been drawn."""
    if paired:
        return _variance([one - other for one, other in zip(ours, theirs, strict=True)]) / len(ours)
    return _variance(ours) / len(ours) + _variance(theirs) / len(theirs)


def _variance(values: Sequence[float]) -> float:
    centre = sum(values) / len(values)
    return sum((value - centre) ** 2 for value in values) / (len(values) - 1)


def _interval(centre: float, variance: float) -> Interval:
    half = Z * sqrt(variance)
    return Interval(max(-1.0, centre - half), min(1.0, centre + half))
