"""Is this the published model again? Two manifests compared, family by family, within their intervals.

The difference of two accuracies has an interval, made from the Wilson intervals of its parts: MOVER,
Zou and Donner 2008, which for one level is Newcombe 1998 (method 10). A family is the mean over the
levels both sides measured. All families together are to cry wolf in 5 % of repetitions that are equal,
so each is asked at 5 % over their number (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any, Literal

from mull.bench.statistics import Interval, Z, wilson
from mull.train.evaluate import Score
from mull.train.manifest import Manifest, ManifestError

Outcome = Literal["same", "lower", "higher"]

ERROR = 0.05  # chance that any family of an equal model is called lower or higher


@dataclass(frozen=True, slots=True)
class Row:
    """One family: accuracies and difference (ours minus theirs), 0 to 1, each with its interval.

    The two accuracies have 95 % intervals, the difference the wider one the outcome was decided by.
    """

    family: str
    levels: list[int]
    theirs: float
    their_interval: Interval
    ours: float
    our_interval: Interval
    difference: Interval

    @property
    def outcome(self) -> Outcome:
        low, high = self.difference
        return "higher" if low > 0 else "lower" if high < 0 else "same"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`differing` names what was not alike in the making, in words."""

    rows: list[Row]
    differing: list[str]
    missing: list[str]  # families only one side measured

    @property
    def same(self) -> bool:
        return not self.missing and all(row.outcome == "same" for row in self.rows)

    @property
    def sentence(self) -> str:
        if self.same:
            return "The same as the published model, within intervals, in every family."
        said = [
            f"{', '.join(names)} {outcome}"
            for outcome in ("lower", "higher")
            if (names := [row.family for row in self.rows if row.outcome == outcome])
        ]
        said += [f"{name} on one side only" for name in self.missing]
        return f"Not the same as the published model: {'; '.join(said)}."

    def __str__(self) -> str:
        lines = [f"{'family':<16}{'levels':<9}{'published':<18}{'this run':<18}{'difference':<17}verdict"]
        for row in self.rows:
            low, high = row.difference
            lines.append(
                f"{row.family:<16}{','.join(map(str, row.levels)):<9}"
                f"{_percent(row.theirs, row.their_interval):<18}{_percent(row.ours, row.our_interval):<18}"
                f"{f'{100 * low:+.0f} to {100 * high:+.0f}':<17}{row.outcome}"
            )
        return "\n".join([*lines, self.sentence, *(f"  {each}" for each in self.differing)])


def compare(ours: Manifest, theirs: Manifest) -> Verdict:
    """Raises ManifestError where no family and level was measured by both."""
    mine, published = _by_family(ours.scores), _by_family(theirs.scores)
    common = [family for family in published if published[family].keys() & mine.get(family, {}).keys()]
    if not common:
        raise ManifestError("the two manifests have no family and level in common: nothing to compare.")
    z = NormalDist().inv_cdf(1 - ERROR / len(common) / 2)
    return Verdict(
        [_row(family, mine[family], published[family], z) for family in common],
        _differing(ours, theirs),
        sorted((published.keys() | mine.keys()) - set(common)),
    )


def mean(scores: Sequence[Score], z: float = Z) -> tuple[float, Interval]:
    """The unweighted mean accuracy with its interval (MOVER)."""
    shares = [score.right / score.count for score in scores]
    limits = [wilson(score.right, score.count, z) for score in scores]
    centre = sum(shares) / len(shares)
    below = sqrt(sum((share - low) ** 2 for share, (low, _) in zip(shares, limits, strict=True)))
    above = sqrt(sum((high - share) ** 2 for share, (_, high) in zip(shares, limits, strict=True)))
    return centre, Interval(centre - below / len(shares), centre + above / len(shares))


def _by_family(scores: Sequence[Score]) -> dict[str, dict[int, Score]]:
    found: dict[str, dict[int, Score]] = {}
    for score in scores:
        found.setdefault(score.family, {})[score.level] = score
    return found


def _row(family: str, ours: dict[int, Score], theirs: dict[int, Score], z: float) -> Row:
    levels = sorted(ours.keys() & theirs.keys())
    mine, published = [ours[level] for level in levels], [theirs[level] for level in levels]
    a, (a_low, a_high) = mean(mine, z)
    b, (b_low, b_high) = mean(published, z)
    low = a - b - sqrt((a - a_low) ** 2 + (b_high - b) ** 2)
    high = a - b + sqrt((a_high - a) ** 2 + (b - b_low) ** 2)
    return Row(family, levels, b, mean(published)[1], a, mean(mine)[1], Interval(low, high))


def _differing(ours: Manifest, theirs: Manifest) -> list[str]:
    """Alike or not, fact by fact: what the making of the two models had in common."""
    said = [
        f"minutes: {ours.seconds / 60:.1f} here, {theirs.seconds / 60:.1f} published",
        f"tokens: {ours.tokens:,} here, {theirs.tokens:,} published",
    ]
    if ours.hashes["weights"] == theirs.hashes["weights"]:
        said.append("weights: the same, bit for bit")
    mine, published = _facts(ours), _facts(theirs)
    return said + [
        f"{name}: {mine.get(name, 'none')} here, {published.get(name, 'none')} published"
        for name in published | mine
        if mine.get(name) != published.get(name)
    ]


def _facts(manifest: Manifest) -> dict[str, Any]:
    return {
        "code": manifest.commit,
        **{name: f"{manifest.hashes[name][:12]}…" for name in ("tasks", "scorer", "problems", "tokenizer")},
        **{f"data of {stage.name}": f"{stage.data[:12]}…" for stage in manifest.stages if stage.data},
        **{f"seed of {name}": seed for name, seed in manifest.seeds.items()},
        "processor": manifest.machine.get("processor"),
        "cores": manifest.machine.get("cores"),
        **{name: manifest.packages.get(name) for name in ("python", "torch", "numpy", "tokenizers")},
        "limit of evaluation": manifest.evaluation.get("limit"),
    }


def _percent(share: float, interval: Interval) -> str:
    return f"{100 * share:.1f} ({interval.percent(0)})"
