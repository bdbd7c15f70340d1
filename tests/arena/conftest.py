"""Endpoints served by the scripted server, over real sockets."""

from collections.abc import AsyncIterator

import pytest

from workers.demo.scripted import ScriptedServer


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedServer]:
    """Serve the fictional models, fast."""
    async with ScriptedServer(speed=50) as server:
        yield server
