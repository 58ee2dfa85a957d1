"""The engine against its peers, side by side in one run; prints the rows of the design's table.

    python benchmarks/engine.py                # all of it, about a quarter of an hour on two quiet cores
    python benchmarks/engine.py --quick        # a minute or two, to see that everything works

Every engine runs in a process of its own on the same cores. Repetitions are interleaved (ours, peer, ours,
peer ...), so a disturbance hits both; medians and ranges are printed. What is compared is the whole engine
as a program uses it. Finished measurements are kept in the JSON file and not repeated (--fresh starts over).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:1] = [str(ROOT), str(ROOT / "src")]  # in place of this folder

from benchmarks import first_token, machine  # noqa: E402
from benchmarks.models import Model, prepare, prompts  # noqa: E402
from benchmarks.process import Worker, worker  # noqa: E402
from benchmarks.report import render  # noqa: E402

PEERS = ("llama.cpp", "transformers", "openvino")
PROMPT = 64
NEW = {"0.5B": 24}
QUICK_NEW = 8
SLOW = 15.0  # seconds; what takes longer is not repeated
QUIET = 0.3  # cores that may be busy with other work
NEAR_TIE = 1e-3  # of two logits: here float32 engines may differ by rounding

Engines = tuple[tuple[str, str], ...]  # (peer, dtype)


@dataclass(frozen=True, slots=True)
class Case:
    """Several engines doing the same: `chains` of `model`, on `threads` cores."""

    model: str
    chains: int
    threads: int
    engines: Engines
    shared: bool = False  # all chains fork from one prompt, and sample at 0.8

    @property
    def key(self) -> str:
        kind = "shared" if self.shared else "greedy"
        return f"{self.model}/{kind}/{self.chains}/{self.threads}"


def cases(quick: bool, peers: Sequence[str]) -> list[Case]:
    """Everything the table needs."""

    def case(model: str, chains: int, threads: int, engines: Engines, shared: bool = False) -> Case:
        wanted = ("mull", *peers)
        kept = tuple((peer, dtype) for peer, dtype in engines if peer.split()[0] in wanted)
        return Case(model, chains, threads, kept, shared)

    ours: Engines = (("mull", "f32"), ("mull", "16"), ("mull", "int8"))
    both: Engines = tuple((peer, dtype) for _, dtype in ours for peer in ("mull", "llama.cpp"))
    bare: Engines = (("mull runner", "f32"), ("mull runner", "16"), ("mull runner", "int8"))
    others: Engines = (("transformers", "f32"), ("openvino", "f32"), ("openvino", "int8"))
    layouts: Engines = (*both, ("llama.cpp unified", "int8"))
    if quick:
        small = [case("5M", chains, 1, (*both, *bare, *others)) for chains in (1, 8)]
        return [*small, case("5M", 64, 1, layouts, shared=True)]
    q8: Engines = (("mull", "int8"), ("llama.cpp", "int8"))
    return [
        *(case("5M", chains, 1, (*both, *bare, *others)) for chains in (1, 8)),
        case("5M", 32, 1, (*both, bare[2], others[2])),
        case("5M", 64, 1, (*both, bare[2], *others)),
        *(case("5M", chains, 2, ours) for chains in (8, 64)),
        case("5M", 64, 1, layouts[2:], shared=True),
        *(case("embedded", chains, 1, both[2:]) for chains in (1, 8, 64)),
        case("embedded", 64, 1, q8, shared=True),
        case("0.5B", 1, 1, (*both, others[0], others[2])),
        case("0.5B", 8, 1, (*both, others[2])),
        case("0.5B", 32, 1, q8),
        case("0.5B", 8, 2, ours[1:]),
    ]


def compare(case: Case, model: Model, new: int, repetitions: int) -> dict[str, Any]:
    """Tokens a second of each engine, repetitions interleaved. A failing engine reports its error."""
    results: dict[str, Any] = {}
    with ExitStack() as stack:
        workers: dict[str, Worker] = {}
        for peer, dtype in case.engines:
            name = f"{peer} {dtype}"
            try:
                workers[name] = stack.enter_context(worker(model, peer, dtype, case.threads))
                results[name] = _prepare(workers[name], case, model, new)
            except RuntimeError as error:
                workers.pop(name, None)
                results[name] = {"error": str(error)}
        for repetition in range(repetitions):
            for name in list(workers):
                if repetition and results[name]["seconds"] > SLOW:
                    continue
                try:
                    got = workers[name].ask("decode", new=new, temperature=0.8 if case.shared else 0.0)
                except RuntimeError as error:
                    results[name] = {"error": str(error)}
                    del workers[name]
                    continue
                results[name]["wall"].append(got["tokens"] / got["wall"])
                results[name]["cpu"].append(got["tokens"] / got["cpu"])
                results[name] |= {"rss": got["rss"], "seconds": got["wall"]}
    return results


def _prepare(one: Worker, case: Case, model: Model, new: int) -> dict[str, Any]:
    """Prompts read (twice with other ids where that is quick, so that memory is warm), a few tokens made."""
    count, copies = (1, case.chains) if case.shared else (case.chains, 1)
    for seed in (1,) if model.name == "0.5B" else (1, 2):
        asked = prompts(model.config, count, PROMPT, seed)
        prefill = one.ask("prefill", prompts=asked, copies=copies, room=new + 2)
    one.ask("decode", new=min(new, 4), temperature=0.0)
    return {"wall": [], "cpu": [], "prefill": PROMPT * count / prefill["wall"]}


def agreement(model: Model, new: int, peers: Sequence[str]) -> dict[str, Any]:
    """Greedy tokens of our float32 engine against the peers', and how near a tie the first difference is."""
    asked = prompts(model.config, 4 if model.name == "0.5B" else 8, PROMPT, seed=3)

    def greedy(peer: str) -> list[list[int]]:
        with worker(model, peer, "f32", 1) as one:
            one.ask("prefill", prompts=asked, copies=1, room=new + 2)
            ids: list[list[int]] = one.ask("decode", new=new, temperature=0.0, ids=True)["ids"]
            return ids

    mine = greedy("mull")
    out: dict[str, Any] = {}
    with worker(model, "mull runner", "f32", 1) as bare:
        for peer in peers:
            try:
                found = greedy(peer)
            except RuntimeError as error:
                out[peer] = {"error": str(error)}
                continue
            parted = []
            for prompt, ours, theirs in zip(asked, mine, found, strict=True):
                same = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b), new)
                if same < new:
                    ids = [*prompt, *ours[:same]]
                    margin = bare.ask("call", method="margin", arguments={"ids": ids})["value"]
                    parted.append({"at": same, "margin": margin})
            out[peer] = {"prompts": len(asked), "tokens": new, "parted": parted}
    return out


def fork_cost(model: Model) -> dict[str, Any]:
    with worker(model, "mull", "16", 1) as one:
        arguments = {"length": 4000, "forks": 200, "seed": 3}
        value: dict[str, Any] = one.ask("call", method="fork_cost", arguments=arguments)["value"]
        return value


def _json_of(command: Sequence[str]) -> Any:
    return json.loads(subprocess.check_output(command, cwd=ROOT))


class Record:
    """Finished measurements by key, in a JSON file that is written after each."""

    def __init__(self, path: Path, fresh: bool) -> None:
        self.path = path
        self.kept: dict[str, Any] = {} if fresh or not path.exists() else json.loads(path.read_text())

    def measure(self, key: str, work: Callable[[], Any], wanted: Sequence[str] = ()) -> Any:
        """The kept value; measured now where there is none, or where it lacks one of the `wanted` parts."""
        if key not in self.kept or not self.kept[key].keys() >= set(wanted):
            self.kept.setdefault("busy", {})[key] = machine.busy()
            started = perf_counter()
            self.kept[key] = work()
            print(f"{key}: {perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
            partial = self.path.with_suffix(".partial")
            partial.write_text(json.dumps(self.kept, indent=1))
            partial.replace(self.path)
        return self.kept[key]


def run(given: argparse.Namespace, record: Record) -> None:
    peers: list[str] = given.peers
    found = record.measure("machine", lambda: machine.describe(given.repetitions))
    if (load := machine.busy()) > QUIET:
        print(f"warning: {load} cores are busy; numbers of a busy machine mean little.", file=sys.stderr)
    if found["commit"] != machine.commit():
        print(
            f"note: kept measurements are of commit {found['commit']}; --fresh repeats them.", file=sys.stderr
        )
    for threads in (1, 2):
        command = [sys.executable, "-m", "benchmarks.limits", str(threads)]
        record.measure(f"limits/{threads}", partial(_json_of, command))
    names = ("embedded", "5M") if given.quick else ("embedded", "5M", "0.5B")
    models = {name: prepare(name, given.cache) for name in names}
    record.measure("models", lambda: {name: machine.sizes(model) for name, model in models.items()})
    for name, model in models.items():
        new = 16 if given.quick else NEW.get(name, 64)
        some = [peer for peer in peers if name == "5M" or peer != "openvino"]
        agreed = record.measure(f"agreement/{name}", partial(agreement, model, new, some), some)
        wrong = [
            each for each in agreed.get("transformers", {}).get("parted", ()) if each["margin"] > NEAR_TIE
        ]
        if wrong:
            sys.exit(
                f"{name}: our greedy tokens are not transformers' ({wrong}); a wrong engine is not timed."
            )
    starting = models["embedded"]
    record.measure(
        "first token",
        lambda: first_token.measure(starting, peers, 2 if given.quick else 9),
        ("mull", *peers),
    )
    record.measure("fork", lambda: fork_cost(models["5M"]))
    for case in cases(given.quick, peers):
        new = QUICK_NEW if given.quick else NEW.get(case.model, 256)
        record.measure(
            case.key,
            partial(compare, case, models[case.model], new, given.repetitions),
            [f"{peer} {dtype}" for peer, dtype in case.engines],
        )


def main() -> None:
    arguments = argparse.ArgumentParser(description="mull's engine against its peers, side by side.")
    arguments.add_argument("--quick", action="store_true", help="few tokens, small models only")
    arguments.add_argument("--fresh", action="store_true", help="measure again what is kept")
    arguments.add_argument("--report", action="store_true", help="only print what is kept")
    arguments.add_argument(
        "--peers", type=lambda text: text.split(","), default=list(PEERS), help="default: " + ",".join(PEERS)
    )
    arguments.add_argument("--repetitions", type=int, default=3)
    arguments.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "mull-bench")
    arguments.add_argument(
        "--out", type=Path, default=None, help="JSON of all numbers; default: in the cache"
    )
    given = arguments.parse_args()
    if unknown := set(given.peers) - set(PEERS):
        arguments.error(f"no such peer: {', '.join(sorted(unknown))}. There are {', '.join(PEERS)}.")
    out = given.out or given.cache / ("quick.json" if given.quick else "engine.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    record = Record(out, given.fresh)
    if not given.report:
        run(given, record)
    print(render(record.kept))
    print(f"\nEvery number: {out}", file=sys.stderr)


if __name__ == "__main__":
    main()
