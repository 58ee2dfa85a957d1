"""The measurements as Markdown: the design's rows first, then every number behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any, Literal

Results = dict[str, Any]
Spread = tuple[float, float, float]  # median, least, most


@dataclass(frozen=True, slots=True)
class Row:
    """One promise of the design: what, how much, and how it is computed from the measurements."""

    what: str
    target: float
    unit: str
    better: Literal["more", "less"]
    measure: Callable[[Results], Spread]
    by_cpu: Callable[[Results], Spread] | None = (
        None  # the same by CPU time, which other programs disturb less
    )

    def render(self, kept: Results) -> str:
        aim = f"{'≥' if self.better == 'more' else '≤'} {self.target:g}{self.unit}"
        try:
            value, low, high = self.measure(kept)
        except (KeyError, ValueError):
            return f"| {self.what} | {aim} | not measured | |"
        reached = value >= self.target if self.better == "more" else value <= self.target
        spread = f"{value:.3g}{self.unit} ({low:.3g}–{high:.3g})"
        if self.by_cpu:
            spread += f", by CPU time {self.by_cpu(kept)[0]:.3g}{self.unit}"
        return f"| {self.what} | {aim} | {spread} | {'yes' if reached else '**no**'} |"


def render(kept: Results) -> str:
    """Everything that was measured. Rows whose measurement is missing or failed say so."""
    lines = [*_machine(kept), "", "| what | target | measured | reached |", "|---|---|---|---|"]
    lines += [row.render(kept) for row in ROWS]
    lines += ["", "Ratios: median over median of tokens a second by the wall clock, whole engine, over", ""]
    lines[-2] += " the peer's; in brackets least and most of the pairs of repetitions."
    lines += ["## Greedy tokens, float32, checked before timing", ""]
    for key, found in kept.items():
        if key.startswith("agreement/"):
            model = key.partition("/")[2]
            lines += [f"- {model}, mull and {peer}: {_agreement(each)}" for peer, each in found.items()]
    lines += ["", "## Limits of the machine", "", *_limits(kept)]
    lines += ["", "## First token, whole process", "", *_first_tokens(kept.get("first token", {}))]
    lines += ["", "## Fork", "", *_forks(kept)]
    lines += ["", "## Decoding", "", SHARE]
    for key, results in kept.items():
        if key.count("/") == 3:
            lines += ["", *_case(key, results, kept)]
    return "\n".join(lines)


SHARE = (
    "Share of the limit: of the tokens a second if a step took no longer than reading its weights or making "
    "its products, whichever is slower, and then reading its keys and values, all at the rates measured "
    "above (weights and keys up to 24 MB from cache). 16-bit weights are multiplied in float32."
)


def faster(what: str, target: float, case: str, ours: str, *theirs: str) -> Row:
    """Our rate over that of the best of `theirs`; the range is over pairs of repetitions."""

    def measure(kept: Results, clock: str) -> Spread:
        rates = kept[case]
        other = max((rates[peer][clock] for peer in theirs if clock in rates.get(peer, {})), key=median)
        return _over(rates[ours][clock], other)

    return Row(what, target, "×", "more", partial(measure, clock="wall"), partial(measure, clock="cpu"))


def scaling(model: str, chains: int, dtype: str) -> Callable[[Results], Spread]:
    """Two threads over one."""

    def measure(kept: Results) -> Spread:
        two, one = (kept[f"{model}/greedy/{chains}/{n}"][f"mull {dtype}"]["wall"] for n in (2, 1))
        return _over(two, one)

    return measure


def _over(mine: list[float], other: list[float]) -> Spread:
    pairs = [a / b for a, b in zip(mine, other, strict=False)]
    return median(mine) / median(other), min(pairs), max(pairs)


def _spread(values: list[float], scale: float = 1.0) -> Spread:
    return scale * median(values), scale * min(values), scale * max(values)


def _chains(count: int | str) -> str:
    return f"{count} chain{'s' * (str(count) != '1')}"


def _rows() -> Iterator[Row]:
    yield Row(
        "first streamed token of `mull ask`, embedded model, whole process, warm",
        0.3,
        " s",
        "less",
        lambda kept: _spread(kept["first token"]["mull"]["seconds"]),
    )
    for model in ("5M", "embedded"):
        for chains, target in ((1, 2.0), (8, 2.5), (64, 2.0)):
            for dtype, theirs in _GGUF[model == "embedded" :]:
                what = f"{model}, {_chains(chains)}, one core: {_BITS[dtype]} over llama.cpp {theirs}"
                case = f"{model}/greedy/{chains}/1"
                yield faster(what, target, case, f"mull {dtype}", f"llama.cpp {dtype}")
    for chains in (8, 64):
        what = f"5M, {_chains(chains)}, one core: int8 over OpenVINO int8"
        yield faster(what, 1.5, f"5M/greedy/{chains}/1", "mull int8", "openvino int8")
    layouts = ("llama.cpp int8", "llama.cpp unified int8")
    for model in ("5M", "embedded"):
        what = f"{model}, 64 chains on one prompt, sampled: int8 over llama.cpp Q8_0's best layout"
        yield faster(what, 3.0, f"{model}/shared/64/1", "mull int8", *layouts)
    for chains, target in ((1, 1.0), (8, 2.5), (32, 3.5)):
        what = f"0.5B, {_chains(chains)}, one core: int8 over llama.cpp Q8_0"
        yield faster(what, target, f"0.5B/greedy/{chains}/1", "mull int8", "llama.cpp int8")
    what = "0.5B, 8 chains, one core: int8 over OpenVINO int8"
    yield faster(what, 1.3, "0.5B/greedy/8/1", "mull int8", "openvino int8")
    for model, chains, dtypes in (("5M", 8, _BITS), ("5M", 64, _BITS), ("0.5B", 8, ("16", "int8"))):
        for dtype in dtypes:
            what = f"two cores over one, {model}, {_chains(chains)}, {_BITS[dtype]}"
            yield Row(what, 1.8, "×", "more", scaling(model, chains, dtype))
    for chains, target in ((1, 10.0), (64, 5.0)):
        for dtype in _BITS:
            what = f"5M, {_chains(chains)}: {_BITS[dtype]} over transformers `generate` in f32"
            yield faster(what, target, f"5M/greedy/{chains}/1", f"mull {dtype}", "transformers f32")
    yield Row(
        "fork of a 4,000-token chain", 50, " µs", "less", lambda kept: _spread(kept["fork"]["fork"], 1e6)
    )
    yield Row(
        "tokens computed again after it",
        0,
        "",
        "less",
        lambda kept: _spread([kept["fork"]["recomputed"]]),
    )


_GGUF = (("f32", "F32"), ("16", "F16"), ("int8", "Q8_0"))
_BITS = {"f32": "f32", "16": "bf16", "int8": "int8"}
ROWS = list(_rows())


def _machine(kept: Results) -> list[str]:
    machine, busy = kept["machine"], list(kept["busy"].values())
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    return [
        f"{machine['processor']}, {machine['cores']} cores, best instruction set found "
        f"{machine['instruction_set']}; Python {machine['python']}, {packages}.",
        f"Commit {machine['commit']}, {machine['date']} UTC, {machine['repetitions']} repetitions. "
        f"Cores busy with other work before a measurement: median {median(busy):.2f}, most {max(busy):.2f}.",
    ]


def _agreement(result: Results) -> str:
    if "error" in result:
        return f"failed: {result['error'][:200]}"
    parted = result["parted"]
    equal = result["prompts"] - len(parted)
    text = f"{equal} of {result['prompts']} prompts equal over {result['tokens']} tokens"
    if parted:
        first = ", ".join(f"{each['at']} (margin {each['margin']:.2g})" for each in parted)
        text += f"; the others part at token {first}: margin of our two best logits there"
    return text


def _limits(kept: Results) -> list[str]:
    found = {threads: kept[f"limits/{threads}"] for threads in (1, 2) if f"limits/{threads}" in kept}
    names = list(next(iter(found.values()), {}))
    head = [f"{name} G{'op' if name in ('f32', 'int8') else 'B'}/s" for name in names]
    return [
        f"| cores | {' | '.join(head)} |",
        "|---" * (len(names) + 1) + "|",
        *(
            f"| {threads} | {' | '.join(f'{rates[name] / 1e9:.1f}' for name in names)} |"
            for threads, rates in found.items()
        ),
    ]


def _first_tokens(found: Results) -> list[str]:
    lines = ["| program | seconds (range) | peak MB |", "|---|---|---|"]
    for name, each in found.items():
        if "error" in each:
            lines.append(f"| {name} | failed: {each['error'][:200]} | |")
        else:
            value, low, high = _spread(each["seconds"])
            lines.append(f"| {name} | {value:.2f} ({low:.2f}–{high:.2f}) | {each['rss'] / 1e6:,.0f} |")
    return lines


def _forks(kept: Results) -> list[str]:
    fork = kept.get("fork")
    if not fork:
        return ["Not measured."]
    value, low, high = _spread(fork["fork"], 1e6)
    first, plain, anew = (1e3 * fork[name] for name in ("first_token", "plain_token", "prefill"))
    return [
        f"Fork of a {fork['length']:,}-token chain of the 5M model in bf16: {value:.0f} µs "
        f"({low:.0f}–{high:.0f}); {fork['recomputed']} tokens computed again. From fork to the child's first "
        f"token {first:.2f} ms, where going on takes {plain:.2f} ms and reading such a chain {anew:,.0f} ms."
    ]


def limit(kept: Results, case: str, dtype: str) -> float:
    """Tokens a second over all chains at the rates measured for the machine. See `SHARE`."""
    model, _, chains, threads = case.split("/")
    rates, sizes = kept[f"limits/{threads}"], kept["models"][model]
    weights = sizes["read"] * {"f32": 4, "16": 2, "int8": 1}[dtype]
    compute = 2 * sizes["read"] * int(chains) / rates["int8" if dtype == "int8" and rates["int8"] else "f32"]
    length = 64 + (24 if model == "0.5B" else 256) / 2
    keys = int(chains) * length * sizes["kv"]["f32" if dtype == "f32" else "16"]
    return int(chains) / (max(_read(weights, rates), compute) + _read(keys, rates))


def _read(size: float, rates: Results) -> float:
    """Seconds to read this many bytes from where so many of them fit."""
    if size <= 512e3:
        return size / rates["cache 512 kB"]
    if size <= 4e6:
        return size / rates["cache 4 MB"]
    return size / rates["cache 16 MB" if size <= 24e6 else "memory"]


def _case(key: str, results: Results, kept: Results) -> list[str]:
    model, kind, chains, threads = key.split("/")
    title = f"**{kept['models'][model]['title']}, {_chains(chains)}, {threads} core{'s' * (threads != '1')}"
    title += ", one prompt, temperature 0.8**" if kind == "shared" else "**"
    lines = [
        title,
        "",
        "| engine | tokens/s (range) | of the limit | per CPU second | prefill tokens/s | peak MB |",
        "|---|---|---|---|---|---|",
    ]
    for name, found in results.items():
        if "error" in found:
            lines.append(f"| {name} | failed: {found['error'][:100]} | | | | |")
            continue
        value, low, high = _spread(found["wall"])
        share = value / limit(kept, key, name.rpartition(" ")[2])
        once = ", once" if len(found["wall"]) == 1 else f" ({low:,.0f}–{high:,.0f})"
        lines.append(
            f"| {name} | {value:,.0f}{once} | {share:.0%} | {median(found['cpu']):,.0f} "
            f"| {found['prefill']:,.0f} | {found['rss'] / 1e6:,.0f} |"
        )
    return lines
