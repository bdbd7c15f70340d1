"""One run of a job at a time, whoever starts it: a lock that Postgres holds for a session."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def only_one(job: str) -> Iterator[bool]:
    """Yield whether this process may run `job` now; a killed process frees it by dying."""
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


def wait_for(job: str) -> None:
    """Wait until no process runs `job`, and keep it from running until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_key(job)])


def _key(job: str) -> int:
    return int.from_bytes(hashlib.sha256(f"parity:{job}".encode()).digest()[:8], signed=True)
