"""Curves as a picture in a file, by matplotlib (extra: plot). The report draws its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mull.bench.curves import By, Curve
from mull.errors import MullError

AXES = {
    "tokens": "tokens a question, all counted",
    "seconds": "seconds a question",
    "money": "money a question",
}


def draw(curves: Sequence[tuple[str, Curve]], by: By, path: Path) -> None:
    """Accuracy in % with a band of 95 % for questions like these; the cost on a logarithmic axis.

    The same curves give the same bytes. Raises MullError without matplotlib.
    """
    try:
        import matplotlib as mpl
    except ImportError:
        raise MullError("drawing takes matplotlib: pip install 'mull[plot]'.") from None
    mpl.use("Agg")
    with mpl.rc_context({"svg.hashsalt": "mull", "font.size": 10}):
        import matplotlib.pyplot as plt

        figure, axes = plt.subplots(figsize=(7.5, 4.4), layout="constrained")
        for number, (name, curve) in enumerate(curves):
            points = [point for point in curve.points if getattr(point.cost, by)]
            x = [getattr(point.cost, by) for point in points]
            colour = f"C{number % 10}"
            axes.plot(x, [100 * point.value for point in points], "o-", ms=4, color=colour, label=name)
            low = [100 * point.like_these.low for point in points]
            high = [100 * point.like_these.high for point in points]
            if len(points) > 1:
                axes.fill_between(x, low, high, color=colour, alpha=0.12, lw=0)
            else:
                axes.vlines(x, low, high, color=colour, lw=1)
        axes.set(xscale="log", xlabel=AXES[by], ylabel="right, %", ylim=(0, 100))
        axes.grid(alpha=0.25)
        axes.legend(frameon=False, loc="best")
        dated = {"Date": None} if path.suffix == ".svg" else {}
        figure.savefig(path, dpi=160, metadata=dated)
        plt.close(figure)
