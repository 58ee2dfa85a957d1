"""The grader beside math-verify: accuracy, false positives and negatives, time a pair.

    python benchmarks/grader.py CASES.jsonl        # records with "gold", "answer" and "equal" (true or false)

Both grade the same pairs in the same order, each in this process, after one warm-up pair. math-verify is used
as its README advises: `verify(parse(gold), parse(answer))`, the gold answer in `$…$` unless it has delimiters
and the answer too where its "form" is "bare". It runs with its own time limits. What it raises, and what we
leave undecided, counts as "not equal". Records of the kind "policy" are left out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:1] = [str(ROOT), str(ROOT / "src")]  # in place of this folder

from mull.check.grade import grade, warm  # noqa: E402

Grader = Callable[[dict[str, Any]], bool]


@dataclass(slots=True)
class Score:
    """What one grader did."""

    right: int = 0
    false_positives: list[str] = field(default_factory=list)
    false_negatives: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)

    def line(self, name: str) -> str:
        ordered = sorted(self.seconds)
        p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
        times = " | ".join(f"{1e3 * seconds:,.2f}" for seconds in (median(ordered), p99, ordered[-1]))
        errors = f"{len(self.false_positives)} | {len(self.false_negatives)}"
        return f"| {name} | {self.right / len(ordered):.1%} | {errors} | {times} | {sum(ordered):,.1f} |"


def ours(record: dict[str, Any]) -> bool:
    return grade(record["gold"], record["answer"]).equal is True


def math_verify() -> Grader:
    from math_verify import parse, verify

    def graded(record: dict[str, Any]) -> bool:
        gold, answer = record["gold"], record["answer"]
        if "$" not in gold and "\\boxed" not in gold:
            gold = f"${gold}$"
        if record.get("form") == "bare" and "$" not in answer:
            answer = f"${answer}$"
        return bool(verify(parse(gold), parse(answer)))

    return graded


def measure(grader: Grader, records: list[dict[str, Any]]) -> Score:
    score = Score()
    grader({"gold": "1/2", "answer": "\\boxed{0.5}"})
    for place, record in enumerate(records):
        started = perf_counter()
        try:
            equal = grader(record)
        except Exception:
            equal = False
        score.seconds.append(perf_counter() - started)
        name = str(record.get("id", place))
        if equal == record["equal"]:
            score.right += 1
        else:
            (score.false_positives if equal else score.false_negatives).append(name)
            score.kinds[str(record.get("kind", ""))] += 1
    return score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--alone", action="store_true", help="without math-verify")
    arguments = parser.parse_args()
    lines = arguments.cases.read_text(encoding="utf-8").rstrip("\n").split("\n")
    records = [record for record in map(json.loads, lines) if record.get("kind") != "policy"]
    warm()
    graders: dict[str, Grader] = {"mull": ours}
    if not arguments.alone:
        graders["math-verify"] = math_verify()
    scores = {name: measure(grader, records) for name, grader in graders.items()}
    print(f"{len(records)} pairs, {sum(record['equal'] for record in records)} of them equal\n")
    print("| grader | accuracy | false positives | false negatives | median ms | p99 ms | worst ms | all s |")
    print("|---|---|---|---|---|---|---|---|")
    for name, score in scores.items():
        print(score.line(name))
    for name, score in scores.items():
        print(f"\n{name}: false positives {', '.join(score.false_positives) or 'none'}")
        print(
            f"{name}: errors by kind: {', '.join(f'{k} {n}' for k, n in score.kinds.most_common()) or 'none'}"
        )


if __name__ == "__main__":
    main()
