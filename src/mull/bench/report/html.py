"""HTML out of Python, with everything escaped that was not made here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


class Html(str):
    """Text that is HTML already. Only what this package writes itself may become one."""

    __slots__ = ()


Part = Html | str | int | None


def tag(name: str, *inside: Part, **attributes: str | int | None) -> Html:
    """An element. Attributes that are None are left out; `kind` is the class, and `_` becomes `-`."""
    told = "".join(
        f' {"class" if key == "kind" else key.replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{told}>{join(inside)}</{name}>")


def join(parts: Iterable[Part]) -> Html:
    """One after the other; None is nothing."""
    return Html(
        "".join(each if isinstance(each, Html) else escape(str(each)) for each in parts if each is not None)
    )


def table(head: Sequence[Part], rows: Iterable[Sequence[Part]], *, kind: str = "") -> Html:
    """The first column names the rows; all others are numbers, or look like some."""
    top = tag("tr", *(tag("th", each, scope="col") for each in head))
    body = [
        tag("tr", tag("th", first, scope="row"), *(tag("td", each) for each in others))
        for first, *others in rows
    ]
    return tag("div", tag("table", tag("thead", top), tag("tbody", *body), kind=kind), kind="wide")


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"
