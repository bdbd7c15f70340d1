"""The visitors of one process: who each request is from, and what they may still do."""

import asyncio
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings

from arena.voters.addresses import NetworkHashes
from arena.voters.identity import counted_as_of_scope
from arena.voters.limits import Identity, RateLimits
from arena.voters.sockets import OpenSockets


class Visitors:
    """Identities and limits. One for each event loop (`visitors`)."""

    def __init__(self) -> None:
        self.rates = RateLimits(settings.REDIS_URL)
        self.sockets = OpenSockets(settings.REDIS_URL)
        self._hashes = NetworkHashes()

    async def identity(self, scope: Mapping[str, Any]) -> Identity:
        """Return who sent a request or opened a socket."""
        voter = counted_as_of_scope(scope)
        return Identity(
            voter=None if voter is None else voter.hex,
            network=await self._hashes.of_scope(scope),
        )

    async def close(self) -> None:
        """Disconnect."""
        await self.rates.close()
        await self.sockets.close()


_visitors: WeakKeyDictionary[asyncio.AbstractEventLoop, Visitors] = WeakKeyDictionary()


def visitors() -> Visitors:
    """Return the visitors of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _visitors:
        _visitors[loop] = Visitors()
    return _visitors[loop]


async def close_visitors() -> None:
    """Close those of the running event loop, if there are any."""
    found = _visitors.pop(asyncio.get_running_loop(), None)
    if found is not None:
        await found.close()
