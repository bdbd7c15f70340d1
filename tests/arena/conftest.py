"""Endpoints served by the scripted server, over real sockets; and translations to read."""

from collections.abc import AsyncIterator

import pytest
from django.core.management import call_command

from workers.demo.scripted import ScriptedServer


@pytest.fixture(scope="session", autouse=True)
def _translations() -> None:
    """Compile them before Django reads them: it does that once a process."""
    call_command("messages", "compile", verbosity=0)


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedServer]:
    """Serve the fictional models, fast."""
    async with ScriptedServer(speed=50) as server:
        yield server
