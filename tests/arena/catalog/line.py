"""What tests of the line for endpoints' slots share."""

import asyncio
from collections.abc import Awaitable, Callable

from arena.catalog.slots import EndpointSlots, Place

LIMIT_SECONDS = 30.0
LEASE = 0.8

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
