"""What tests of the line for endpoints' slots share."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import cast

import redis.asyncio

from arena.catalog.slots import EndpointSlots, Place

LIMIT_SECONDS = 30.0
LEASE = 0.8
# For what must be told again in time, however slow the machine is.
LONG_LEASE = 4.0
# For what is held while nobody dies.
NEVER_ENDS = 600.0
LINE = "parity:{slots}:line"
_HELD = "parity:{slots}:held:"

type Start = Callable[..., Awaitable[EndpointSlots]]


async def granted(place: Place) -> None:
    """Wait until a place has its slots."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while not place.granted:
            await place.news(seconds=1.0)


async def known(place: Place) -> int:
    """Wait until a place is told its position, and return it."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while place.position is None:
            await place.news(seconds=1.0)
    return place.position


async def held_by(client: redis.asyncio.Redis, endpoint: int, tickets: Collection[str]) -> None:
    """Wait until Redis knows that these tickets have slots of an endpoint."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while True:
            found = await _ends(client, endpoint)
            if set(tickets) <= {slot.decode().partition(" ")[2] for slot in found}:
                return
            await asyncio.sleep(0.05)


async def told_again(client: redis.asyncio.Redis, endpoint: int) -> None:
    """Wait until the leases of all that is held at an endpoint end later than they do now."""
    ends = await _ends(client, endpoint)
    async with asyncio.timeout(LIMIT_SECONDS):
        while True:
            found = await _ends(client, endpoint)
            both = ends.keys() & found.keys()
            if both and all(found[slot] > ends[slot] for slot in both):
                return
            await asyncio.sleep(0.05)


async def _ends(client: redis.asyncio.Redis, endpoint: int) -> dict[bytes, float]:
    slots = await client.zrange(f"{_HELD}{endpoint}", 0, -1, withscores=True)
    return dict(cast("list[tuple[bytes, float]]", slots))
