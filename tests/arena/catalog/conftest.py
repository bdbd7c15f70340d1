"""Processes that stand in line for endpoints' slots."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis.asyncio

from arena.catalog.slots import EndpointSlots
from arena.ids import uuid7
from tests.arena.catalog.line import LEASE, Start


@pytest.fixture
async def redis_client(redis_url: str) -> AsyncIterator[redis.asyncio.Redis]:
    async with redis.asyncio.Redis.from_url(redis_url) as redis_client:
        await redis_client.flushdb()
        yield redis_client


@pytest.fixture
async def start(redis_client: redis.asyncio.Redis, redis_url: str) -> AsyncIterator[Start]:
    """Return a function that starts the slots of one more process."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(**options: Any) -> EndpointSlots:
            chosen = {"lease": LEASE, "patience": 1.0, **options}
            slots = EndpointSlots(redis_url, process=uuid7(), **chosen)
            return await stack.enter_async_context(slots)

        yield start
