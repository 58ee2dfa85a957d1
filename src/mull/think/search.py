"""`search`: solutions grow step by step, and only steps worth going on from are gone on from.

Diverse trees, Beeching et al. 2024 (search-and-learn, "DVTS"): several trees grow apart from each other, each
goes down its best step, and their answers are put to a weighted vote. Trees do not wait for one another, and
a tree does not wait for further siblings once one is good enough. Where all steps from a place are worthless
a tree goes back to the best of the deepest places that it has passed by.

Search is as good as the value of its steps. The default one sees false arithmetic and doubt, which suits
models that write their calculations out, as the embedded one does. For anything else pass a reward model for
steps: behind a weak value, search loses to a vote at equal cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from mull.engine import Chain, Engine, Watch
from mull.think.answer import Answer, Evidence, shown
from mull.think.budget import Budget
from mull.think.line import Draft, Line, Show, answer_reserve, fits, follow, reserve, vary
from mull.think.meter import Meter
from mull.think.question import Question
from mull.think.rules import Rule
from mull.think.seats import Seats
from mull.think.steps import Soundness, Step, Steps, Value
from mull.think.trace import Trace
from mull.think.verify import Claims
from mull.think.vote import LEAST, RULE, Voted, elected, leading, tally

RETREATS = 8  # so often a tree goes back before it is given up
STEPS, SOUND = Steps(), Soundness()


async def search(
    question: Question,
    engine: Engine,
    budget: Budget | None = None,
    *,
    n: int = 4,
    width: int = 4,
    ahead: int = 1,
    seats: int = 8,
    value: Value = SOUND,
    enough: float = 0.9,
    steps: Steps = STEPS,
    rule: Rule = RULE,
    line: Line | None = None,
    seed: int = 0,
    trace: Trace | None = None,
    show: Show | None = None,
    watch: Sequence[Watch] = (),
) -> Answer:
    """`n` trees, `seats` of them at once, and at each place up to `width` different steps.

    ahead   steps from one place that are drawn at the same time: faster, but a good one makes the rest waste
    value   what a step is worth, 0 to 1. An answer weighs as much as the least of the steps it came from
    enough  the value from which a step is taken without drawing others after it
    steps   where a step ends
    rule    when enough trees have answered

    The confidence is the leader's share of the weight. When the budget is spent, all that think answer from
    where they stand; if none does, the answer is drawn from the best place that a tree has reached.
    """
    line, trace = line or Line(), trace or Trace()
    meter = Meter(engine, budget, trace=trace)
    prompt = question.prompt(meter, think=line.thinking != 0)
    n = max(1, min(n, (meter.chains_left - 1) // 2))  # each has a root, and a step
    ahead = max(1, min(ahead, width, meter.left // LEAST))
    seats = max(1, min(seats, n, meter.left // (LEAST * ahead)))
    room = min(meter.context - len(prompt), meter.left // (seats * ahead + 1))
    line = replace(line, answer=line.answer or answer_reserve(room))
    evidence = []
    async with meter.open(prompt, seed=seed, sampling=line.sampling) as root:
        vary(root, line)
        forest = _Forest(question, root, meter, line, watch, steps, value, enough, width, ahead)
        with closing(meter.reserve(reserve(meter, line, len(prompt)))):  # for when no tree comes to an answer
            drafts, votes = await tally(forest.tree, meter, rule, total=n, seats=seats)
        if not drafts:
            evidence.append(Evidence("search", f"{n} trees", "undecided", "none came to an answer by itself"))
            chain = forest.best.chain
            drafts.append(await follow(chain, meter, line, watch=watch, boxed_is_enough=True))
    sure = {"confidence": votes.share} if votes.cast else {}
    answer = elected(drafts, votes, meter, trace, "search", **sure)
    if chosen := leading(drafts, votes, meter):
        evidence.append((await Claims().judge(question, chosen, meter))[1])
    return shown(answer.with_evidence(evidence, meter.ledger), show)


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Where a tree has come to. `value`: of the least of the steps up to here; `draft`: of the latest."""

    chain: Chain
    value: float = 1.0
    depth: int = 0
    draft: Draft | None = None


@dataclass(slots=True, eq=False)
class _Forest:
    """The trees of one search."""

    question: Question
    root: Chain
    meter: Meter
    line: Line
    watch: Sequence[Watch]
    steps: Steps
    value: Value
    enough: float
    width: int
    ahead: int
    open: dict[int, list[_Place]] = field(default_factory=dict)  # where each tree may still go on

    @property
    def best(self) -> _Place:
        """The deepest place that any tree may go on from, of equal ones the most valuable."""
        places = [place for places in self.open.values() for place in places]
        return max(places, key=_rank, default=_Place(self.root))

    async def tree(self, number: int) -> Voted | None:
        """Grow one tree until it has an answer, which weighs as much as the place it came to.

        None if the budget is spent, or nothing in it is any good.
        """
        if self.meter.chains_left < 2:
            return None
        (trunk,) = self.root.fork()
        places = self.open[number] = [_Place(trunk)]
        retreats = 0
        while places and retreats <= RETREATS and not self._over(trunk):
            place = max(places, key=_rank)
            children = await self._expand(place)
            for child in sorted(children, key=_rank, reverse=True):
                if child.draft and child.draft.status != "paused":
                    places.clear()
                    trunk.stop("answered")
                    return child.draft, child.value
            if not children and self._over(place.chain):
                return None
            places.remove(place)
            places += children
            retreats += not children
        if not self._over(trunk):
            places.clear()
            trunk.stop("worthless")
        return None

    async def _expand(self, place: _Place) -> list[_Place]:
        """Different steps from this place that are worth going on from."""

        async def step(_: int) -> _Place | None:
            return await self._step(place)

        children, texts = list[_Place](), set[str]()
        async with Seats(step, total=self.width, seats=self.ahead, in_order=True) as run:
            async for child in run:
                if child is None:
                    continue
                text = Step(child.chain, len(place.chain.pieces)).text.strip()
                why = "worthless" if child.value <= 0 else "the same as a sibling" if text in texts else None
                self.meter.note("step", child.chain, value=round(child.value, 3), depth=child.depth, drop=why)
                if why:
                    child.chain.stop(why)
                    continue
                texts.add(text)
                children.append(child)
                if child.value >= self.enough:
                    break
        return children

    async def _step(self, place: _Place) -> _Place | None:
        """One more step from here, in a fork; None where nothing is left for it."""
        if self._over(place.chain) or self.meter.chains_left < 1:
            return None
        start, line = len(place.chain.pieces), self.line
        if line.thinking is not None:
            line = replace(line, thinking=max(0, line.thinking - start))
        line = replace(line, minimum=max(0, line.minimum - start))
        (chain,) = place.chain.fork()
        try:
            watch = (*self.watch, self.steps)
            draft = await follow(chain, self.meter, line, watch=watch, boxed_is_enough=True)
            over = draft.status != "paused"
            value = await self.value.judge(self.question, Step(chain, start, over))
        except BaseException:  # cancelled: a sibling was good enough
            chain.stop("given up")
            raise
        value = 0.0 if draft.status == "dropped" else min(place.value, value)
        return _Place(chain, value, place.depth + 1, draft)

    def _over(self, chain: Chain) -> bool:
        return self.meter.spent or not fits(self.meter, self.line, len(chain))


def _rank(place: _Place) -> tuple[int, float]:
    return place.depth, place.value
