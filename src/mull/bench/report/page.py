"""The page: what it says, section by section. How it looks is page.css; the list of chains is page.js."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from hashlib import sha256
from importlib.resources import files

from mull.bench.published import published
from mull.bench.record import Run
from mull.bench.report import chains, sections
from mull.bench.report.html import Html, join, table, tag
from mull.bench.report.sections import Named
from mull.bench.summary import Summary
from mull.errors import MullError

SHOWN = ("suite", "version", "source", "rights", "prompt", "system", "judge", "grader", "model", "context",
         "sampling", "cap", "strategy", "effort", "options", "guards", "seed", "k", "items", "mull", "commit",
         "started", "data", "template")  # fmt: skip

HOW = (
    'Intervals hold 95 %. "These questions" says how much the number would move if other samples of exactly '
    'these questions were drawn; it takes two samples of each. "Questions like these" says how much if other '
    "questions of the same kind were asked, too: that is what a claim about a model needs. Thick lines are "
    "the first, thin lines the second. A vote (maj@k) and the best of k (pass@k) are counted over all "
    "subsets of k samples."
)


def report(
    runs: Sequence[Run], *, title: str | None = None, texts: bool = True, longest: int = chains.LONGEST
) -> bytes:
    """The whole file, in UTF-8.

    texts    False leaves out what the models wrote and what they were asked
    longest  characters of thoughts kept of one chain

    Raises MullError without runs, or where one has no answers yet.
    """
    if not runs:
        raise MullError("a report takes a run.")
    named = list(zip(_names(runs), map(Summary.of, runs), strict=True))
    suites = list(dict.fromkeys(run.manifest.suite for run in runs))
    heading = title or ", ".join(suites) + (f": {len(runs)} runs" if len(runs) > 1 else "")
    style, script = _file("page.css"), _file("page.js")
    allowed = b64encode(sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'; base-uri 'none'"
    parts = [*_sections(named, suites)]
    if texts:
        parts.append(_chains([(name, summary.run) for name, summary in named], longest))
    parts += [_manifests(named), tag("footer", tag("p", "Made by mull bench report. ", HOW))]
    head = join([
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        tag("title", heading),
        Html(f"<style>{style}</style>"),
    ])  # fmt: skip
    body = tag("main", tag("header", tag("h1", heading), tag("p", _lead(named), kind="lead")), *parts)
    page = f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{body}'
    page += f"<script>{script}</script></body></html>\n" if texts else "</body></html>\n"
    return page.encode("utf-8", "backslashreplace")


def _sections(named: Named, suites: Sequence[str]) -> Iterator[Html]:
    yield sections.accuracy(named, [row for suite in suites for row in published(suite)])
    yield sections.outcomes(named)
    if len(named) > 1:
        yield sections.differences(named)
    if any(summary.whole.least > 1 for _, summary in named):
        yield sections.by_k(named)
    if picture := sections.tokens(named):
        yield tag("section", tag("h2", "Accuracy against tokens"), picture)
    for name, summary in named:
        if summary.parts:
            yield sections.groups(name if len(named) > 1 else "", summary)


def _lead(named: Named) -> str:
    _, first = named[0]
    each = "one sample" if first.whole.least == 1 else f"{first.whole.least} samples"
    said = f"{len(first.whole.groups):,} questions, {each} of each. "
    manifest = first.run.manifest
    said += {
        "grader": "Judged by mull's grader: is it, as mathematics, the gold answer?",
        "tasks": "Judged by each family's exact scorer.",
        "code": "Judged by running the programs against tests.",
    }.get(manifest.judge, "")
    if not any(item.question for item in first.run.items.values()):
        said += " The questions may not be copied, so they are not shown."
    return said


def _chains(runs: Sequence[tuple[str, Run]], longest: int) -> Html:
    """The frame that page.js fills, and what it fills it with."""
    data = tag("script", Html(chains.packed(runs, longest=longest)), type="text/plain", id="chains")
    return tag(
        "section",
        tag("h2", "Chains"),
        tag("div", id="filters", kind="filters"),
        tag("p", "Showing the chains takes JavaScript.", id="count", kind="note", aria_live="polite"),
        tag("div", id="list"),
        data,
    )


def _manifests(named: Named) -> Html:
    parts = []
    for name, summary in named:
        plain = asdict(summary.run.manifest)
        rows = [[key, _told(plain[key])] for key in SHOWN]
        inside = table(["", ""], [["hash", summary.run.manifest.hash], *rows], kind="manifest")
        parts.append(tag("details", tag("summary", name), inside))
    return tag("section", tag("h2", "Where the numbers come from"), *parts)


def _told(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items()) or "none"
    return "none" if value is None or value == "" else str(value)


def _names(runs: Sequence[Run]) -> list[str]:
    """Folders' names; with a number where two are the same."""
    names: list[str] = []
    for run in runs:
        name = run.folder.resolve().name
        names.append(name if name not in names else f"{name} ({len(names) + 1})")
    return names


def _file(name: str) -> str:
    return (files("mull.bench.report") / name).read_text(encoding="utf-8")
