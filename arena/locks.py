"""Advisory locks of Postgres, by name: who is about the same thing waits, or is told no.

A killed process frees what it holds by dying. One name is one lock, whichever function takes it.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


def wait_in_line(name: str) -> None:
    """Wait until nobody else is about `name`; let others wait until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_key(name)])


@contextmanager
def only_one(job: str) -> Iterator[bool]:
    """Yield whether this process may run `job` now; none other may until the end of the block."""
    key = _key(job)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        mine = cursor.fetchone() == (True,)
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"parity:{name}".encode()).digest()[:8], signed=True)
