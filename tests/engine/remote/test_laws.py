"""Whatever a program does to chains on a server that now and then fails: nothing runs on, all is counted."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings

import mull
from mull.engine import Spend
from mull.engine.remote import RemoteEngine, servers
from tests.engine.remote.fake import Fake, Fault
from tests.engine.test_laws import operations, perform, prompts

KINDS = ("break", "error", "nonsense", "abort")


@pytest.fixture(scope="module")
def server() -> Iterator[Fake]:
    dice = random.Random(1)

    def trouble(_: object) -> Fault | None:
        return Fault(after=dice.randrange(6), what=dice.choice(KINDS)) if dice.random() < 0.2 else None

    with Fake(trouble=trouble) as fake, pytest.MonkeyPatch.context() as patch:
        patch.setattr(servers, "REST", 0.001)
        patch.setattr(servers, "LONGEST_REST", 0.002)
        patch.setattr(RemoteEngine, "hold", 0.01)
        yield fake


@pytest.fixture(scope="module")
def engine(server: Fake) -> RemoteEngine:
    return mull.connect(server.url)


@settings(max_examples=40)
@given(prompts, operations)
def test_nothing_runs_on_and_the_ledger_is_exact(
    server: Fake, engine: RemoteEngine, prompt: list[int], program: list[tuple[str, int, int]]
) -> None:
    engine.statistics.spend = Spend()
    spends: list[Spend] = []

    async def body() -> None:
        async with engine.open(prompt) as chain:
            await perform(chain, program, spends)
        await engine.aclose()
        until = asyncio.get_running_loop().time() + 5
        while server.running and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.002)

    asyncio.run(asyncio.wait_for(body(), 60))
    assert server.running == 0
    assert engine.servers.all[0].running == 0
    total = Spend()
    for spend in spends:
        total += spend
    assert total == engine.statistics.spend
