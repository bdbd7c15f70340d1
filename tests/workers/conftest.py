from collections.abc import AsyncIterator

import pytest

from workers.demo.scripted import ScriptedServer
from workers.endpoints import EndpointClients


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer(speed=50) as server:
        yield server


@pytest.fixture
async def clients() -> AsyncIterator[EndpointClients]:
    async with EndpointClients() as clients:
        yield clients
