"""A question asked in the terminal, by `ask` or `chat`: what is shown on the way, and behind the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mull.cli.terminal import Screen, harmless

if TYPE_CHECKING:
    from mull.audit import Policy
    from mull.cli.how import How
    from mull.cli.options import Model
    from mull.engine import LocalEngine
    from mull.engine.remote import RemoteEngine
    from mull.model.chat import Message
    from mull.think.answer import Answer
    from mull.think.trace import Record


async def answer(
    asked: Sequence[Message],
    engine: LocalEngine | RemoteEngine,
    model: Model,
    how: How,
    *,
    seed: int,
    policy: Policy | None = None,
    listen: Callable[[Record], None] | None = None,
    silent: bool = False,
) -> Answer:
    """Ask, with thoughts, answer and what guards do shown as they come; `silent` shows nothing.

    `listen` hears each record of the trace.
    """
    from mull import api
    from mull.cli.live import Live
    from mull.cli.notes import told
    from mull.embedded import stranger
    from mull.engine import Progress
    from mull.model.formats import Piece
    from mull.think.trace import Trace

    question = asked[-1].content
    screen, live = Screen(quiet=model.quiet or silent), Live(quiet=model.quiet or silent)
    if engine.model.get("name") == "embedded" and (warning := stranger(question)):
        screen.note(warning)

    def show(piece: Piece) -> None:
        live.clear()
        screen.show(piece)

    def hear(record: Record) -> None:
        if listen is not None:
            listen(record)
        live.hear(record)
        if record["op"] == "note" and (line := told(record)):
            live.clear()
            screen.aside(harmless(line))

    try:
        given = await api.answer(
            asked,
            engine=engine,
            strategy=how.strategy,
            effort=how.effort,
            budget=how.budget(model.max_tokens),
            system=model.system,
            seed=seed,
            sampling=model.sampling(engine),
            line=replace(how.line, guards=how.guards(question)),
            trace=Trace(listen=hear),
            show=None if silent else show,
            watch=[Progress(screen.reading)],
            policy=policy,
            **how.options,
        )
    except BaseException:  # interrupted, or impossible: what comes next begins on a line of its own
        live.clear()
        screen.end("")
        raise
    live.clear()
    if not silent:
        screen.end(given.text)
        for line in behind(given, how):
            screen.note(harmless(line))
    return given


def behind(given: Answer, how: How) -> list[str]:
    """What a user is told after an answer: whether it is whole, what was checked, what it cost."""
    lines = []
    if given.status == "cut":
        lines.append("[the answer was cut off: raise --max-tokens or --context]")
    elif given.status == "dropped":
        lines.append("[no line of thought came to an answer: try another --seed, or --strategy vote]")
    for each in given.evidence:
        told = f"{each.check}: {each.verdict}; {each.about} {each.found}"
        lines.append(f"[{told.strip(' ;')}]")
    spent = given.ledger
    rate = spent.generated / spent.seconds if spent.seconds else 0
    chains = f" in {spent.chains} chains" if spent.chains > 1 else ""
    sure = f", confidence {given.confidence:.2f}" if how.strategy != "think" else ""
    cost = f"{spent.generated:,} tokens{chains} in {spent.seconds:.1f} s, {rate:,.0f}/s"
    return [*lines, f"[{cost}, {given.status}{sure}]"]
