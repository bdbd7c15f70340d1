"""Servers for every test that needs one: our own, beside those of a running demo.

With `DATABASE_URL` and `REDIS_URL` the tests use those servers. Otherwise they share one embedded
Postgres and Valkey under `.local/tests`, which start with the first test that wants a database.
Each process has its own database in Postgres and in Valkey, of however many runs at once.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
import pytest
from django.conf import settings
from django.db import connections
from psycopg import sql

from arena.embedded import EmbeddedServers
from arena.environment import database_from_url

_FOLDER = Path(__file__).resolve().parent.parent / ".local" / "tests"
_PREFIX = "test_parity_"
# As many as Redis and Valkey have unless they are told otherwise; 0 is left alone.
_REDIS_DATABASES = 16
_EXTERNAL = bool(os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))

# The scripted servers listen on loopback; the programs that tests start inherit this as well.
LOOPBACK = ["127.0.0.1:1-65535", "[::1]:1-65535"]
os.environ["PARITY_ENDPOINT_ALLOW"] = ",".join(LOOPBACK)
settings.ENDPOINT_ALLOW = LOOPBACK
# Only the tests of the second factor ask for one.
os.environ["PARITY_STAFF_SECOND_FACTOR"] = "0"
settings.STAFF_SECOND_FACTOR = False
# Only the tests of it let a model meet itself: elsewhere two models are expected.
os.environ["PARITY_SAME_MODEL_SHARE"] = "0"
settings.SAME_MODEL_SHARE = 0.0
# No test waits for a server that says that it is loading.
os.environ["PARITY_ADMISSION_PATIENCE_SECONDS"] = "0"
settings.ADMISSION_PATIENCE_SECONDS = 0.0

# Pages are rendered from the sources: no test waits for `collectstatic`.
_STATIC = _FOLDER / "static"
_STATIC.mkdir(parents=True, exist_ok=True)
settings.STATIC_ROOT = _STATIC
settings.STORAGES["staticfiles"]["BACKEND"] = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
)


@pytest.fixture(scope="session")
def servers() -> Iterator[None]:
    """Keep Postgres and Valkey running."""
    if _EXTERNAL:
        yield
        return
    embedded = EmbeddedServers(root=_FOLDER)
    with embedded.lease():
        # Each test with transactions truncates every table: waiting for the disk would be most of
        # its time, and what these servers hold is thrown away.
        with psycopg.connect(
            embedded.database_url, user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("ALTER SYSTEM SET full_page_writes = off")
            # It would count tables while their rows are not committed, and find them empty: joins
            # of thousands of rows are then planned as if there were none.
            connection.execute("ALTER SYSTEM SET autovacuum = off")
            connection.execute("SELECT pg_reload_conf()")
            _drop_leftovers(connection)
        yield


@pytest.fixture(scope="session")
def redis_url(servers: None) -> Iterator[str]:
    """Return the URL of this process's own database in Redis or Valkey."""
    with _claimed_redis() as url:
        yield url


@pytest.fixture(scope="session")
def site_redis_url(servers: None) -> Iterator[str]:
    """Return the URL of another one, for programs that go on while tests here empty theirs."""
    with _claimed_redis() as url:
        yield url


@contextmanager
def _claimed_redis() -> Iterator[str]:
    """Claim a database that nobody else has, in this run or in another."""
    url = settings.REDIS_URL if _EXTERNAL else EmbeddedServers(root=_FOLDER).redis_url
    parts = urlsplit(url)
    _FOLDER.mkdir(parents=True, exist_ok=True)
    for number in range(1, _REDIS_DATABASES):
        with (_FOLDER / f"redis-{number}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            # `urlunsplit` would drop the two slashes of an empty host.
            yield (
                f"unix://{parts.path}?db={number}"
                if parts.scheme == "unix"
                else urlunsplit(parts._replace(path=f"/{number}"))
            )
            return
    raise RuntimeError("Other test processes have all databases of Redis: wait for one to end.")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    servers: None, redis_url: str, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """Point Django at the tests' servers before the first connection."""
    settings.REDIS_URL = redis_url
    if not _EXTERNAL:
        url = EmbeddedServers(root=_FOLDER).database_url
        # In place: Django's connections hold this very dictionary.
        settings.DATABASES["default"].update(database_from_url(url))
        # Two runs at once don't meet.
        connections["default"].settings_dict["TEST"]["NAME"] = f"{_PREFIX}{os.getpid()}"


def _drop_leftovers(connection: psycopg.Connection) -> None:
    """Drop the databases of test runs that were killed."""
    names = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test_parity%'")
    for (name,) in names.fetchall():
        pid = name.rpartition("_")[2]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(statement.format(sql.Identifier(name)))
