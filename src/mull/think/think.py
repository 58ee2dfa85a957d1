"""`think`: one chain, with room for the answer reserved before the thinking starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

from mull.engine import Ended, Engine, Event, Sampling, Spent, Stream, Watch
from mull.engine.chain import Chain
from mull.errors import MullError
from mull.model.formats import Piece, boxed
from mull.think.answer import Answer, Status

NO_ANSWER = "(The model gave no answer.)"


async def think(
    prompt: Sequence[int],
    engine: Engine,
    *,
    max_tokens: int | None = None,
    seed: int = 0,
    sampling: Sampling | None = None,
    show: Callable[[Piece], None] | None = None,
    watch: Sequence[Watch] = (),
) -> Answer:
    """Think along one chain and answer.

    If the thinking would leave no room for an answer, it is closed with the format's closing words
    and the answer drawn from what there is (budget forcing, s1: arXiv 2501.19393). `max_tokens`
    bounds thoughts, closing and answer together; None takes what the context has left. `show`
    receives thoughts and answer as they come.
    """
    started = perf_counter()
    async with engine.open(prompt, seed=seed, sampling=sampling) as chain:
        room = engine.context - len(prompt)
        total = room if max_tokens is None else min(max_tokens, room)
        closing = engine.tokenizer.scaffold(engine.format.closing)
        reserve = answer_reserve(total)
        if total < len(closing) + reserve:
            raise MullError(
                f"{total} tokens are too few to think and answer; {len(closing) + reserve} is the least. "
                "Raise --max-tokens, or shorten the prompt."
            )
        telling = _Telling(engine, show)
        watching = (*watch, Stream(telling.feed))
        event = await chain.think(total - len(closing) - reserve, watching)
        status: Status = "finished"
        if _over(event) and not engine.format.split(chain.text)[1].strip():
            chain.rewind(len(chain) - 1)  # it ended its turn without an answer: take that back
            event = Spent(len(chain), 0)
        if not _over(event):
            if telling.reader.phase == "thought":
                status = "closed"
                chain.say(closing)
                telling.feed(engine.format.closing)
            event = await chain.think(total - len(chain.pieces), watching)
        if not _over(event):
            status = "cut"
        telling.finish()
        return _answer(chain, engine, status, perf_counter() - started)


def answer_reserve(total: int) -> int:
    """Tokens kept for the answer out of `total`: an eighth, between 16 and 1,024."""
    return max(16, min(1024, total // 8))


def _over(event: Event) -> bool:
    return isinstance(event, Ended) and event.reason != "context"


class _Telling:
    """Splits the running text into thoughts and answer for whoever listens."""

    def __init__(self, engine: Engine, show: Callable[[Piece], None] | None) -> None:
        self.reader = engine.format.reader()
        self._show = show

    def feed(self, text: str) -> None:
        self._tell(self.reader.feed(text))

    def finish(self) -> None:
        self._tell(self.reader.finish())

    def _tell(self, pieces: Sequence[Piece]) -> None:
        if self._show is not None:
            for piece in pieces:
                self._show(piece)


def _answer(chain: Chain, engine: Engine, status: Status, seconds: float) -> Answer:
    thoughts, text = engine.format.split(chain.text)
    return Answer(
        text=text.strip() or NO_ANSWER,
        final=boxed(text),
        thoughts=thoughts.strip(),
        status=status,
        confidence=chain.confidence,
        prompt_tokens=chain.prompt_length,
        ledger=chain.spend,
        seconds=seconds,
    )
