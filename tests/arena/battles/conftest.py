"""What the tests of live battles share."""

from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from arena.battles.generation import close_current


@pytest.fixture
async def process(transactional_db: None) -> AsyncIterator[None]:
    """End the generation of the test's event loop as a web process ends its own."""
    yield
    await close_current()
    # Django's test client leaves the connection of its thread open.
    await sync_to_async(connections.close_all)()
