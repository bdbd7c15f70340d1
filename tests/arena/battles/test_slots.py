"""An endpoint's slots: never more than its limit, first come, first served."""

import asyncio

import pytest

from arena.battles.rate import RateLimit
from arena.battles.slots import EndpointSlots

SECONDS = 20.0


async def test_never_more_than_the_limit_hold_a_slot() -> None:
    slots, holding, most = EndpointSlots(), 0, 0

    async def call() -> None:
        nonlocal holding, most
        async with slots.hold(1, limit=3, seconds=SECONDS):
            holding += 1
            most = max(most, holding)
            await asyncio.sleep(0)
            holding -= 1

    await asyncio.gather(*(call() for _ in range(50)))
    assert (most, holding) == (3, 0)


async def test_those_who_wait_are_served_in_order() -> None:
    slots, served = EndpointSlots(), []

    async def call(number: int) -> None:
        async with slots.hold(1, limit=1, seconds=SECONDS):
            served.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(call(number) for number in range(10)))
    assert served == list(range(10))


async def test_a_wait_has_an_end_and_loses_no_slot() -> None:
    slots = EndpointSlots()
    async with slots.hold(1, limit=1, seconds=SECONDS):
        with pytest.raises(TimeoutError):
            async with slots.hold(1, limit=1, seconds=0.01):
                pass
        async with slots.hold(2, limit=1, seconds=0.01):
            pass
        waiting = asyncio.create_task(slots.hold(1, limit=1, seconds=SECONDS).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with slots.hold(1, limit=1, seconds=0.01):
        pass


def test_a_rate_allows_a_burst_and_then_a_trickle() -> None:
    rate = RateLimit(burst=3, per_second=2.0)
    assert [rate.allow(0.0) for _ in range(4)] == [True, True, True, False]
    assert [rate.allow(0.5), rate.allow(0.5)] == [True, False]
    assert [rate.allow(100.0) for _ in range(4)] == [True, True, True, False]
