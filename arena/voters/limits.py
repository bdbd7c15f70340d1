"""How much one visitor may ask: rates over all processes, the same for HTTP and sockets.

A visitor is known by the signed cookie and by the network: a new cookie is not a new visitor. Many
people share one network, so it may do `VISITORS_PER_NETWORK` times as much. Each event is counted
here first, which costs nothing and holds while Redis is away, and then in Redis, for all processes.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from arena.connections import REDIS_IS_AWAY, redis_client

# The generic cell rate algorithm: one number a key, the time at which its bucket is empty again.
# Returns 0, or the milliseconds until the next event is allowed.
_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local each, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local empty = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
local wait = empty + each - each * burst - now
if wait > 0 then return math.ceil(wait) end
redis.call('SET', KEYS[1], empty + each, 'PX', math.ceil(empty + each - now))
return 0
"""
_ANSWER_SECONDS = 0.25
# After Redis did not answer, it is not asked for so long.
_SECONDS_ALONE = 1.0
# Visitors that are remembered here; the one not seen for longest is forgotten first.
_MAX_VISITORS = 50_000


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks: the voter of the cookie, and the network's hash. Either may be unknown."""

    voter: str | None
    network: str | None

    def counted_names(self) -> Sequence[tuple[str, int]]:
        """Return each name that is counted, with how many times a visitor's limit it may do."""
        named = (("voter", self.voter, 1), ("network", self.network, settings.VISITORS_PER_NETWORK))
        return [(f"{kind}:{value}", times) for kind, value, times in named if value is not None]


@dataclass(frozen=True, slots=True)
class Rate:
    """So many events a minute on average, and so many at once."""

    name: str
    per_minute: float
    burst: int

    @classmethod
    def per_minute_of(cls, name: str, per_minute: int) -> "Rate":
        """Return a rate that may be used up at once."""
        return cls(name, per_minute, per_minute)


class RateLimits:
    """Counts what visitors do. Belongs to one event loop."""

    def __init__(self, url: str) -> None:
        self._client = redis_client(url, seconds=_ANSWER_SECONDS)
        self._script = self._client.register_script(_SCRIPT)
        self._empty_at: OrderedDict[str, float] = OrderedDict()
        self._alone_until = 0.0

    async def close(self) -> None:
        """Disconnect."""
        await self._client.aclose()

    async def take(self, identity: Identity, rate: Rate) -> int:
        """Count one event; return 0, or in how many seconds it would be allowed."""
        now = asyncio.get_running_loop().time()
        wanted = [
            (f"{rate.name}:{name}", 60 / (rate.per_minute * times), rate.burst * times)
            for name, times in identity.counted_names()
        ]
        here = max([self._take_here(*each, now) for each in wanted], default=0.0)
        if here > 0 or now < self._alone_until:
            return math.ceil(here)
        try:
            waits = await asyncio.gather(*(self._take_everywhere(*each) for each in wanted))
        except REDIS_IS_AWAY:
            self._alone_until = now + _SECONDS_ALONE
            return 0
        return math.ceil(max(waits, default=0) / 1000)

    def _take_here(self, key: str, each: float, burst: int, now: float) -> float:
        empty = max(now, self._empty_at.pop(key, now))
        wait = empty + each - each * burst - now
        self._empty_at[key] = empty if wait > 0 else empty + each
        while len(self._empty_at) > _MAX_VISITORS:
            self._empty_at.popitem(last=False)
        return max(0.0, wait)

    async def _take_everywhere(self, key: str, each: float, burst: int) -> int:
        wait: int = await self._script(keys=[f"parity:rate:{{{key}}}"], args=[each * 1000, burst])
        return wait
