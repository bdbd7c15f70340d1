"""How many requests an endpoint has at once, in this process."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class EndpointSlots:
    """Counts the calls of each endpoint; who comes when all are taken waits in line."""

    def __init__(self) -> None:
        self._taken: dict[int, int] = defaultdict(int)
        self._lines: dict[int, deque[asyncio.Future[None]]] = defaultdict(deque)

    @asynccontextmanager
    async def hold(self, endpoint: int, *, limit: int, seconds: float) -> AsyncIterator[None]:
        """Hold one of an endpoint's ``limit`` slots, waiting at most so long for it.

        Raises
        ------
        TimeoutError
            When none came free in time.
        """
        await self._take(endpoint, limit, seconds)
        try:
            yield
        finally:
            self._give_back(endpoint)

    async def _take(self, endpoint: int, limit: int, seconds: float) -> None:
        line = self._lines[endpoint]
        if self._taken[endpoint] < limit and not line:
            self._taken[endpoint] += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            async with asyncio.timeout(seconds):
                await turn
        except (TimeoutError, asyncio.CancelledError):
            if turn.done() and not turn.cancelled():
                self._give_back(endpoint)  # it came just as we left
            elif turn in line:
                line.remove(turn)
            raise

    def _give_back(self, endpoint: int) -> None:
        """Hand a slot to the first in line, or free it."""
        line = self._lines[endpoint]
        while line:
            turn = line.popleft()
            if not turn.done():
                turn.set_result(None)  # the slot changes hands; the count stays
                return
        self._taken[endpoint] -= 1
