"""The end of a web process: turns that are being answered may end first."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from arena.battles.generation import close_current

DRAIN_SECONDS = 25.0


async def lifespan(
    scope: Mapping[str, Any],
    receive: Callable[[], Awaitable[Mapping[str, Any]]],
    send: Callable[[Mapping[str, Any]], Awaitable[None]],
) -> None:
    """Speak ASGI's lifespan protocol: at shutdown, let streams end and void what does not."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await close_current(seconds=DRAIN_SECONDS)
            await send({"type": "lifespan.shutdown.complete"})
            return
