"""`plan`: first how, then what. Plans are drawn and one is chosen; its steps are carried out one by one.

Each step is a question of its own, answered by a strategy of its own with a share of the budget: `think`, or
a `vote`. What it says is recomputed where it is arithmetic, and a step that turns out false, or comes to
nothing, makes a new plan for what is left, with the finding stated. Plan-and-solve: Wang et al. 2023,
arXiv 2305.04091.

Planning needs a model that follows instructions. One that does not, such as the embedded model, lists no
steps; its question is then answered as it was asked, and the evidence says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from mull.engine import Engine, Watch
from mull.engine.sampling import mix
from mull.think.answer import Answer, Evidence, of_draft, shown
from mull.think.budget import Budget
from mull.think.line import Line, Show, fits, reserve
from mull.think.meter import Meter
from mull.think.plans import Choice, Plan, chosen, drawn
from mull.think.question import Question
from mull.think.think import drafted, think
from mull.think.trace import Trace
from mull.think.verify import arithmetic

STEP = "{known}\n\nDo only this step now: {step}\nGive its result in \\boxed{{}}."
SHOWN = 500  # characters of a result that later steps are told


async def plan(
    question: Question,
    engine: Engine,
    budget: Budget | None = None,
    *,
    plans: int = 3,
    steps: int = 6,
    replans: int = 2,
    choice: Choice = "model",
    step: Callable[..., Awaitable[Answer]] = think,
    seats: int = 4,
    line: Line | None = None,
    seed: int = 0,
    trace: Trace | None = None,
    show: Show | None = None,
    watch: Sequence[Watch] = (),
) -> Answer:
    """Plan, carry out, answer.

    plans    that are drawn to choose from, each of at most `steps` steps
    replans  how often a contradicted step may lead to a new plan
    choice   the model chooses among plans, or each is tried briefly and the answer of most decides
    step     the strategy that carries out a step

    When the budget is spent the question is answered with the results there are.
    """
    line, trace = line or Line(), trace or Trace()
    meter = Meter(engine, budget, trace=trace)
    work, kept = Work(question), reserve(meter, line, len(question.prompt(meter)))
    with closing(meter.reserve(kept)):  # for the answer at the end, as one chain is
        inner = Meter(meter, Budget(chains=max(1, meter.chains_left - 1)))
        for attempt in range(replans + 1 if inner.chains_left > 1 else 0):
            asked, salt = question.instead(work.known), mix(seed, attempt, 1)
            found = await drawn(asked, inner, line, n=plans, steps=steps, seats=seats, seed=salt)
            if not found:
                break
            taken = await chosen(asked, found, inner, line, choice=choice, seed=salt)
            if await work.carry_out(taken, step, inner, line, watch, salt):
                break
    if not work.evidence:
        work.evidence.append(Evidence("plan", question.text, "not run", "no plan, or no budget for one"))
    draft = await drafted(work.told(meter, line), meter, line, seed=seed, watch=watch)
    answer = of_draft(draft, "plan", evidence=tuple(work.evidence), ledger=meter.ledger, trace=trace)
    return shown(answer, show)


@dataclass(slots=True)
class Work:
    """What has been done so far, and what was found."""

    question: Question
    results: list[tuple[str, str]] = field(default_factory=list)
    finding: str = ""
    evidence: list[Evidence] = field(default_factory=list)

    @property
    def known(self) -> str:
        """The question with what is known by now."""
        lines = [f"- {step}\n  {result}" for step, result in self.results]
        found = ["Known so far:", *lines] if lines else []
        return "\n\n".join(filter(None, [self.question.text, "\n".join(found), self.finding]))

    def told(self, meter: Meter, line: Line) -> Question:
        """The question with all that is known, if there is something and it fits; else as it was asked."""
        if not self.results and not self.finding:
            return self.question
        asked = self.question.instead(self.known)
        if fits(meter, line, len(asked.prompt(meter))):
            return asked
        meter.note("forgotten", results=len(self.results))
        return self.question

    async def carry_out(
        self,
        plan: Plan,
        step: Callable[..., Awaitable[Answer]],
        meter: Meter,
        line: Line,
        watch: Sequence[Watch],
        seed: int,
    ) -> bool:
        """Do the steps of a plan; False if one is contradicted and another plan is wanted."""
        self.finding = ""
        for number, todo in enumerate(plan):
            asked = self.question.instead(STEP.format(known=self.known, step=todo))
            share = Budget(tokens=max(1, meter.left // (len(plan) - number)))
            part = Meter(meter, share)
            if meter.chains_left < 2 or meter.spent or not fits(part, line, len(asked.prompt(meter))):
                self.evidence.append(Evidence("step", todo, "not run", "the budget was spent"))
                return True
            answer = await step(asked, meter, share, line=line, seed=mix(seed, number), watch=watch)
            found = _judge(todo, answer)
            meter.note("check", check=found.check, about=todo, verdict=found.verdict, found=found.found)
            self.evidence.append(found)
            if found.verdict == "contradicted":
                self.finding = f"This was tried and went wrong: {todo} ({found.found})"
                return False
            self.results.append((todo, _short(answer)))
        return True


def _judge(todo: str, answer: Answer) -> Evidence:
    """A step is contradicted by false arithmetic in it, and where it comes to nothing."""
    if answer.status in ("abstained", "dropped"):
        return Evidence("step", todo, "contradicted", "it came to no result")
    told, false = arithmetic(answer)
    if false:
        return Evidence("step", todo, "contradicted", f"{false[0].text.strip()} is false: {false[0].value}")
    true = any(claim.verdict == "confirmed" for claim in told)
    return Evidence("step", todo, "confirmed" if true else "undecided", answer.final or "")


def _short(answer: Answer) -> str:
    """A step's result, as later steps are told it."""
    text = " ".join(answer.text.split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} ..."
