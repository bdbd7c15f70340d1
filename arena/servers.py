"""Which Postgres and Valkey this process uses: the environment's, or the embedded ones."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from arena.embedded import EmbeddedServers
from arena.environment import LOCAL_DIR

# Commands that must work without any server.
_WITHOUT_SERVERS = frozenset(
    {"help", "version", "--help", "--version", "messages", "collectstatic"}
)


def embedded() -> EmbeddedServers:
    """Return the embedded servers of this checkout, not started."""
    return EmbeddedServers(root=LOCAL_DIR)


def database_url() -> str:
    """Return the URL of Postgres."""
    return os.environ.get("DATABASE_URL") or embedded().database_url


def redis_url() -> str:
    """Return the URL of Valkey or Redis, as redis-py writes it."""
    return os.environ.get("REDIS_URL") or embedded().redis_url


def broker_url() -> str:
    """Return the URL of Valkey or Redis, as Celery writes it."""
    url = os.environ.get("REDIS_URL")
    if not url:
        return embedded().broker_url
    # Celery names a socket in its own way.
    return url.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)


def uses_embedded() -> bool:
    """Return whether either server is one that we start ourselves."""
    return not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))


@contextmanager
def with_servers(arguments: Sequence[str]) -> Iterator[None]:
    """Keep the embedded servers running while a command runs, when the command needs them."""
    command = arguments[1] if len(arguments) > 1 else "help"
    if not uses_embedded() or command in _WITHOUT_SERVERS or "--help" in arguments:
        yield
        return
    with embedded().lease():
        yield
