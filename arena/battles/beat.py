"""One timer for all turns of a process: what came since the last beat is read and shown at once."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SECONDS = 0.04
# Turns are spread over so many beats, one after the other, so that none waits for all others.
_PARTS = 4


class Part:
    """The turns that share a beat.

    Readers are woken first: what they read is shown by the turns at this same beat.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._readers: list[Callable[[], object]] = []
        self._turns: list[asyncio.Future[None]] = []
        self.members = 0

    def soon(self, callback: Callable[[], object]) -> None:
        """Call a reader back at the next beat."""
        self._readers.append(callback)

    async def next(self) -> None:
        """Wait for the next beat, and for its readers."""
        beat = self._loop.create_future()
        self._turns.append(beat)
        await beat

    def strike(self) -> None:
        """Wake everybody who waits."""
        readers, self._readers = self._readers, []
        turns, self._turns = self._turns, []
        for callback in readers:
            callback()
        # Tasks run in the order in which they were woken.
        for beat in turns:
            if not beat.done():
                beat.set_result(None)


class Beat:
    """Strikes each part every `SECONDS`, as long as any has members. Belongs to one event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._parts = [Part() for _ in range(_PARTS)]
        self._next = 0
        self._due = 0.0
        self._running = False

    @contextmanager
    def taking_part(self) -> Iterator[Part]:
        """Share the beat of the fewest others while inside."""
        part = min(self._parts, key=lambda part: part.members)
        part.members += 1
        if not self._running:
            self._running, self._due = True, self._loop.time()
            self._set_timer()
        try:
            yield part
        finally:
            part.members -= 1

    def _strike(self) -> None:
        self._parts[self._next].strike()
        self._next = (self._next + 1) % _PARTS
        self._running = any(part.members for part in self._parts)
        if self._running:
            self._set_timer()

    def _set_timer(self) -> None:
        # Beats that were missed are not made up for.
        self._due = max(self._due + SECONDS / _PARTS, self._loop.time())
        self._loop.call_at(self._due, self._strike)
