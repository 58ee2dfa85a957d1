"""Do intervals of 95 % hold the truth in 95 of 100 runs? Runs of 30 questions, for docs/statistics.md.

    python benchmarks/coverage.py

Questions differ in how likely an answer is right, as told in `KINDS`. The usual interval, the mean and 1.96
standard errors, stands beside ours.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from math import sqrt
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:1] = [str(ROOT), str(ROOT / "src")]  # in place of this folder

from mull.bench.statistics import like_these, these  # noqa: E402

QUESTIONS, RUNS = 30, 4000
SAMPLES = (1, 2, 4, 16, 64)

Random = np.random.Generator
Draw = Callable[[Random], np.ndarray]
KINDS: dict[str, tuple[float, Draw]] = {
    "all 50 %": (0.5, lambda _: np.full(QUESTIONS, 0.5)),
    "all 10 %": (0.1, lambda _: np.full(QUESTIONS, 0.1)),
    "all 2 %": (0.02, lambda _: np.full(QUESTIONS, 0.02)),
    "evenly from 0 to 100 %": (0.5, lambda random: random.uniform(size=QUESTIONS)),
    "mostly 0 or 100 %": (0.5, lambda random: random.beta(0.1, 0.1, size=QUESTIONS)),
    "0 or 100 %": (0.5, lambda random: (random.uniform(size=QUESTIONS) < 0.5) * 1.0),
    "mostly hard, mean 10 %": (0.1, lambda random: random.beta(0.2, 1.8, size=QUESTIONS)),
    "nearly all hard, mean 5 %": (0.05, lambda random: random.beta(0.05, 0.95, size=QUESTIONS)),
    "mostly easy, mean 90 %": (0.9, lambda random: random.beta(9, 1, size=QUESTIONS)),
}


def covered(draw: Draw, overall: float, samples: int, random: Random) -> list[float]:
    """Share of runs whose interval holds the truth: these (ours, usual), like these (ours, usual)."""
    hits = np.zeros(4)
    for _ in range(RUNS):
        chances = draw(random)
        right = random.binomial(samples, chances)
        shares, centre = right / samples, float(np.mean(right / samples))
        inner = these([(int(each), samples) for each in right])
        noise = shares * (1 - shares) / max(1, samples - 1)
        usual = (1.96 * sqrt(noise.sum()) / QUESTIONS, 1.96 * float(np.std(shares, ddof=1)) / sqrt(QUESTIONS))
        plain = [(centre - half, centre + half) for half in usual]
        ends = [inner, plain[0], like_these(shares.tolist(), samples=samples), plain[1]]
        for place, (found, truth) in enumerate(
            zip(ends, (chances.mean(), chances.mean(), overall, overall), strict=True)
        ):
            hits[place] += found is not None and found[0] - 1e-9 <= truth <= found[1] + 1e-9
    return [float(each) / RUNS for each in hits]


def main() -> None:
    random = np.random.default_rng(1)
    print("| chance of a right answer | samples | these | usual | like these | usual |")
    print("|---|---|---|---|---|---|")
    for kind, (overall, draw) in KINDS.items():
        for samples in SAMPLES:
            inner, plain, outer, other = (f"{100 * x:.1f}" for x in covered(draw, overall, samples, random))
            if samples == 1:
                inner = plain = "–"
            print(f"| {kind} | {samples} | {inner} | {plain} | {outer} | {other} |", flush=True)


if __name__ == "__main__":
    main()
