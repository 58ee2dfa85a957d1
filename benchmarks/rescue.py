"""Rescue from loops: how many looping chains come to an answer with the guard, how many others it touches.

    python benchmarks/rescue.py FOLDER --out runs/rescue.jsonl            # FOLDER: a checkpoint
    python benchmarks/rescue.py FOLDER --out runs/rescue.jsonl --report   # only print what is there

Test problems that no training saw are answered without a guard, at low temperatures, until there are
`--count` chains that loop (they never ended, and the end of their thoughts is three or more exact copies) and
as many long ones that ended by themselves and have no such copies in them (what went in circles and came back
by itself is told apart). Each is answered again with the guard from the same seed: the same tokens up to what
the guard does. A chain is touched if it was rewound, closed or dropped, or reads otherwise.

Without a guard a looping chain is still answered for, when its room for thinking is used up; engines that
only stop or run on have no answer for any of these. Every chain is a line of the log, so a stopped run goes
on where it was.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:1] = [str(ROOT), str(ROOT / "src")]  # in place of this folder

import numpy as np  # noqa: E402

import mull  # noqa: E402
from mull import tasks  # noqa: E402
from mull.bench.statistics import wilson  # noqa: E402
from mull.engine import LocalEngine, Sampling  # noqa: E402
from mull.guard.loops import find  # noqa: E402
from mull.guard.rescue import LoopGuard  # noqa: E402
from mull.think.answer import Answer  # noqa: E402
from mull.think.line import Line  # noqa: E402

FIRST = 300_000  # index of the first problem: not those of other measurements
TEMPERATURES = (0.0, 0.3)
BATCH = 16  # problems at once
COPIES, SHORTEST = 3, 96  # what a loop is here: the guard's own detector wants 128 tokens
LONG = 200  # tokens of a long chain

Case = tuple[tasks.Problem, float]
Record = dict[str, Any]


def cases(families: Sequence[str], levels: Sequence[int]) -> Iterator[Case]:
    """Problems without end, at each temperature."""
    for index in count(FIRST):
        for name in families:
            for level in levels:
                for temperature in TEMPERATURES:
                    yield tasks.get(name).problem("test", level, index), temperature


def key(case: Case) -> str:
    problem, temperature = case
    return f"{problem.family}/{problem.level}/{problem.index} at {temperature}"


def kind(answer: Answer, thinking: int) -> str | None:
    """looping, returned, long, or None for what is none of them."""
    ids = list[int]()
    for record in answer.trace:
        if record["op"] == "say":  # what closes the thoughts
            break
        ids += record["ids"] if record["op"] == "tokens" else []
    if answer.status == "finished":
        return None if len(ids) < LONG else "returned" if circled(np.array(ids)) else "long"
    period = find("".join(map(chr, ids)), thinking // COPIES, COPIES, SHORTEST)
    return None if period is None else "looping"


def circled(ids: np.ndarray, shortest: int = SHORTEST) -> bool:
    """Whether exact copies, three at least and of so many tokens in all, stand anywhere in it: all of it is
    compared with itself at every distance, which is not how the guard finds them."""
    for period in range(1, len(ids) // COPIES + 1):
        ends = np.flatnonzero(ids[period:] != ids[:-period])
        longest = np.diff(ends, prepend=-1, append=len(ids) - period).max() - 1
        if longest + period >= max(COPIES * period, shortest):
            return True
    return False


async def ask(engine: LocalEngine, case: Case, thinking: int, *guards: LoopGuard) -> Answer:
    problem, temperature = case
    line = Line(sampling=Sampling(temperature=temperature), thinking=thinking, guards=guards)
    return await mull.answer(problem.question, engine=engine, line=line, seed=problem.index)


async def compare(engine: LocalEngine, case: Case, thinking: int) -> Record:
    """The line of the log for one chain; of one that is neither looping nor long, only that."""
    before = await ask(engine, case, thinking)
    found = kind(before, thinking)
    if found is None:
        return {"chain": key(case), "kind": None}
    after = await ask(engine, case, thinking, LoopGuard())
    did = [note["did"] for note in after.trace.notes("loop")]
    return {
        "chain": key(case),
        "kind": found,
        "did": did,
        "suspected": len(after.trace.notes("suspicion")),
        "touched": bool(did) or (after.thoughts, after.text) != (before.thoughts, before.text),
        "before": outcome(before, case[0]),
        "after": outcome(after, case[0]),
    }


def outcome(answer: Answer, problem: tasks.Problem) -> Record:
    score = partial(tasks.get(problem.family).score, problem)
    return {
        "answered": answer.final is not None,
        "status": answer.status,
        "right": score(answer.text),
        "tokens": answer.ledger.generated,
    }


async def measure(given: argparse.Namespace) -> None:
    engine = mull.load(given.model, dtype=given.dtype)
    known = {record["chain"]: record["kind"] for record in read(given.out)}
    have = Counter(known.values())
    source = cases(given.families, given.levels)
    with given.out.open("a", encoding="utf-8") as log:
        while min(have["looping"], have["long"]) < given.count and len(known) < given.most:
            batch = [case for case in (next(source) for _ in range(BATCH)) if key(case) not in known]
            records = await asyncio.gather(*(compare(engine, case, given.thinking) for case in batch))
            for record in records:
                known[record["chain"]] = record["kind"]
                have[record["kind"]] += 1
                log.write(json.dumps(record) + "\n")
            log.flush()
            told = f"\r{len(known)} chains: {have['looping']} loop, {have['long']} are long and do not"
            print(told, end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def report(records: Iterable[Record]) -> str:
    """The two shares with their 95 % intervals, and what stands behind them, as Markdown."""
    chains = list(records)
    looping = [record for record in chains if record["kind"] == "looping"]
    normal = [record for record in chains if record["kind"] == "long"]
    returned = [record for record in chains if record["kind"] == "returned"]
    told = f"{len(returned)} that looped and came back by themselves, {len(normal)} long ones without a loop"
    lines = [f"{len(chains)} chains: {len(looping)} looping, {told}.", ""]
    if looping:
        lines += ["| looping chains | with the guard | without |", "|---|---|---|"]
        both = [[record[side] for record in looping] for side in ("after", "before")]
        for what in ("answered", "right"):
            shares = " | ".join(share(sum(one[what] > 0 for one in side), len(side)) for side in both)
            lines.append(f"| {what} | {shares} |")
        tokens = " | ".join(f"{median(one['tokens'] for one in side):,.0f}" for side in both)
        lines.append(f"| tokens, median | {tokens} |")
        last = Counter((record["did"] or ["nothing"])[-1] for record in looping)
        lines += ["", "| the last that was done | chains |", "|---|---|"]
        lines += [f"| {did} | {number} |" for did, number in last.most_common()]
    if normal:
        touched = share(sum(record["touched"] for record in normal), len(normal))
        suspected = share(sum(record["suspected"] > 0 for record in normal), len(normal))
        lines += [
            "",
            f"Long chains without a loop, touched: {touched}; suspected, and probed: {suspected}.",
        ]
        if returned:
            lines.append(
                f"Of those that came back: {share(sum(r['touched'] for r in returned), len(returned))}."
            )
    return "\n".join(lines)


def share(part: int, whole: int) -> str:
    low, high = wilson(part, whole)
    return f"{100 * part / whole:.1f} % ({part} of {whole}; {100 * low:.1f}–{100 * high:.1f})"


def read(path: Path) -> list[Record]:
    found = []
    for line in path.read_text(encoding="utf-8").split("\n") if path.exists() else []:
        try:
            found.append(json.loads(line))
        except ValueError:  # torn by a crash
            continue
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", help="checkpoint folder; default: the embedded model")
    parser.add_argument("--out", type=Path, required=True, help="log, one chain a line")
    parser.add_argument("--dtype", default="int8")
    parser.add_argument("--families", type=lambda text: text.split(","), default=["countdown"])
    parser.add_argument("--levels", type=lambda text: [int(x) for x in text.split(",")], default=[2, 3, 4])
    parser.add_argument("--count", type=int, default=50, help="chains of each kind")
    parser.add_argument("--most", type=int, default=4000, help="chains that are looked at")
    parser.add_argument("--thinking", type=int, default=1024, help="tokens of thought at most")
    parser.add_argument("--report", action="store_true", help="only print what is in the log")
    given = parser.parse_args()
    if unknown := set(given.families) - set(tasks.names()):
        parser.error(f"no such family: {', '.join(sorted(unknown))}. There are {', '.join(tasks.names())}.")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    if not given.report:
        asyncio.run(measure(given))
    print(report(read(given.out)))


if __name__ == "__main__":
    main()
