"""A mail server for letters with codes."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from arena.environment import mailers_from_url
from tests.arena.operating.sinks import Sink, mail_server


@pytest.fixture
def mail(settings: Settings) -> Iterator[Sink]:
    with mail_server() as sink:
        settings.SENDS_EMAIL = True
        settings.MAILERS = mailers_from_url(f"smtp://127.0.0.1:{sink.port}?tls=0")
        yield sink
