"""Endpoints served by the scripted server, over real sockets; and translations to read."""

from collections.abc import AsyncIterator, Iterator

import pytest
from django.core.management import call_command
from django.urls import set_script_prefix
from django.utils import translation

from arena.boards.kept import forget_everything
from workers.demo.scripted import ScriptedServer


@pytest.fixture(scope="session", autouse=True)
def _translations() -> None:
    """Compile them before Django reads them: it does that once a process."""
    call_command("messages", "compile", verbosity=0)


@pytest.fixture(autouse=True)
def _forget_the_last_page() -> Iterator[None]:
    """Take back the language and the prefix that a page leaves in its thread, and kept pages."""
    forget_everything()
    yield
    translation.deactivate()
    set_script_prefix("/")


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedServer]:
    """Serve the fictional models, fast."""
    async with ScriptedServer(speed=50) as server:
        yield server
