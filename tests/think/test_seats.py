"""Structured concurrency: seats are refilled, leaving cancels."""

from __future__ import annotations

import asyncio
import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mull.think.seats import Seats


@given(st.integers(0, 12), st.integers(1, 5), st.integers(1, 13))
def test_no_more_than_the_seats_are_taken_and_work_is_done_once(total: int, seats: int, until: int) -> None:
    running, most, done = 0, 0, list[int]()

    async def work(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            await asyncio.sleep(0 if number % 3 else 0.0001)
            return number
        finally:
            running -= 1

    async def program() -> None:
        async with Seats(work, total=total, seats=seats) as run:
            async for number in run:
                done.append(number)
                assert run.alive == total - len(done)
                if len(done) == until:
                    break

    asyncio.run(program())
    assert most <= seats
    assert running == 0
    assert len(done) == min(total, until)
    assert len(set(done)) == len(done)


@given(st.lists(st.integers(0, 3), max_size=9), st.integers(1, 5))
def test_results_may_be_taken_in_order(waits: list[int], seats: int) -> None:
    async def work(number: int) -> int:
        for _ in range(waits[number]):
            await asyncio.sleep(0)
        return number

    async def program() -> list[int]:
        async with Seats(work, total=len(waits), seats=seats, in_order=True) as run:
            return [number async for number in run]

    assert asyncio.run(program()) == list(range(len(waits)))


def test_an_error_in_the_work_reaches_the_program_and_stops_the_others() -> None:
    cancelled = []

    async def work(number: int) -> None:
        if number == 1:
            raise ValueError("no")
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(number)
            raise

    async def program() -> None:
        async with Seats(work, total=3, seats=3) as run:
            async for _ in run:
                pass

    with pytest.raises(ValueError, match="no"):
        asyncio.run(program())
    assert sorted(cancelled) == [0, 2]


def test_when_several_fail_at_once_one_error_is_told_and_none_is_left_to_be_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def work(number: int) -> None:
        raise ValueError(f"no {number}")

    async def program() -> None:
        async with Seats(work, total=3, seats=3) as run:
            async for _ in run:
                pass

    with pytest.raises(ValueError, match="no 0"):
        asyncio.run(program())
    gc.collect()
    assert not caplog.records
