"""What samples say, as small pure functions: numbers in, numbers out, the paper in the docstring.

A question's score is a share of right samples, 0 to 1. Two things make the mean of a run uncertain: the
samples drawn (of these questions) and the questions asked (of all there could have been). docs/statistics.md
says which interval answers which; levels.py and paired.py were chosen by simulation, see
tests/bench/statistics.
"""

from mull.bench.statistics.levels import Counts, Spread, clustered, like_these, spread, these
from mull.bench.statistics.majority import Majority, majorities
from mull.bench.statistics.paired import Difference, difference, sign_flip
from mull.bench.statistics.passk import g_pass_at, mg_pass_at, pass_at
from mull.bench.statistics.power import questions_for, samples_for
from mull.bench.statistics.proportion import Interval, beta, wilson
from mull.bench.statistics.quantiles import Z

__all__ = [
    "Counts",
    "Difference",
    "Interval",
    "Majority",
    "Spread",
    "Z",
    "beta",
    "clustered",
    "difference",
    "g_pass_at",
    "like_these",
    "majorities",
    "mg_pass_at",
    "pass_at",
    "questions_for",
    "samples_for",
    "sign_flip",
    "spread",
    "these",
    "wilson",
]
