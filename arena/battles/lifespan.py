"""The beginning and the end of a web process."""

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from arena.battles.generation import close_current, drain_current
from arena.connections import LimitedConnection, database_watch

# New objects before the youngest are looked at, and rounds before the older ones are. Frames leave
# no cycles behind: looking seldom costs a few megabytes and saves a twentieth of the work.
_GARBAGE = (20_000, 20, 50)
# A thread that works on rows gives way to the loop after this, not after five milliseconds, which
# each round of the loop would wait for it.
_SECONDS_PER_THREAD = 0.0005
DRAIN_SECONDS = 25.0
# The last messages reach their browsers before the sockets are closed.
_SECONDS_TO_TELL = 0.25


class _Readiness:
    """Whether this process takes new work. One a process, as the signals are."""

    draining = False


readiness = _Readiness()


async def lifespan(
    scope: Mapping[str, Any],
    receive: Callable[[], Awaitable[Mapping[str, Any]]],
    send: Callable[[Mapping[str, Any]], Awaitable[None]],
) -> None:
    """Speak ASGI's lifespan protocol: watch the database; at shutdown end what still runs."""
    await receive()
    readiness.draining = False
    LimitedConnection.is_hopeless = database_watch.is_hopeless
    put_streams_first()
    async with database_watch.watching():
        await send({"type": "lifespan.startup.complete"})
        await receive()
        # A server that did not drain before has broken its sockets off already.
        await drain()
        await close_current()
    await send({"type": "lifespan.shutdown.complete"})


def put_streams_first() -> None:
    """Let neither collections of what was loaded to stay nor threads at work hold up the loop."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE)
    sys.setswitchinterval(_SECONDS_PER_THREAD)


async def drain() -> None:
    """Take nothing new, let the turns that run end, void those that do not. Done once."""
    if not readiness.draining:
        readiness.draining = True
        await drain_current(seconds=DRAIN_SECONDS)
        await asyncio.sleep(_SECONDS_TO_TELL)
