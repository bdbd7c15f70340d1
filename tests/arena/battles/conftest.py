"""What the tests of live battles share."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from arena.battles.generation import close_current, in_database
from arena.catalog.models import Endpoint
from tests.arena.rows import add_model
from workers.demo.scripted import ScriptedServer

type AddModels = Callable[..., Awaitable[list[Endpoint]]]


@pytest.fixture
async def process(transactional_db: None, settings: Any) -> AsyncIterator[None]:
    """End the generation of the test's event loop as a web process ends its own.

    Text is shown as it comes, which is quicker; a test of pacing sets `PACING` itself.
    """
    settings.PACING = "live"
    yield
    await close_current()
    # Django's test client leaves the connection of its thread open.
    await sync_to_async(connections.close_all)()


@pytest.fixture
async def add_models(process: None, scripted: ScriptedServer) -> AddModels:
    """Return a function that adds models of the scripted server, by the names it knows."""

    async def add(*names: str) -> list[Endpoint]:
        return [await in_database(add_model, name, base_url=scripted.base_url) for name in names]

    return add
