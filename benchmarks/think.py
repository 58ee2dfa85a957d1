"""Accuracy against tokens: each strategy on the same problems, all tokens counted, beside majority of 64.

    python benchmarks/think.py --out runs/think.jsonl            # embedded model, levels 2 and 3
    python benchmarks/think.py --out runs/think.jsonl --report   # only print what is there
    ... --plot docs/think.svg

Problems are test problems that no training saw, in order; each answer is judged by its family's scorer. Every
finished answer is a line of the log, so a stopped run goes on where it was. `majority 64` draws 64 chains and
counts votes by equality; its curve at 1, 2, 4 ... chains is that of its first chains.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import sqrt
from pathlib import Path
from statistics import mean, stdev
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:1] = [str(ROOT), str(ROOT / "src")]  # in place of this folder

import mull  # noqa: E402
from mull import tasks  # noqa: E402
from mull.engine import Sampling  # noqa: E402
from mull.guard.claims import ClaimGuard  # noqa: E402
from mull.guard.rescue import LoopGuard  # noqa: E402
from mull.think.bar import Bar  # noqa: E402
from mull.think.line import Line  # noqa: E402
from mull.think.probes import Probes  # noqa: E402
from mull.think.question import Question  # noqa: E402
from mull.think.rules import Beta, CannotChange, Either, Unanimous  # noqa: E402
from mull.think.votes import Votes  # noqa: E402

FIRST = 200_000  # index of the first problem: not those that training is evaluated on
THINKING = 720  # tokens; training saw no longer samples
TEMPERATURE = 0.8
MAJORITY = "majority 64"
NEVER = Unanimous(1 << 30)


@dataclass(frozen=True)
class Arm:
    """One way to answer."""

    name: str
    strategy: str
    temperature: float = TEMPERATURE
    line: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


USUAL = Either((Beta(0.95), CannotChange()))
BAR = Bar(keep=0.5, window=32, after=3)
ARMS = (
    Arm("one chain, greedy", "think", temperature=0.0),
    Arm(MAJORITY, "vote", options={"n": 64, "seats": 64, "rule": NEVER, "weigh": "one"}),
    Arm("cannot change", "vote", options={"n": 64, "rule": CannotChange(), "weigh": "one"}),
    Arm("Beta .95", "vote", options={"n": 64, "seats": 4, "rule": USUAL, "weigh": "one"}),
    Arm("Beta .95, confidence", "vote", options={"n": 64, "seats": 4, "rule": USUAL, "weigh": "confidence"}),
    Arm("Beta .95, claims", "vote", options={"n": 64, "seats": 4, "rule": USUAL, "weigh": "claims"}),
    Arm("Beta .95, claims, of 16", "vote", options={"n": 16, "seats": 4, "rule": USUAL, "weigh": "claims"}),
    Arm("Beta .95, bar", "vote",
        options={"n": 64, "seats": 4, "rule": USUAL, "weigh": "one", "bar": BAR}),
    Arm("Beta .95, probes", "vote", line={"probes": Probes(every=48, after=48, agree=2, tokens=24)},
        options={"n": 64, "seats": 4, "rule": USUAL, "weigh": "one"}),
    Arm("8 chains", "vote", options={"n": 8, "rule": NEVER, "weigh": "one"}),
    Arm("8 chains, claims", "vote", options={"n": 8, "rule": NEVER, "weigh": "claims"}),
    Arm("auto, of 16", "auto", options={"n": 16, "seats": 4}),
    Arm("search", "search"),
    Arm("one chain, greedy, claims undone", "think", temperature=0.0, line={"guards": (ClaimGuard(),)}),
    Arm("one chain, greedy, loops undone", "think", temperature=0.0, line={"guards": (LoopGuard(),)}),
)  # fmt: skip


def problems(levels: Sequence[int], count: int) -> list[tasks.Problem]:
    return [
        family.problem("test", level, FIRST + index)
        for index in range(count)
        for family in tasks.families()
        for level in levels
    ]


async def answer(engine: Any, problem: tasks.Problem, arm: Arm) -> dict[str, Any]:
    """The line of the log for one problem and arm."""
    line = Line(sampling=Sampling(temperature=arm.temperature), thinking=THINKING, **arm.line)
    score = partial(tasks.get(problem.family).score, problem)
    started = perf_counter()
    got = await mull.answer(
        Question.of(problem.question), engine=engine, strategy=arm.strategy, line=line, seed=problem.index,
        **arm.options,
    )  # fmt: skip
    record = {
        "arm": arm.name,
        "problem": f"{problem.family}/{problem.level}/{problem.index}",
        "right": score(f"\\boxed{{{got.final}}}") if got.final else 0.0,
        "tokens": got.ledger.generated,
        "prefill": got.ledger.tokens.prefill,
        "chains": got.ledger.chains,
        "confidence": round(got.confidence, 4),
        "status": got.status,
        "seconds": round(perf_counter() - started, 3),
    }
    if arm.name == MAJORITY:
        record["curve"] = curve(got.trace, score)
    return record


def curve(trace: Any, score: Any) -> list[tuple[int, int, float]]:
    """(chains, tokens, right) of the vote of the first 1, 2, 4 ... chains."""
    drawn: dict[int, int] = defaultdict(int)
    for record in trace:
        if record["op"] in ("tokens", "say"):
            drawn[record["chain"]] += len(record["ids"])
    ballots = sorted((note["chain"], note["answer"]) for note in trace.notes("vote"))
    points, votes, tokens = [], Votes(), 0
    for number, (chain, said) in enumerate(ballots, 1):
        votes.add(said)
        tokens += drawn[chain]
        if number & (number - 1) == 0:
            leader = votes.leader
            points.append((number, tokens, score(f"\\boxed{{{leader.answer}}}") if leader else 0.0))
    return points


def paired(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float]:
    """Mean difference and half of its 95 % interval, over the same problems (normal approximation)."""
    gaps = [a - b for a, b in zip(ours, theirs, strict=True)]
    return mean(gaps), 1.96 * stdev(gaps) / sqrt(len(gaps)) if len(gaps) > 1 else 0.0


def paired_up(records: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The answers of each arm to the problems that all of them have answered, in one order."""
    by_arm: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for record in records:
        by_arm[record["arm"]][record["problem"]] = record
    common = sorted(set.intersection(*(set(found) for found in by_arm.values()))) if by_arm else []
    return {arm: [found[key] for key in common] for arm, found in by_arm.items()}


def report(records: Iterable[dict[str, Any]]) -> str:
    """The table, and the curve of the majority, as Markdown."""
    by_arm = paired_up(records)
    if not by_arm.get(MAJORITY):
        return "nothing has been measured yet"
    base = by_arm[MAJORITY]
    levels = Counter(record["problem"].split("/")[1] for record in base)
    of = ", ".join(f"{count} of level {level}" for level, count in sorted(levels.items()))
    lines = [
        f"{len(base)} problems, {of}. Differences to {MAJORITY} are on the same problems, 95 % intervals.",
        "",
        "| strategy | right | difference | tokens a problem | times fewer | chains | seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    for arm in ARMS:
        if arm.name not in by_arm:
            continue
        mine = by_arm[arm.name]
        gap, half = paired([r["right"] for r in mine], [r["right"] for r in base])
        tokens = mean(r["tokens"] for r in mine)
        fewer = mean(r["tokens"] for r in base) / tokens
        right = mean(r["right"] for r in mine)
        lines.append(
            f"| {arm.name} | {100 * right:.1f} % | {100 * gap:+.1f} ± {100 * half:.1f} "
            f"| {tokens:,.0f} | {fewer:.1f} | {mean(r['chains'] for r in mine):.1f} "
            f"| {mean(r['seconds'] for r in mine):.2f} |"
        )
    lines += ["", "| majority of | right | tokens |", "|---|---|---|"]
    for number, tokens, right in points(base):
        lines.append(f"| {number} | {100 * right:.1f} % | {tokens:,.0f} |")
    return "\n".join(lines)


def points(base: Sequence[dict[str, Any]]) -> list[tuple[int, float, float]]:
    """The majority's curve, as a mean over problems."""
    length = min(len(record["curve"]) for record in base)
    return [
        (
            base[0]["curve"][i][0],
            mean(record["curve"][i][1] for record in base),
            mean(record["curve"][i][2] for record in base),
        )
        for i in range(length)
    ]


def plot(records: Sequence[dict[str, Any]], path: Path) -> None:
    """Accuracy against tokens a problem, the majority as a line, strategies as points with 95 % intervals."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "mull"
    import matplotlib.pyplot as plt

    from mull.bench.statistics import wilson

    by_arm = paired_up(records)
    figure, axes = plt.subplots(figsize=(8, 4.6), layout="constrained")
    line = points(by_arm[MAJORITY])
    axes.plot(
        [t for _, t, _ in line], [100 * r for _, _, r in line], "o-", color="0.55", label="majority of 1 … 64"
    )
    for number, arm in enumerate(a for a in ARMS if a.name in by_arm and a.name != MAJORITY):
        mine = by_arm[arm.name]
        hits = sum(r["right"] > 0 for r in mine)
        low, high = wilson(hits, len(mine))
        share = hits / len(mine)
        axes.errorbar(
            mean(r["tokens"] for r in mine), 100 * share, [[100 * (share - low)], [100 * (high - share)]],
            fmt="osD^vPX*<>h"[number % 11], color=f"C{number % 10}", capsize=2, label=arm.name,
        )  # fmt: skip
    axes.set(xscale="log", xlabel="tokens a problem, all counted", ylabel="right, %")
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=160)


def read(path: Path) -> list[dict[str, Any]]:
    found = []
    for line in path.read_text(encoding="utf-8").split("\n") if path.exists() else []:
        try:
            found.append(json.loads(line))
        except ValueError:  # torn by a crash
            continue
    return found


async def measure(given: argparse.Namespace, arms: Sequence[Arm]) -> None:
    engine = mull.load(given.model, dtype=given.dtype, threads=given.threads)
    wanted = problems(given.levels, given.count)
    done = {(record["arm"], record["problem"]) for record in read(given.out)}
    with given.out.open("a", encoding="utf-8") as log:
        for number, problem in enumerate(wanted, 1):
            for arm in arms:
                if (arm.name, f"{problem.family}/{problem.level}/{problem.index}") in done:
                    continue
                record = await answer(engine, problem, arm)
                log.write(json.dumps(record) + "\n")
                log.flush()
            print(f"\r{number} of {len(wanted)} problems", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="log, one answer a line")
    parser.add_argument("--model", help="folder or hub name; default: the embedded model")
    parser.add_argument("--dtype", default="int8")
    parser.add_argument("--threads", type=int, help="default: all cores")
    parser.add_argument("--levels", type=lambda text: [int(x) for x in text.split(",")], default=[2, 3])
    parser.add_argument("--count", type=int, default=15, help="problems of each family and level")
    parser.add_argument("--arms", help="comma-separated names; default: all")
    parser.add_argument("--report", action="store_true", help="only print what is in the log")
    parser.add_argument("--plot", type=Path, help="also draw this SVG or PNG")
    given = parser.parse_args()
    names = {arm.name: arm for arm in ARMS}
    chosen = given.arms.split(",") if given.arms else list(names)
    if unknown := set(chosen) - set(names):
        parser.error(f"no such arm: {', '.join(sorted(unknown))}. There are {', '.join(names)}.")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    if not given.report:
        asyncio.run(measure(given, [names[name] for name in chosen]))
    records = read(given.out)
    print(report(records))
    if given.plot:
        plot(records, given.plot)


if __name__ == "__main__":
    main()
