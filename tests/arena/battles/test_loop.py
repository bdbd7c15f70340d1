"""The event loop is never kept from its other work for long."""

import asyncio
import gc
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from arena.battles.lifespan import put_streams_first
from tests.arena.battles.conftest import AddModels
from tests.arena.battles.visitor import Visitor

BATTLES = 40
# Of the loop's own processor time in one go: what another program takes away is not counted.
MOST_SECONDS = 0.05


class LoopWatch:
    """The longest that one step of the running event loop kept the processor."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.steps = 0
        self._loop = asyncio.get_running_loop()
        self._before = time.thread_time()
        self._handle = self._loop.call_soon(self._look)

    def _look(self) -> None:
        """Run once in each round of the loop: between two looks all else had its turn."""
        now = time.thread_time()
        self.longest = max(self.longest, now - self._before)
        self.steps += 1
        self._before = now
        self._handle = self._loop.call_soon(self._look)

    def stop(self) -> None:
        """Look no more."""
        self._handle.cancel()


@pytest.fixture
def streams_first() -> Iterator[None]:
    """What a web process does at its start; else this collects the garbage of all tests before."""
    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    put_streams_first()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("streams_first")
@pytest.mark.parametrize("pacing", ["paced", "live"])
async def test_many_battles_at_once_do_not_block_the_loop(
    add_models: AddModels, settings: Any, pacing: str
) -> None:
    settings.PACING = pacing
    await add_models("steady-3-200", "steady-3-201", "juniper-8b")
    await Visitor().battle("Hello")  # what is loaded once is not what blocks
    watch = LoopWatch()
    turns = await asyncio.gather(*(Visitor().battle("Hello") for _ in range(BATTLES)))
    watch.stop()
    assert [turn.end["state"] for turn in turns] == ["complete"] * BATTLES
    assert watch.steps > 1000
    assert watch.longest < MOST_SECONDS
