"""What every strategy keeps, whatever happens to it."""

from __future__ import annotations

import asyncio
from typing import Any

import mull
from mull.engine.local import LocalEngine
from mull.engine.scripted import asked
from mull.think.answer import Answer
from mull.think.question import Question


def ask(question: str | Question, engine: LocalEngine, **options: Any) -> Answer:
    """An answer that is not empty, has left nothing behind, and has counted everything."""
    answer = asyncio.run(mull.answer(question, engine=engine, **options))
    assert engine.memory.pages.used == 0
    assert answer.ledger.tokens == engine.statistics.spend
    assert answer.text
    return answer


def cancel(question: str, engine: LocalEngine, moments: int, **options: Any) -> None:
    """Cancelled after so many turns of the event loop, it frees everything."""

    async def program() -> None:
        task = asyncio.create_task(mull.answer(question, engine=engine, **options))
        for _ in range(moments):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(program())
    assert engine.memory.pages.used == 0


def at_once(question: str) -> str:
    """The key for what a tagged model says to `question` when its thoughts are closed before they begin."""
    return f"{asked(question)}<think>\n\n</think>\n\n"
