"""The sections of a report, in numbers and small pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mull.bench.compare import compare
from mull.bench.curves import by_budget, by_samples, cuttable, usual_budgets
from mull.bench.cuts import so_far
from mull.bench.judge import judge
from mull.bench.published import Published
from mull.bench.report import svg
from mull.bench.report.html import Html, join, percent, table, tag
from mull.bench.summary import UNENDED, Estimate, Part, Summary, Vote
from mull.errors import MullError

Named = Sequence[tuple[str, Summary]]  # runs, by the name they have in the report
Rows = list[list[Html | str]]

QUOTED = (
    "Quoted, not measured here: other prompts, samplings, caps and graders. Where the number of samples was "
    "not published, the interval is that of one sample a question."
)


def accuracy(named: Named, quoted: Sequence[Published]) -> Html:
    rows: Rows = []
    for name, summary in named:
        whole = summary.whole
        rows.append([
            name,
            tag("b", percent(whole.accuracy)),
            svg.whiskers(whole.accuracy, whole.like_these, whole.these),
            whole.these.percent() if whole.these else "one sample",
            whole.like_these.percent(),
            percent(whole.completed) if whole.completed is not None else "",
            f"{whole.tokens:,.0f}",
        ])  # fmt: skip
    head = ["run", "right", "", "these questions", "questions like these", "right, if it ended", "tokens"]
    parts = [tag("h2", "Accuracy"), table(head, rows), *_remarks(named)]
    if quoted:
        parts += [
            tag("h3", "Published by others"),
            tag("p", QUOTED, kind="note"),
            table(
                ["model", "right", "", "95 %", "samples", "source"],
                [_quoted(row) for row in quoted],
                kind="published",
            ),
            *(
                tag("p", f"{source}: {unknown}.", kind="note")
                for source, unknown in dict.fromkeys((row.source, row.unknown) for row in quoted)
            ),
        ]  # fmt: skip
    return tag("section", *parts)


def _quoted(row: Published) -> list[Html | str]:
    link = tag("a", row.source, href=row.link, rel="noopener noreferrer")
    return [
        row.model,
        percent(row.right),
        svg.whiskers(row.right, row.interval, quoted=True),
        row.interval.percent() if row.interval else "",
        str(row.samples or "?"),
        link,
    ]


def _remarks(named: Named) -> Iterator[Html]:
    for name, summary in named:
        said = []
        if summary.run.left:
            said.append(f"samples still to be drawn: {summary.run.left:,}")
        if summary.errors:
            said.append(f"samples that failed with an error, and are left out: {summary.errors:,}")
        if summary.undecided:
            said.append(f"{percent(summary.undecided)} are undecided and not counted as right")
        if said:
            yield tag("p", f"{name}: {'; '.join(said)}.", kind="note warn")


def outcomes(named: Named) -> Html:
    rows: Rows = []
    used = [
        outcome
        for outcome in named[0][1].whole.outcomes
        if any(each.whole.outcomes[outcome] for _, each in named)
    ]
    for name, summary in named:
        counts = summary.whole.outcomes
        bar = svg.stack([(outcome, _kind(outcome), counts[outcome]) for outcome in used])
        rows.append([name, bar, *(f"{counts[outcome]:,}" for outcome in used)])
    heads = [tag("span", tag("i", kind=f"key {_kind(outcome)}"), outcome) for outcome in used]
    return tag("section", tag("h2", "Outcomes"), table(["run", "", *heads], rows, kind="outcomes"))


def _kind(outcome: str) -> str:
    """Its class in the style sheet."""
    return "o-" + outcome.replace(" ", "-")


def differences(named: Named) -> Html:
    """The first run against each other one, where that says something."""
    (first, mine), *others = named
    rows: Rows = []
    for name, theirs in others:
        try:
            found = compare(mine.run, theirs.run)
        except MullError as error:
            rows.append([f"{first} − {name}", str(error), "", "", "", ""])
            continue
        gap = found.difference
        up = sum(flip.gap > 0 for flip in found.flips)
        rows.append([
            f"{first} − {name}",
            tag("b", f"{100 * gap.value:+.1f}"),
            gap.these.points() if gap.these else "one sample",
            gap.like_these.points(),
            f"{up} better, {len(found.flips) - up} worse",
            f"{gap.chance:.2g}",
        ])  # fmt: skip
    head = ["difference", "points", "these questions", "questions like these", "questions", "by chance"]
    told = (
        "Paired, question by question. By chance: how often so large a difference comes if neither is better."
    )
    return tag("section", tag("h2", "Differences"), table(head, rows), tag("p", told, kind="note"))


def by_k(named: Named) -> Html:
    rows: Rows = []
    for name, summary in named:
        whole = summary.whole
        for k in whole.ks:
            cells = [whole.passed[k], summary.voted.get(k), whole.steady[k]]
            rows.append([
                *([name] if len(named) > 1 else []),
                str(k),
                *map(_with_interval, cells),
            ])  # fmt: skip
    tied = max((vote.tied for _, summary in named for vote in summary.voted.values()), default=0.0)
    said = f"Ties are broken evenly; they move a maj@k by up to {100 * tied:.1f} points."
    note = tag("p", said, kind="note") if tied > 0.0005 else None
    head = [
        *(["run"] if len(named) > 1 else []),
        "k",
        "pass@k: one is right",
        "maj@k: most are right",
        "mG-Pass@k: steady",
    ]
    return tag("section", tag("h2", "Of k samples"), table(head, rows), note)


def _with_interval(found: Estimate | Vote | None) -> Html | str:
    if found is None:
        return ""
    return join([percent(found.value), " ", tag("small", found.like_these.percent())])


def tokens(named: Named) -> Html | None:
    found = []
    for name, summary in named:
        before = f"{name} " if len(named) > 1 else ""
        found += [(before + each.name, each) for each in by_samples(summary)]
        run = summary.run
        if cuttable(run) and run.manifest.judge in ("grader", "tasks"):
            cut = by_budget(run, usual_budgets(run), so_far(run, judge(run.manifest.judge)))
            found.append((f"{before}one chain, cut", cut))
    picture = svg.curves(found, "tokens a question, all counted")
    if not picture:
        return None
    note = "Bands: 95 % for questions like these. A cut chain gives the last answer it had stated by then."
    return join([picture, tag("p", note, kind="note")])


def groups(name: str, summary: Summary) -> Html:
    heading = tag("h2", f"By group{': ' + name if name else ''}")
    parts = {part.name: part for part in summary.parts}
    split = [each.rpartition("/") for each in parts]
    if all(slash for _, slash, _ in split):
        lines, columns = (list(dict.fromkeys(each[place] for each in split)) for place in (0, 2))
        rows = [[line, *(_cell(parts.get(f"{line}/{column}")) for column in columns)] for line in lines]
        told = "Below each number: 95 % for questions like these."
        return tag(
            "section", heading, table(["", *columns], rows, kind="matrix"), tag("p", told, kind="note")
        )
    rows = [
        [
            part.name,
            str(len(part.groups)),
            percent(part.accuracy),
            svg.whiskers(part.accuracy, part.like_these, part.these),
            part.like_these.percent(),
            percent(sum(part.outcomes[outcome] for outcome in UNENDED) / len(part.samples)),
            f"{part.tokens:,.0f}",
        ]
        for part in summary.parts
    ]
    head = ["group", "questions", "right", "", "questions like these", "not ended", "tokens"]
    return tag("section", heading, table(head, rows))


def _cell(part: Part | None) -> Html | str:
    if part is None:
        return ""
    shade = f"--share: {part.accuracy:.2f}"
    return tag(
        "div",
        f"{100 * part.accuracy:.0f}",
        tag("small", part.like_these.percent(0)),
        kind="heat",
        style=shade,
    )
