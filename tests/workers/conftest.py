from collections.abc import AsyncIterator

import pytest

from workers.demo.scripted import ScriptedServer
from workers.endpoints import AddressPolicy, EndpointClients

LOOPBACK = AddressPolicy.allowing("127.0.0.1:1-65535", "[::1]:1-65535")


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer(speed=50) as server:
        yield server


@pytest.fixture
async def clients() -> AsyncIterator[EndpointClients]:
    async with EndpointClients(policy=LOOPBACK) as clients:
        yield clients
