"""Options that `ask`, `chat` and `bench` share: the strategy, how each chain thinks, and what guards it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import click

from mull.cli.grouped import applied, under
from mull.errors import MullError

if TYPE_CHECKING:
    from mull.guard.choose import Level
    from mull.guard.policy import Guard
    from mull.think.budget import Budget
    from mull.think.line import Line

# The names of think/strategies.py and others, which are not imported for --help; a test compares them.
STRATEGIES = ("think", "vote", "best", "check", "plan", "search", "auto")
LEVELS = ("off", "observe", "rescue")
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
VERIFIERS = ("claims", "program", "compare")

_OPTIONS = (
    under(
        "Strategy", "--strategy", type=click.Choice(STRATEGIES), default="think", show_default=True,
        help="think: one line of thought; vote: several, most win; best: several, the best verified one; "
        "check: one, its claims checked and repaired; plan: step by step; search: trees of steps; "
        "auto: little for the easy, more for the contested.",
    ),
    under("Strategy", "--effort", type=click.Choice(EFFORTS), help="How much to think."),
    under("Strategy", "--chains", type=click.IntRange(1), help="At most so many lines of thought."),
    under("Strategy", "--seconds", type=click.FloatRange(0, min_open=True), help="Answer within so many."),
    under("Strategy", "--rule", metavar="RULE",
          help="When a vote is settled: beta:.95, unanimous:5, consensus:.95, cannot-change, or several with "
          "commas between. Default: beta:.95,cannot-change."),
    under("Strategy", "--weigh", type=click.Choice(["one", "confidence", "claims"]),
          help="What a vote weighs: all the same, by confidence, or less for false claims (the default)."),
    under("Strategy", "--bar", type=click.FloatRange(0, 1, min_open=True), metavar="SHARE",
          help="End chains of a vote that are less confident than this share of the others were (DeepConf)."),
    under("Strategy", "--verify", multiple=True, type=click.Choice(VERIFIERS),
          help="What weighs the solutions of best; may be repeated; program needs extra `code`."),
    under("Thinking", "--thinking", type=click.IntRange(0), metavar="N",
          help="Tokens of thought at most, in each line of thought; 0 answers at once."),
    under("Thinking", "--min-thinking", "minimum", type=click.IntRange(0), default=0, metavar="N",
          help='Tokens of thought at least: an earlier end is replaced by "Wait".'),
    under("Thinking", "--probes", type=click.IntRange(1), metavar="N",
          help="Ask for the answer every N tokens; three equal ones end the thinking."),
    under("Thinking", "--tip", type=click.FloatRange(0, min_open=True), metavar="PENALTY",
          help="Make words that change the train of thought less likely, by 3 in the paper (TIP)."),
    under("Guards", "--loops", type=click.Choice(LEVELS), default="rescue", show_default=True,
          help="Thoughts that go in circles: noted, or rewound and redirected (rescue)."),
    under("Guards", "--language", default="auto", show_default=True, metavar="LANGUAGE",
          help="off, a code (en, zh ...) or auto: for the answer; with auto:lock thoughts, too."),
    under("Guards", "--claims", type=click.Choice(LEVELS), default="observe", show_default=True,
          help="False arithmetic in the thoughts: noted, or undone (rescue)."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class How:
    """What these options say."""

    strategy: str
    effort: str | None
    chains: int | None
    seconds: float | None
    rule: str | None
    weigh: str | None
    bar: float | None
    verify: tuple[str, ...]
    thinking: int | None
    minimum: int
    probes: int | None
    tip: float | None
    loops: Level
    language: str
    claims: Level

    @property
    def line(self) -> Line:
        """How each line of thought is run, but for guards and sampling."""
        from mull.think.line import Line
        from mull.think.probes import Probes
        from mull.think.tip import Tip

        return Line(
            thinking=self.thinking,
            minimum=self.minimum,
            tip=Tip(self.tip) if self.tip else None,
            probes=Probes(every=self.probes, after=2 * self.probes) if self.probes else None,
        )

    def guards(self, question: str) -> tuple[Guard, ...]:
        from mull.guard.choose import guards

        return guards(question, loops=self.loops, language=self.language, claims=self.claims)

    def budget(self, tokens: int | None) -> Budget | None:
        from mull.think.budget import Budget

        return Budget(tokens=tokens, seconds=self.seconds) if tokens or self.seconds else None

    @property
    def options(self) -> dict[str, Any]:
        """Of the strategy itself. Raises MullError for one that it does not have."""
        options: dict[str, Any] = {}
        for switch, name, value in self._given():
            from mull.think.strategies import options_of

            if name not in options_of(self.strategy):
                others = [other for other in STRATEGIES if name in options_of(other)]
                raise MullError(f"{switch} is for --strategy {' or '.join(others)}, not for {self.strategy}.")
            options[name] = value
        return options

    def _given(self) -> Iterator[tuple[str, str, Any]]:
        """Switch, name in Python, and value of what was asked for; imports what it needs and no more."""
        if self.chains is not None:
            yield "--chains", "n", self.chains
        if self.rule is not None:
            from mull.think.rules import rule

            yield "--rule", "rule", rule(self.rule)
        if self.weigh is not None:
            yield "--weigh", "weigh", self.weigh
        if self.bar is not None:
            from mull.think.bar import Bar

            yield "--bar", "bar", Bar(self.bar)
        if "compare" in self.verify:
            yield "--verify compare", "contest", True
        if verifiers := [name for name in self.verify if name != "compare"]:
            from mull.think.verify import Claims, Program

            made = {"claims": Claims, "program": Program}
            yield "--verify", "verifiers", [made[name]() for name in verifiers]


def strategy_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options, as one argument `how`."""

    @functools.wraps(command)
    def gathered(*args: Any, **options: Any) -> Any:
        how = How(**{each.name: options.pop(each.name) for each in fields(How)})
        return command(*args, how=how, **options)

    return applied(gathered, *_OPTIONS)
