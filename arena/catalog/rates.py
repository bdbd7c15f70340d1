"""How many calls an endpoint has in a minute, over all processes: what began is kept in Redis.

Battles count in `arena.catalog.slots`, under the same keys; here is who calls beside them.
"""

import asyncio
import uuid

from django.conf import settings

from arena.catalog.budget import OverBudgetError
from arena.connections import REDIS_IS_AWAY, redis_client

# Begins the key of what began at an endpoint, by the time at which it did.
BEGUN = "parity:{slots}:begun:"
# A little more than a minute: between leave and call some time passes, not always the same.
MINUTE_SECONDS = 62.0
_ANSWER_SECONDS = 1.0

# Begins a call, or returns in how many milliseconds there may be room for it.
_BEGIN = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local rate, minute = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - minute)
if redis.call('ZCARD', KEYS[1]) < rate then
  redis.call('ZADD', KEYS[1], now, ARGV[3])
  redis.call('PEXPIRE', KEYS[1], minute)
  return 0
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return math.max(1, oldest[2] + minute - now)
"""


async def wait_for_turn(endpoint: int, rate: int) -> None:
    """Wait until an endpoint may have one call more in this minute, and count it.

    Parameters
    ----------
    endpoint
        Its id.
    rate
        Calls a minute.

    Raises
    ------
    OverBudgetError
        When Redis does not answer (code ``rate_unknown``).
    """
    client = redis_client(settings.REDIS_URL, seconds=_ANSWER_SECONDS)
    begin, call = client.register_script(_BEGIN), uuid.uuid4().hex
    try:
        while True:
            milliseconds = await begin(
                keys=[f"{BEGUN}{endpoint}"], args=[rate, round(MINUTE_SECONDS * 1000), call]
            )
            if not milliseconds:
                return
            await asyncio.sleep(milliseconds / 1000)
    except REDIS_IS_AWAY:
        raise OverBudgetError({endpoint: "rate_unknown"}) from None
    finally:
        await client.aclose()
