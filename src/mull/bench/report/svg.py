"""Pictures of a report as inline SVG; their colours are the style sheet's, so that dark mode has its own."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10

from mull.bench.curves import Curve, Point
from mull.bench.report.html import Html, join, percent, tag
from mull.bench.statistics import Interval

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 44, 14, 12, 40


def whiskers(
    value: float, outer: Interval | None, inner: Interval | None = None, *, quoted: bool = False
) -> Html:
    """A share from 0 to 100 %: a dot (quoted: a ring), thin for questions like these, thick for these."""
    parts = [
        _line(4, 10, 196, 10, "scale"),
        *(_line(4 + 48 * n, 7, 4 + 48 * n, 13, "scale") for n in range(5)),
    ]
    for found, kind in ((outer, "outer"), (inner, "inner")):
        if found is not None:
            parts.append(_line(4 + 192 * found.low, 10, 4 + 192 * found.high, 10, kind))
    parts.append(tag("circle", cx=f"{4 + 192 * value:.1f}", cy=10, r=4, kind="ring" if quoted else "dot"))
    said = percent(value) + (f", 95 % interval {outer.low:.1%} to {outer.high:.1%}" if outer else "")
    return tag("svg", *parts, viewBox="0 0 200 20", kind="whiskers", role="img", aria_label=said)


def curves(named: Sequence[tuple[str, Curve]], axis: str) -> Html:
    """Accuracy against tokens on a logarithmic axis, with bands for questions like these, and a legend."""
    every = [point for _, curve in named for point in curve.points if point.cost.tokens > 0]
    if len(every) < 2:
        return Html("")
    low = log10(min(point.cost.tokens for point in every))
    high = max(log10(max(point.cost.tokens for point in every)), low + 0.1)
    plane = _Plane(low - 0.04 * (high - low), high + 0.04 * (high - low))
    parts = [*plane.grid(axis)]
    for number, (name, curve) in enumerate(named):
        parts.append(plane.curve(name, curve, number % 6))
    legend = tag(
        "p",
        *(tag("span", tag("i", kind=f"key c{number % 6}"), name) for number, (name, _) in enumerate(named)),
        kind="legend",
    )
    picture = tag(
        "svg",
        *parts,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        kind="curves",
        role="img",
        aria_label="accuracy by cost",
    )
    return tag("figure", legend, tag("div", picture, kind="wide"))


class _Plane:
    """Where costs (their logarithm, from `low` to `high`) and shares lie."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def x(self, tokens: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (log10(tokens) - self.low) / (self.high - self.low)

    @staticmethod
    def y(share: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)

    def grid(self, axis: str) -> list[Html]:
        parts = []
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            parts.append(_line(LEFT, self.y(share), WIDTH - RIGHT, self.y(share), "scale"))
            parts.append(_text(f"{share:.0%}", LEFT - 6, self.y(share) + 4, "end"))
        steps = (1, 2, 5) if self.high - self.low < 2.5 else (1,)
        for power in range(floor(self.low), ceil(self.high) + 1):
            for step in steps:
                if self.low <= log10(step * 10.0**power) <= self.high:
                    x = self.x(step * 10.0**power)
                    parts.append(_line(x, self.y(0), x, self.y(0) + 4, "scale"))
                    parts.append(_text(f"{step * 10**power:,}", x, self.y(0) + 17, "middle"))
        parts.append(_text(axis, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, "middle"))
        return parts

    def curve(self, name: str, curve: Curve, colour: int) -> Html:
        points = [point for point in curve.points if point.cost.tokens > 0]
        there = [(self.x(each.cost.tokens), each) for each in points]
        upper = [f"{x:.1f},{self.y(each.like_these.high):.1f}" for x, each in there]
        lower = [f"{x:.1f},{self.y(each.like_these.low):.1f}" for x, each in reversed(there)]
        parts = [
            tag("polygon", points=" ".join([*upper, *lower]), kind="band"),
            tag(
                "polyline",
                points=" ".join(f"{x:.1f},{self.y(each.value):.1f}" for x, each in there),
                kind="way",
            ),
        ]
        if len(there) == 1:
            [(x, only)] = there
            parts.append(_line(x, self.y(only.like_these.low), x, self.y(only.like_these.high), "way"))
        parts += [
            tag("circle", tag("title", _said(name, each)), cx=f"{x:.1f}", cy=f"{self.y(each.value):.1f}", r=4)
            for x, each in there
        ]
        return tag("g", *parts, kind=f"c{colour}")


def _said(name: str, point: Point) -> str:
    band = f"{100 * point.like_these.low:.1f} to {100 * point.like_these.high:.1f}"
    return f"{name}, {point.at:,}: {percent(point.value)} ({band}) for {point.cost.tokens:,.0f} tokens"


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Html:
    return tag("line", x1=f"{x1:.1f}", y1=f"{y1:.1f}", x2=f"{x2:.1f}", y2=f"{y2:.1f}", kind=kind)


def _text(text: str, x: float, y: float, anchor: str) -> Html:
    return tag("text", text, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor)


def stack(parts: Sequence[tuple[str, str, int]]) -> Html:
    """Counts as one bar: (what, class, how many)."""
    total = sum(count for _, _, count in parts) or 1
    bars, at = [], 0.0
    for what, kind, count in parts:
        if count:
            width = 100 * count / total
            said = tag("title", f"{what}: {count:,} ({count / total:.1%})")
            bars.append(tag("rect", said, x=f"{at:.3f}", y=0, width=f"{width:.3f}", height=10, kind=kind))
            at += width
    return tag(
        "svg", join(bars), viewBox="0 0 100 10", preserveAspectRatio="none", kind="stack", role="img",
        aria_label=", ".join(f"{count} {what}" for what, _, count in parts if count),
    )  # fmt: skip
