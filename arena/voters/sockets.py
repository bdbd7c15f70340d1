"""How many sockets one visitor has open, over all processes.

In Redis each identity has a set of its sockets, each with the end of its lease; what a process says
no more of is forgotten. While Redis is away each process counts its own.
"""

import asyncio
import contextlib
import itertools
import uuid
from collections import Counter
from collections.abc import AsyncIterator

from django.conf import settings

from arena.connections import REDIS_IS_AWAY, redis_client
from arena.voters.limits import Identity

# Returns whether the socket was within the limit and is counted now.
_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""
_RENEWAL = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for index = 2, #ARGV do
  redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[index])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
"""
_LEASE_SECONDS = 60.0
_ANSWER_SECONDS = 0.5


class OpenSockets:
    """The sockets of this process by visitor, and their leases. Belongs to one event loop."""

    def __init__(self, url: str) -> None:
        self._client = redis_client(url, seconds=_ANSWER_SECONDS)
        self._open_script = self._client.register_script(_SCRIPT)
        self._renew_script = self._client.register_script(_RENEWAL)
        self._process = uuid.uuid4().hex
        self._numbers = itertools.count()
        self._here: Counter[str] = Counter()
        self._counted: dict[str, set[str]] = {}
        self._task: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Stop renewing, and disconnect."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._client.aclose()

    @contextlib.asynccontextmanager
    async def open(self, identity: Identity) -> AsyncIterator[bool]:
        """Count a socket while inside; yields whether it is within the visitor's limit."""
        if self._task is None:
            self._task = asyncio.create_task(self._renew_forever(), name="socket leases")
        name = f"{self._process}:{next(self._numbers)}"
        async with contextlib.AsyncExitStack() as stack:
            within = True
            for key, times in identity.counted_names():
                limit = settings.SOCKETS_PER_VISITOR * times
                within = within and await stack.enter_async_context(self._count(key, name, limit))
            yield within

    @contextlib.asynccontextmanager
    async def _count(self, key: str, name: str, limit: int) -> AsyncIterator[bool]:
        if self._here[key] >= limit:
            yield False
            return
        self._here[key] += 1
        try:
            if not await self._take(key, name, limit):
                yield False
                return
            self._counted.setdefault(key, set()).add(name)
            try:
                yield True
            finally:
                self._counted[key].discard(name)
                if not self._counted[key]:
                    del self._counted[key]
                with contextlib.suppress(*REDIS_IS_AWAY):
                    await self._client.zrem(_key(key), name)
        finally:
            self._here[key] -= 1
            if not self._here[key]:
                del self._here[key]

    async def _take(self, key: str, name: str, limit: int) -> bool:
        words: list[str | int] = [name, limit, round(_LEASE_SECONDS * 1000)]
        try:
            return bool(await self._open_script(keys=[_key(key)], args=words))
        except REDIS_IS_AWAY:
            return True

    async def _renew_forever(self) -> None:
        while True:
            await asyncio.sleep(_LEASE_SECONDS / 3)
            with contextlib.suppress(*REDIS_IS_AWAY):
                for key, names in list(self._counted.items()):
                    words: list[str | int] = [round(_LEASE_SECONDS * 1000), *names]
                    await self._renew_script(keys=[_key(key)], args=words)


def _key(identity: str) -> str:
    return f"parity:sockets:{{{identity}}}"
