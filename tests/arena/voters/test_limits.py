"""Rates and open sockets of a visitor, over processes, with and without Redis."""

import contextlib
from typing import Any

import redis.asyncio

from arena.ids import uuid7
from arena.voters.limits import Identity, Rate, RateLimits
from arena.voters.sockets import OpenSockets

AWAY = "redis://127.0.0.1:1/0"


def someone(network: str | None = None) -> Identity:
    return Identity(voter=uuid7().hex, network=network)


async def test_a_rate_is_shared_by_processes(redis_url: str) -> None:
    identity, rate = someone(), Rate("prompts", 6, 3)
    async with contextlib.AsyncExitStack() as stack:
        processes = []
        for _ in range(3):
            processes.append(RateLimits(redis_url))
            stack.push_async_callback(processes[-1].close)
        waits = [await processes[n % 3].take(identity, rate) for n in range(6)]
        assert waits[:3] == [0, 0, 0]
        assert all(8 <= wait <= 10 for wait in waits[3:])
        assert await processes[0].take(someone(), rate) == 0
        assert await processes[0].take(identity, Rate("votes", 6, 3)) == 0


async def test_a_new_cookie_is_not_a_new_visitor(redis_url: str, settings: Any) -> None:
    settings.VISITORS_PER_NETWORK = 4
    network, rate = uuid7().hex, Rate("prompts", 6, 2)
    limits = RateLimits(redis_url)
    waits = [await limits.take(someone(network), rate) for _ in range(10)]
    await limits.close()
    assert waits[:8] == [0] * 8
    assert all(waits[8:])


async def test_without_redis_each_process_holds_the_limit_by_itself() -> None:
    identity, rate = someone(), Rate("prompts", 6, 3)
    limits = RateLimits(AWAY)
    waits = [await limits.take(identity, rate) for _ in range(5)]
    await limits.close()
    assert waits[:3] == [0, 0, 0]
    assert all(waits[3:])


async def test_open_sockets_are_counted_over_processes(redis_url: str, settings: Any) -> None:
    settings.SOCKETS_PER_VISITOR = 2
    identity = someone()
    one, two = OpenSockets(redis_url), OpenSockets(redis_url)
    async with (
        one.open(identity) as first,
        two.open(identity) as second,
        one.open(identity) as third,
        two.open(someone()) as other,
    ):
        assert (first, second, third, other) == (True, True, False, True)
    async with one.open(identity) as again:
        assert again
    for each in (one, two):
        await each.close()
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        assert await client.zcard(f"parity:sockets:{{voter:{identity.voter}}}") == 0


async def test_without_redis_open_sockets_are_counted_by_each_process(settings: Any) -> None:
    settings.SOCKETS_PER_VISITOR = 1
    identity, sockets = someone(), OpenSockets(AWAY)
    async with sockets.open(identity) as first, sockets.open(identity) as second:
        assert (first, second) == (True, False)
    await sockets.close()
