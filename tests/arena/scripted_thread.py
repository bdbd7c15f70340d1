"""A model server beside a synchronous test: in a thread with an event loop of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from workers.demo.model_server import ModelServer
from workers.demo.scripted import ScriptedServer


@contextmanager
def playing[S: ModelServer](server: S) -> Iterator[S]:
    """Run a server; it is stopped at the end."""
    ready = threading.Event()
    found: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        async with server:
            stop = asyncio.Event()
            found.append((asyncio.get_running_loop(), stop))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(10)
    loop, stop = found[0]
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


@contextmanager
def serving(require_key: str | None = None) -> Iterator[ScriptedServer]:
    """Run the scripted server, which answers at once."""
    with playing(ScriptedServer(speed=float("inf"), require_key=require_key)) as server:
        yield server
