"""What a stored chain would have answered, had it been stopped earlier.

Without an engine: the last answer it had come to by then, in a box or after words such as "the answer is".
With one: the chain is put in again up to there, its thoughts are closed, and the answer is drawn, greedily
(budget forcing, s1: arXiv 2501.19393).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from mull.bench.curves import Cut
from mull.bench.judge import Judge
from mull.bench.record import Item, Run, Sample
from mull.check.grade.find import MARK, find
from mull.engine import Engine
from mull.errors import MullError
from mull.model.chat import Message, render
from mull.model.formats import boxed

# Where an answer is stated; a number that merely stands at the end of unfinished thoughts is none.
STATED = ("box", "boxes in a list", "answer tag", "answer statement")
ANSWER = 256  # tokens of a forced answer at most
SIDE_BY_SIDE = 32  # chains that are forced at once


def so_far(run: Run, judge: Judge) -> Callable[[Sample, int], Cut]:
    """The last answer before the cut: in the answer itself, if it has begun, else in the thoughts."""

    @cache  # chains give the same few answers, and at many cuts the same one
    def right(item: str, said: str) -> bool:
        return judge(run.items[item], said).equal is True

    def answer(sample: Sample, budget: int) -> Cut:
        thoughts, text = sample.cut(budget)
        said = _stated(text) or _stated(thoughts)
        return Cut(said is not None and right(sample.item, said))

    return answer


def _stated(text: str) -> str | None:
    """The answer that the text states last, in a box."""
    found = boxed(text) if "boxed" in text else None
    if found is None and (MARK.search(text) or "<answer>" in text):  # quick, and false of most texts
        found = next((text[each.start : each.end] for each in find(text) if each.source in STATED), None)
    return None if found is None or not found.strip() else f"\\boxed{{{found}}}"


def forced(
    run: Run,
    judge: Judge,
    engine: Engine,
    questions: Mapping[str, str],
    budgets: Sequence[int],
    seen: Callable[[int, int], None] | None = None,
) -> Callable[[Sample, int], Cut]:
    """The answer that the engine draws from the cut, drawn now for all chains and budgets.

    questions  by id, as they were put to the model
    seen       is told how many of how many chains are done

    Raises MullError where the engine is not the model of the run.
    """
    drawn = asyncio.run(_draw_all(run, judge, engine, questions, budgets, seen))
    return lambda sample, budget: drawn[sample.item, sample.sample, budget]


Drawn = dict[tuple[str, int, int], Cut]


async def _draw_all(
    run: Run,
    judge: Judge,
    engine: Engine,
    questions: Mapping[str, str],
    budgets: Sequence[int],
    seen: Callable[[int, int], None] | None,
) -> Drawn:
    theirs, own = run.manifest.model, engine.model
    if theirs.get("fingerprint") != own.get("fingerprint"):
        raise MullError(
            f"the run is of {theirs.get('name')}, the engine is {own.get('name')}: name the run's with -m."
        )
    drawn: Drawn = {}
    waiting = [each for each in run.samples if each.outcome != "error"]
    total = len(waiting)

    async def seat() -> None:
        while waiting:
            sample = waiting.pop()
            question = questions.get(sample.item)
            if not question:
                raise MullError(f"the run keeps no questions, and {sample.item} is not in the data given.")
            prompt = render(
                [Message("user", question)],
                engine.tokenizer,
                format=engine.format,
                system=run.manifest.system,
            )
            for budget in budgets:
                if budget < len(sample.pieces or ()):
                    drawn[sample.item, sample.sample, budget] = await _draw(
                        sample, budget, run.items[sample.item], judge, engine, prompt
                    )
            if seen is not None:
                seen(total - len(waiting), total)

    await asyncio.gather(*(seat() for _ in range(SIDE_BY_SIDE)))
    return drawn


async def _draw(
    sample: Sample, budget: int, item: Item, judge: Judge, engine: Engine, prompt: list[int]
) -> Cut:
    """Thoughts are closed first; of an answer that had begun, the rest is drawn.

    What is paid is what the chain itself has not paid by then: the closing words, where it was still
    thinking, and what is drawn.
    """
    thoughts, text = sample.cut(budget)
    tokenizer = engine.tokenizer
    closing = tokenizer.scaffold(engine.format.closing)
    lead = [*tokenizer.encode(thoughts), *closing, *tokenizer.encode(text)]
    room = engine.context - len(prompt) - len(lead)
    if room < 1:
        return Cut(False)
    async with engine.open(prompt, seed=sample.seed) as chain:
        probe = await chain.probe(lead, min(ANSWER, room))
    said = text + probe.text
    mark = await asyncio.to_thread(judge, item, said)
    return Cut(mark.equal is True, len(probe.ids) + (0 if text else len(closing)))
