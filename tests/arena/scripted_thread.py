"""The scripted server beside a synchronous test: in a thread with an event loop of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from workers.demo.scripted import ScriptedServer


@contextmanager
def serving(require_key: str | None = None) -> Iterator[ScriptedServer]:
    """Run a server that answers at once; it is stopped at the end."""
    ready = threading.Event()
    found: list[tuple[ScriptedServer, asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        async with ScriptedServer(speed=float("inf"), require_key=require_key) as server:
            stop = asyncio.Event()
            found.append((server, asyncio.get_running_loop(), stop))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(10)
    server, loop, stop = found[0]
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
