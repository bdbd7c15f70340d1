"""A line in which transactions about the same thing wait for each other."""

import hashlib

from django.db import connection


def wait_in_line(name: str) -> None:
    """Wait until no other transaction is about ``name``; let others wait until this one ends."""
    key = int.from_bytes(hashlib.sha256(f"parity:{name}".encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
